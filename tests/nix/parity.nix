# Small configurations whose outcome must be the same under nixpkgs' lib and under ours.
# A value that cannot be had is `"<refused>"`: both must refuse.
{ lib }:
let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  config = modules: (lib.evalModules { inherit modules; }).config;
  value =
    x:
    let
      tried = builtins.tryEval (builtins.deepSeq x x);
    in
    if tried.success then tried.value else "<refused>";
  # What an option of this type makes of these definitions, each in a module of its own.
  merged =
    type: definitions:
    value
      (config ([ { options.o = mkOption { inherit type; }; } ] ++ map (o: { inherit o; }) definitions)).o;
  point = types.submodule (
    { name, config, ... }:
    {
      options = {
        label = option types.str name;
        x = option types.int 1;
        twice = option types.int (config.x * 2);
        tags = option (types.listOf types.str) [ ];
      };
    }
  );
in
builtins.mapAttrs (_: value) {
  order = merged types.lines [
    "a"
    (lib.mkAfter "z")
    (lib.mkBefore "0")
    "b"
    (lib.mkOrder 600 "early")
  ];
  listOrder = merged (types.listOf types.int) [
    [ 1 ]
    (lib.mkMerge [
      [
        2
        3
      ]
      (lib.mkAfter [ 9 ])
      (lib.mkBefore [ 0 ])
    ])
    [ 4 ]
  ];
  imported =
    (config [
      { options.o = option (types.listOf types.int) [ 99 ]; }
      {
        imports = [
          {
            o = [ 4 ];
            imports = [ { o = [ 5 ]; } ];
          }
          { o = [ 6 ]; }
        ];
        o = [ 2 ];
      }
      (
        { lib, ... }:
        {
          config.o = lib.mkIf true [ 1 ];
        }
      )
    ]).o;
  forced = merged types.lines [
    "a"
    (lib.mkForce "b")
    (lib.mkDefault "c")
  ];
  forcedTwice = merged types.lines [
    (lib.mkForce "b")
    (lib.mkForce "c")
    (lib.mkOverride 10 (lib.mkAfter "d"))
  ];
  forcedInOrder = merged types.lines [
    (lib.mkForce (lib.mkAfter "b"))
    (lib.mkForce "c")
    (lib.mkForce (lib.mkBefore "a"))
  ];
  default = merged types.str [
    (lib.mkDefault "a")
    (lib.mkOptionDefault "b")
  ];
  conflict = merged types.str [
    "a"
    "b"
  ];
  agree = merged types.str [
    "a"
    "a"
  ];
  conditions = merged (types.listOf types.str) [
    (lib.mkIf false [ "no" ])
    (lib.mkIf true (
      lib.mkMerge [
        [ "yes" ]
        (lib.mkIf false [ "no" ])
      ]
    ))
  ];
  undefined = merged types.str [ (lib.mkIf false "a") ];
  emptyList = merged (types.listOf types.str) [ (lib.mkIf false [ "a" ]) ];
  emptySet = merged (types.attrsOf types.str) [ ];
  wrongType = merged types.str [ 1 ];
  portTooBig = merged types.port [ 65536 ];
  port = merged types.port [ 65535 ];
  enum = merged (types.enum [ "a" ]) [ "a" ];
  enumWrong = merged (types.enum [ "a" ]) [ "b" ];
  nullOr = merged (types.nullOr types.lines) [
    "a"
    "b"
  ];
  nullAndNot = merged (types.nullOr types.lines) [
    null
    "b"
  ];
  oneOf =
    map
      (
        v:
        merged (types.oneOf [
          types.bool
          types.int
          types.str
        ]) [ v ]
      )
      [
        true
        1
        "a"
        [ ]
      ];
  sets = merged (types.attrsOf (types.attrsOf types.int)) [
    { a.x = 1; }
    {
      a.y = lib.mkForce 2;
      b.z = lib.mkIf false 1;
    }
    (lib.mkIf true { a.y = 3; })
  ];
  setsForced = merged (types.attrsOf types.int) [
    { a = 1; }
    (lib.mkForce { b = 2; })
  ];
  setsForcedWithin = merged (types.attrsOf types.int) [
    { a = 1; }
    (lib.mkIf true (lib.mkOverride 10 { a = 2; }))
  ];
  anything = merged types.anything [
    { a.b = 1; }
    { a.c = [ 1 ]; }
  ];
  raw = merged types.raw [ { a = 1; } ];
  rawTwice = merged types.raw [
    1
    1
  ];
  submodules = merged (types.attrsOf point) [
    { a.x = 2; }
    { a.tags = [ "t" ]; }
    {
      a.tags = [ "u" ];
      b = { };
    }
    { c = { config, ... }: { tags = [ "x${toString config.x}" ]; }; }
  ];
  submoduleUnknown = merged (types.attrsOf point) [ { a.unknown = 1; } ];
  submoduleList = merged (types.listOf (types.submodule { options.n = option types.int 0; })) [
    [ { n = 1; } ]
    [
      { }
      { n = 2; }
    ]
  ];
  freeform = (
    config [
      {
        freeformType = types.attrsOf types.int;
        options.known = option types.str "k";
      }
      { other = 1; }
    ]
  );
  freeformWrong = merged (types.submodule { freeformType = types.attrsOf types.int; }) [
    { a = "x"; }
  ];
  unknownOption = config [
    { options.a = option types.str ""; }
    { b = 1; }
  ];
  unknownButOff = config [
    { options.a = option types.str ""; }
    { b = lib.mkIf false 1; }
  ];
  declaredTwice = config [
    { options.a = option types.str ""; }
    { options.a = option types.str ""; }
  ];
  stray = config [
    {
      options.a = option types.str "";
      a = "x";
    }
  ];
  condition =
    (config [
      (
        { config, ... }:
        {
          options.on = option types.bool false;
          options.o = option types.str "";
          config = lib.mkIf config.on { o = "on"; };
        }
      )
      { on = true; }
    ]).o;
  arguments =
    (config [
      { options.o = option types.str ""; }
      { _module.args.pkgs = "pkgs"; }
      ({ pkgs, ... }: { o = pkgs; })
    ]).o;
  function = merged (types.functionTo (types.listOf types.int)) [
    (x: [ x ])
    (x: [ (x + 1) ])
  ] 1;
  coerced =
    merged (types.coercedTo (types.listOf types.str) (lib.concatStringsSep ",") types.commas)
      [
        [
          "a"
          "b"
        ]
        "c"
      ];
  readOnly =
    (config [
      {
        options.o = mkOption {
          type = types.str;
          readOnly = true;
          default = "a";
        };
      }
      { o = "b"; }
    ]).o;
  apply =
    (config [
      {
        options.o = mkOption {
          type = types.int;
          default = 1;
          apply = toString;
        };
      }
    ]).o;
  strings = {
    infix = map (lib.flip lib.hasInfix "abc") [
      "b"
      "d"
      ""
      "a.c"
    ];
    prefix = map (lib.flip lib.hasPrefix "abc") [
      "ab"
      "b"
      "abcd"
    ];
    suffix = map (lib.flip lib.hasSuffix "abc") [
      "bc"
      "b"
      "zabc"
    ];
    removed = [
      (lib.removePrefix "a" "abc")
      (lib.removeSuffix "c" "abc")
      (lib.removePrefix "b" "abc")
    ];
    split = [
      (lib.splitString "." "a.b..c")
      (lib.splitString "\n" "a\nb\n")
      (lib.splitString "|" "")
    ];
    shell = lib.escapeShellArgs [
      "plain-1.0"
      "with blank"
      "it's"
      ""
      "$HOME"
    ];
    lines = lib.concatLines [
      "a"
      "b"
    ];
    optional = [
      (lib.optionalString true "a")
      (lib.optionalString false "a")
    ];
    trim = lib.trim " a b \n";
  };
  lists = {
    unique = lib.unique [
      3
      1
      3
      2
      1
    ];
    flat = lib.flatten [
      1
      [
        2
        [ 3 ]
      ]
    ];
    range = lib.range 2 5;
    subtract =
      lib.subtractLists
        [ 2 ]
        [
          1
          2
          3
        ];
    numbered = lib.imap1 (i: x: "${toString i}${x}") [
      "a"
      "b"
    ];
    taken = [
      (lib.take 2 [
        1
        2
        3
      ])
      (lib.drop 2 [
        1
        2
        3
      ])
      (lib.take 9 [ 1 ])
    ];
    right = lib.foldr (x: acc: "${x}${acc}") "" [
      "a"
      "b"
    ];
    first = lib.findFirst (x: x > 1) 0 [
      1
      2
      3
    ];
  };
  attrsets = {
    filtered = lib.filterAttrs (_: v: v > 1) {
      a = 1;
      b = 2;
    };
    generated = lib.genAttrs [
      "x"
      "y"
    ] (n: n + n);
    renamed = lib.mapAttrs' (n: v: lib.nameValuePair "p-${n}" v) { a = 1; };
    listed = lib.mapAttrsToList (n: v: "${n}=${toString v}") {
      b = 2;
      a = 1;
    };
    updated = lib.recursiveUpdate {
      a.b = 1;
      a.c = 2;
    } { a.b = 3; };
    at = lib.attrByPath [
      "a"
      "z"
    ] 7 { a = { }; };
    made = lib.setAttrByPath [
      "a"
      "b"
    ] 1;
    has = lib.hasAttrByPath [ "a" ] { a = null; };
    concat = lib.concatMapAttrs (n: v: { "${n}${v}" = v; }) { a = "b"; };
  };
  versions = [
    (lib.versionOlder "24.11" "25.05")
    (lib.versionAtLeast "26.05" "25.11")
    (lib.versionAtLeast "25.11" "25.11")
    (lib.versions.major "17.7")
    (lib.versions.majorMinor "17.7.1")
  ];
}
