# What a rendered module must do to a configuration. `evaluate` turns a list of modules into a `config`; `module` is the
# starting template's. The result holds the tests that failed: { <name> = { actual, expected }; }.
{
  lib,
  evaluate,
  module,
}:
let
  alone = evaluate [ module ];
  server = alone.services.postgresql;
  rulesOf = config: lib.splitString "\n" config.services.postgresql.authentication;
  mentions = lib.hasInfix;
  failed =
    config: map (assertion: assertion.message) (builtins.filter (a: !a.assertion) config.assertions);
  ours = builtins.filter (mentions "authentication");
  # The place of the first rule for miniflux, and of the server's own rule for everybody.
  place =
    found: rules:
    lib.findFirst (i: found (builtins.elemAt rules i)) null (lib.range 0 (builtins.length rules - 1));

  beside = evaluate [
    module
    {
      services.postgresql = {
        enable = true;
        ensureDatabases = [ "elsewhere" ];
        ensureUsers = [
          {
            name = "elsewhere";
            ensureDBOwnership = true;
          }
        ];
        authentication = "host elsewhere elsewhere 192.0.2.1/32 scram-sha-256";
      };
    }
  ];
  forced = evaluate [
    module
    { services.postgresql.authentication = lib.mkForce "local all all peer"; }
  ];
  provisioning = alone.systemd.services.dbgen-provision;
  # Up to 25.05 the server's own unit does it.
  setUp =
    if alone.systemd.services ? postgresql-setup then
      "postgresql-setup.service"
    else
      "postgresql.service";
  off = evaluate [
    module
    { services.postgresql.enable = lib.mkForce false; }
  ];

  tests = {
    enablesTheServer = {
      actual = server.enable;
      expected = true;
    };
    ensuresDeclaredDatabases = {
      actual = lib.subtractLists server.ensureDatabases [
        "forgejo"
        "miniflux"
      ];
      expected = [ ];
    };
    leavesDisabledServicesOut = {
      actual = [
        (builtins.elem "retired" server.ensureDatabases)
        (alone.qgroget.databases.postgresql ? retired)
      ];
      expected = [
        false
        false
      ];
    };
    givesConnectionAttributes = {
      actual = {
        inherit (alone.qgroget.databases.postgresql.miniflux.miniflux)
          database
          host
          port
          username
          ;
      };
      expected = {
        database = "miniflux";
        host = "localhost";
        port = 5432;
        username = "miniflux";
      };
    };
    rulesForBothLoopbacks = {
      actual =
        map
          (address: builtins.any (rule: mentions "miniflux" rule && mentions address rule) (rulesOf alone))
          [
            "127.0.0.1/32"
            "::1/128"
          ];
      expected = [
        true
        true
      ];
    };
    rulesBeforeTheServersOwn = {
      actual =
        place (mentions "miniflux") (rulesOf alone)
        < place (rule: builtins.match "local +all +all .*" rule != null) (rulesOf alone);
      expected = true;
    };
    holdsWhatItAsserts = {
      actual = failed alone;
      expected = [ ];
    };
    mergesWithOtherModules = {
      actual = [
        (builtins.elem "elsewhere" beside.services.postgresql.ensureDatabases)
        (builtins.elem "miniflux" beside.services.postgresql.ensureDatabases)
        (mentions "192.0.2.1/32" beside.services.postgresql.authentication)
        (failed beside)
      ];
      expected = [
        true
        true
        true
        [ ]
      ];
    };
    saysWhenItsRulesAreGone = {
      actual = builtins.length (ours (failed forced));
      expected = 1;
    };
    provisionsAfterTheServersOwnSetUp = {
      actual = builtins.filter (unit: !(builtins.elem unit provisioning.after)) [
        "postgresql.service"
        setUp
      ];
      expected = [ ];
    };
    startsNothingForAServerThatIsOff = {
      actual =
        map (config: builtins.elem "multi-user.target" config.systemd.services.dbgen-provision.wantedBy)
          [
            alone
            off
          ];
      expected = [
        true
        false
      ];
    };
    yieldsToAServerThatIsOff = {
      actual = [
        off.services.postgresql.enable
        (ours (failed off))
      ];
      expected = [
        false
        [ ]
      ];
    };
  };
in
lib.filterAttrs (_: test: test.actual != test.expected) tests
