# Types: which values an option takes, and how several definitions become one value.
lib:
let
  # name, what it is called in messages, which values fit, how fitting definitions merge.
  make =
    {
      name,
      description ? name,
      check ? _: true,
      merge ? lib.mergeEqualOption,
      ...
    }@type:
    type
    // {
      _type = "option-type";
      inherit
        name
        description
        check
        merge
        ;
    };
  scalar =
    name: check:
    make {
      inherit name check;
    };
  element =
    type: path: definitions:
    lib.mergeDefinitions path type definitions;
  elements =
    type: path: list: definition:
    lib.imap1 (
      i: value:
      element type (path ++ [ "[definition ${toString list}-entry ${toString i}]" ]) [
        (definition // { inherit value; })
      ]
    ) definition.value;
  present = builtins.filter (merged: merged.isDefined);
  attrs =
    lazy: type:
    make {
      name = if lazy then "lazyAttrsOf" else "attrsOf";
      description = "attribute set of ${type.description}";
      check = builtins.isAttrs;
      empty.value = { };
      merge =
        path: definitions:
        let
          parts = builtins.concatMap (
            d: map (value: builtins.mapAttrs (_: value: d // { inherit value; }) value) (lib.pushDown d.value)
          ) definitions;
          merged = builtins.mapAttrs (name: element type (path ++ [ name ])) (lib.zipAttrs parts);
        in
        builtins.mapAttrs (_: m: m.value) (
          if lazy then merged else lib.filterAttrs (_: m: m.isDefined) merged
        );
    };
  submoduleWith =
    modules:
    make {
      name = "submodule";
      check = value: builtins.isAttrs value || lib.isFunction value || builtins.isPath value;
      empty.value = { };
      merge =
        path: definitions:
        (lib.evalModules {
          prefix = path;
          specialArgs.name = lib.last path;
          modules =
            modules
            ++ map (d: {
              _file = d.file;
              imports = [ (if builtins.isAttrs d.value then { config = d.value; } else d.value) ];
            }) definitions;
        }).config;
    };
in
rec {
  inherit make;
  raw = make {
    name = "raw";
    merge =
      path: definitions:
      if builtins.length definitions == 1 then
        (builtins.head definitions).value
      else
        throw "The option `${lib.showOption path}' is defined multiple times while it's expected to be unique.";
  };
  unspecified = make {
    name = "unspecified";
    merge =
      path: definitions:
      let
        values = lib.getValues definitions;
      in
      if builtins.length values == 1 then
        builtins.head values
      else if builtins.all builtins.isList values then
        builtins.concatLists values
      else if builtins.all builtins.isAttrs values then
        lib.mergeAttrsList values
      else
        lib.mergeEqualOption path definitions;
  };
  anything = make {
    name = "anything";
    merge =
      path: definitions:
      let
        values = lib.getValues definitions;
      in
      if builtins.all (v: builtins.isAttrs v && !lib.isDerivation v && !(v ? outPath)) values then
        (lazyAttrsOf anything).merge path definitions
      else if builtins.length values == 1 then
        builtins.head values
      else
        lib.mergeEqualOption path definitions;
  };
  bool = scalar "boolean" builtins.isBool;
  int = scalar "signed integer" builtins.isInt;
  float = scalar "floating point number" builtins.isFloat;
  str = scalar "string" builtins.isString;
  nonEmptyStr = scalar "non-empty string" (
    v: builtins.isString v && builtins.match "[ \t\n]*" v == null
  );
  singleLineStr = make {
    name = "(optionally newline-terminated) single-line string";
    check = v: builtins.isString v && builtins.match "[^\n\r]*\n?" v != null;
    merge = path: definitions: lib.removeSuffix "\n" (lib.mergeEqualOption path definitions);
  };
  package = scalar "package" (v: lib.isDerivation v || lib.hasPrefix builtins.storeDir (toString v));
  path = scalar "absolute path" (v: lib.isStringLike v && lib.hasPrefix "/" "${toString v}");
  number = either int float;
  ints = {
    between =
      low: high:
      scalar "integer between ${toString low} and ${toString high} (both inclusive)" (
        v: builtins.isInt v && v >= low && v <= high
      );
    unsigned = scalar "unsigned integer, meaning >=0" (v: builtins.isInt v && v >= 0);
    positive = scalar "positive integer, meaning >0" (v: builtins.isInt v && v > 0);
    u16 = ints.between 0 65535;
  };
  port = ints.u16;
  enum =
    values:
    scalar "one of ${lib.concatMapStringsSep ", " builtins.toJSON values}" (v: builtins.elem v values);
  separatedString =
    separator:
    make {
      name = "strings concatenated with ${builtins.toJSON separator}";
      check = builtins.isString;
      merge = _: definitions: builtins.concatStringsSep separator (lib.getValues definitions);
    };
  lines = separatedString "\n";
  commas = separatedString ",";
  envVar = separatedString ":";
  attrsOf = attrs false;
  lazyAttrsOf = attrs true;
  attrsRecursive = attrsOf anything;
  listOf =
    type:
    make {
      name = "list of ${type.description}";
      check = builtins.isList;
      empty.value = [ ];
      merge =
        path: definitions:
        map (m: m.value) (present (builtins.concatLists (lib.imap1 (elements type path) definitions)));
    };
  nullOr =
    type:
    make {
      name = "null or ${type.description}";
      check = v: v == null || type.check v;
      empty.value = null;
      merge =
        path: definitions:
        let
          nulls = lib.count (d: d.value == null) definitions;
        in
        if nulls == builtins.length definitions then
          null
        else if nulls != 0 then
          throw "The option `${lib.showOption path}' is defined both null and not null, in:${lib.showDefinitions definitions}"
        else
          type.merge path definitions;
    };
  either =
    a: b:
    make {
      name = "${a.description} or ${b.description}";
      check = v: a.check v || b.check v;
      merge =
        path: definitions:
        let
          all = type: builtins.all (d: type.check d.value) definitions;
        in
        if all a then
          a.merge path definitions
        else if all b then
          b.merge path definitions
        else
          lib.mergeEqualOption path definitions;
    };
  oneOf = types: builtins.foldl' either (builtins.head types) (builtins.tail types);
  coercedTo =
    from: coerce: to:
    make {
      name = "${to.description} or ${from.description} convertible to it";
      check = v: (from.check v && to.check (coerce v)) || to.check v;
      merge =
        path: definitions:
        to.merge path (
          map (d: if from.check d.value then d // { value = coerce d.value; } else d) definitions
        );
    };
  functionTo =
    type:
    make {
      name = "function that evaluates to a(n) ${type.description}";
      check = lib.isFunction;
      merge =
        path: definitions: argument:
        (lib.mergeDefinitions path type (map (d: d // { value = d.value argument; }) definitions)).value;
    };
  uniq = type: type // { merge = raw.merge; };
  submodule = module: submoduleWith (lib.toList module);
}
