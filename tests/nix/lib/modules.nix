# The module system: modules in, { config, options } out.
lib:
let
  keywords = [
    "_class"
    "_file"
    "config"
    "disabledModules"
    "freeformType"
    "imports"
    "key"
    "meta"
    "options"
    "require"
  ];

  # A module written as a function gets the arguments that it names; they are looked up only when used, because
  # `config` is what comes out in the end.
  call =
    arguments: f:
    f (
      arguments
      // builtins.mapAttrs (name: _: arguments.${name} or arguments.config._module.args.${name}) (
        lib.filterAttrs (_: hasDefault: !hasDefault) (lib.functionArgs f)
      )
    );

  # Any way to write a module -> { file, imports, options, config, freeformType }.
  plain =
    file: module:
    let
      unknown = builtins.attrNames (builtins.removeAttrs module keywords);
      structured = module ? config || module ? options;
    in
    if structured && unknown != [ ] then
      throw "Module `${file}' has an unsupported attribute `${builtins.head unknown}'."
    else
      {
        file = module._file or file;
        imports = module.imports or [ ];
        options = module.options or { };
        freeformType = module.freeformType or null;
        config =
          if structured then
            module.config or { }
          else
            builtins.removeAttrs module [
              "_class"
              "_file"
              "disabledModules"
              "freeformType"
              "imports"
              "key"
            ];
      };
  load =
    arguments: file: module:
    if lib.isFunction module then
      plain file (call arguments module)
    else if builtins.isAttrs module then
      plain file module
    else
      load arguments (toString module) (import module);
  # Breadth first; a file imported twice counts once. What is imported comes before what imports it, and a later module
  # before an earlier one: the order in which lists and lines are joined.
  collect =
    arguments: modules:
    let
      item = parent: n: module: rec {
        key =
          if lib.isStringLike module && !builtins.isAttrs module then
            toString module
          else
            "${parent}:${toString n}";
        value = load arguments (if parent == "" then "<unknown-file>" else parent) module;
      };
    in
    lib.reverseList (
      map (found: found.value) (
        builtins.genericClosure {
          startSet = lib.imap1 (item "") modules;
          operator = found: lib.imap1 (item found.key) found.value.imports;
        }
      )
    );

  # The options below `path`: each set of declarations is { file, options }, each set of definitions { file, value }.
  merge =
    path: freeform: declarations: definitions:
    let
      declared = lib.zipAttrs (
        map (
          d:
          builtins.mapAttrs (_: options: {
            inherit (d) file;
            inherit options;
          }) d.options
        ) declarations
      );
      defined = lib.zipAttrs (
        builtins.concatMap (
          d:
          map (builtins.mapAttrs (
            _: value: {
              inherit (d) file;
              inherit value;
            }
          )) (lib.pushDown d.value)
        ) definitions
      );
      at =
        name: declarations:
        let
          here = path ++ [ name ];
          values = defined.${name} or [ ];
        in
        if lib.isOption (builtins.head declarations).options then
          if builtins.length declarations > 1 then
            throw "The option `${lib.showOption here}' is already declared."
          else
            option here (builtins.head declarations).options values
        else
          merge here null declarations values;
      below = builtins.mapAttrs at declared;
      extra = builtins.removeAttrs defined (builtins.attrNames declared);
      stray = builtins.concatLists (builtins.attrValues extra);
      free =
        if freeform == null then
          { }
        else
          freeform.merge path (
            map (d: d // { value = builtins.intersectAttrs extra d.value; }) (
              builtins.concatMap (d: map (value: d // { inherit value; }) (lib.pushDown d.value)) definitions
            )
          );
    in
    {
      options = builtins.mapAttrs (_: b: b.options) below;
      config =
        if freeform == null && stray != [ ] then
          throw "The option `${
            lib.showOption (path ++ [ (builtins.head (builtins.attrNames extra)) ])
          }' does not exist. Definition values:\n- In `${(builtins.head stray).file}'"
        else
          free // builtins.mapAttrs (_: b: b.config) below;
    };

  option =
    path: declaration: definitions:
    let
      type = declaration.type or lib.types.unspecified;
      withDefault =
        lib.optional (declaration ? default) {
          file = "<default>";
          value = lib.mkOptionDefault declaration.default;
        }
        ++ definitions;
      merged = lib.mergeDefinitions path type withDefault;
      value = (declaration.apply or lib.id) merged.value;
    in
    {
      config =
        if declaration.readOnly or false && builtins.length withDefault > 1 then
          throw "The option `${lib.showOption path}' is read-only, but it's set multiple times."
        else
          value;
      options = declaration // {
        inherit value type;
        inherit (merged) isDefined;
        loc = path;
        definitions = lib.getValues merged.definitions;
      };
    };
in
{
  mergeDefinitions =
    path: type: definitions:
    let
      kept = lib.strongest (
        builtins.concatMap (d: map (value: d // { inherit value; }) (lib.discharge d.value)) definitions
      );
      wrong = builtins.filter (d: !type.check d.value) kept;
      isDefined = kept != [ ];
    in
    {
      inherit isDefined;
      definitions = kept;
      value =
        if !isDefined then
          type.empty.value
            or (throw "The option `${lib.showOption path}' was accessed but has no value defined. Try setting the option.")
        else if wrong != [ ] then
          throw "A definition for option `${lib.showOption path}' is not of type `${type.description}'. Definition values:${lib.showDefinitions wrong}"
        else
          type.merge path kept;
    };

  evalModules =
    {
      modules,
      specialArgs ? { },
      prefix ? [ ],
    }:
    let
      arguments = {
        inherit lib;
        inherit (result) config options;
      }
      // specialArgs;
      argumentsOption = {
        options._module.args = lib.mkOption {
          type = lib.types.lazyAttrsOf lib.types.raw;
          default = { };
        };
      };
      found = collect arguments ([ argumentsOption ] ++ modules);
      freeform = lib.findFirst (type: type != null) null (map (m: m.freeformType) found);
      result = merge prefix freeform (map (m: { inherit (m) file options; }) found) (
        map (m: {
          inherit (m) file;
          value = m.config;
        }) found
      );
    in
    {
      inherit (result) options;
      config = builtins.removeAttrs result.config [ "_module" ];
    };
}
