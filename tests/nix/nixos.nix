# The NixOS options that an emitted module sets, as a module of our own: names, types, merge order and assertions of
# services.postgresql, and loose units. An option that nixpkgs does not have is an error here too.
# `release` is the nixpkgs release to be like: what differs between releases is said where it differs.
{ release }:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  cfg = config.services.postgresql;
  # The setup script ran in postgresql.service's postStart until 25.05.
  setupUnit = lib.versionAtLeast release "25.11";
  # Any clause and any value since 26.11; before, seven flags.
  freeClauses = lib.versionAtLeast release "26.11";
  flags = [
    "bypassrls"
    "createdb"
    "createrole"
    "inherit"
    "login"
    "replication"
    "superuser"
  ];
  scalar = types.oneOf [
    types.bool
    types.float
    types.int
    types.str
  ];
  clauses = types.submodule (
    {
      options = lib.genAttrs flags (_: option (types.nullOr types.bool) null);
    }
    // lib.optionalAttrs freeClauses { freeformType = types.attrsOf (types.nullOr scalar); }
  );
  user = types.submodule {
    options = {
      name = mkOption { type = types.str; };
      ensureDBOwnership = option types.bool false;
      ensureClauses = option clauses { };
    };
  };
  names = option (types.listOf types.str) [ ];
  loose = option (types.attrsOf types.unspecified) { };
  # Lists are joined, everything else must agree, as in NixOS's units.
  directive = (lib.types.make or lib.mkOptionType) {
    name = "systemd directive";
    merge =
      path: definitions:
      let
        values = lib.getValues definitions;
      in
      if builtins.any builtins.isList values then
        builtins.concatMap lib.toList values
      else
        lib.mergeEqualOption path definitions;
  };
  unit = types.submodule {
    freeformType = types.attrsOf types.unspecified;
    options =
      lib.genAttrs [
        "after"
        "before"
        "bindsTo"
        "conflicts"
        "onFailure"
        "partOf"
        "requiredBy"
        "requires"
        "wantedBy"
        "wants"
      ] (_: names)
      // lib.genAttrs [ "script" "preStart" "postStart" "preStop" "postStop" ] (_: option types.lines "")
      // lib.genAttrs [ "serviceConfig" "timerConfig" "unitConfig" ] (
        _: option (types.attrsOf directive) { }
      )
      // {
        enable = option types.bool true;
        description = option types.str "";
        environment = option (types.attrsOf types.unspecified) { };
        path = option (types.listOf types.unspecified) [ ];
        overrideStrategy = option types.str "asDropinIfExists";
        reloadTriggers = option (types.listOf types.unspecified) [ ];
        restartTriggers = option (types.listOf types.unspecified) [ ];
      };
  };
  units = option (types.attrsOf unit) { };
  secrets =
    folder: options:
    option (types.attrsOf (
      types.submodule (
        { name, ... }:
        {
          options = options // {
            path = option types.str "${folder}/${name}";
          };
        }
      )
    )) { };
in
{
  options = {
    assertions = option (types.listOf types.unspecified) [ ];
    warnings = names;
    meta = loose;
    system.stateVersion = option types.str release;
    environment.systemPackages = option (types.listOf types.unspecified) [ ];
    environment.etc = loose;
    users.users = loose;
    users.groups = loose;
    systemd.package = option types.unspecified pkgs.systemd;
    systemd.services = units;
    systemd.targets = units;
    systemd.timers = units;
    systemd.sockets = units;
    systemd.tmpfiles.rules = names;
    systemd.tmpfiles.settings = loose;
    networking = loose;
    security = loose;
    boot = loose;
    # Those of sops-nix and agenix.
    sops.secrets = secrets "/run/secrets" {
      reloadUnits = names;
      restartUnits = names;
    };
    age.secrets = secrets "/run/agenix" { file = option types.path "/secrets.age"; };
    services.postgresqlBackup = loose;
    services.postgresql = {
      enable = option types.bool false;
      enableTCPIP = option types.bool false;
      package = option types.unspecified pkgs.postgresql;
      finalPackage = option types.unspecified cfg.package;
      superUser = option types.str "postgres";
      dataDir = option types.path "/var/lib/postgresql/17";
      authentication = option types.lines "";
      identMap = option types.lines "";
      initialScript = option (types.nullOr types.path) null;
      ensureDatabases = names;
      ensureUsers = option (types.listOf user) [ ];
      extensions = option (types.functionTo (types.listOf types.unspecified)) (_: [ ]);
      settings = option (types.submodule {
        freeformType = types.attrsOf scalar;
        options.port = option types.port 5432;
        options.shared_preload_libraries = option (types.nullOr (
          types.coercedTo (types.listOf types.str) (lib.concatStringsSep ",") types.commas
        )) null;
      }) { };
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = map (user: {
      assertion = !user.ensureDBOwnership || builtins.elem user.name cfg.ensureDatabases;
      message = "ensureDBOwnership without a database of the same name in ensureDatabases: ${user.name}";
    }) cfg.ensureUsers;
    # At normal priority, so that whoever defines these at mkDefault loses them, and mkForce elsewhere removes these.
    services.postgresql.authentication = lib.mkMerge [
      (lib.mkBefore "# begin of services.postgresql's own")
      (lib.mkAfter ''
        local all postgres peer map=postgres
        local all all peer
        host all all 127.0.0.1/32 md5
        host all all ::1/128 md5
      '')
    ];
    services.postgresql.identMap = lib.mkAfter "postgres postgres postgres";
    services.postgresql.settings.listen_addresses = if cfg.enableTCPIP then "*" else "localhost";
    users.users.postgres.group = "postgres";
    systemd.targets.postgresql = lib.mkIf setupUnit {
      wantedBy = [ "multi-user.target" ];
      requires = [
        "postgresql.service"
        "postgresql-setup.service"
      ];
    };
    systemd.services = {
      postgresql.serviceConfig.User = "postgres";
    }
    // lib.optionalAttrs setupUnit {
      postgresql-setup = {
        after = [ "postgresql.service" ];
        requires = [ "postgresql.service" ];
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
        };
      };
    };
  };
}
