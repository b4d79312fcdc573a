# Declarations of options.
lib: {
  mkOption = option: option // { _type = "option"; };
  isOption = value: value._type or null == "option";
  mkEnableOption =
    what:
    lib.mkOption {
      default = false;
      example = true;
      description = "Whether to enable ${what}.";
      type = lib.types.bool;
    };
  literalExpression = text: {
    _type = "literalExpression";
    inherit text;
  };
  literalMD = text: {
    _type = "literalMD";
    inherit text;
  };
  showOption = path: lib.concatStringsSep "." path;
  getValues = map (definition: definition.value);
  mergeEqualOption =
    path: definitions:
    let
      values = lib.getValues definitions;
    in
    if builtins.all (value: value == builtins.head values) values then
      builtins.head values
    else
      throw "The option `${lib.showOption path}' has conflicting definition values:${lib.showDefinitions definitions}";
  showDefinitions = lib.concatMapStrings (d: "\n- In `${d.file}'");
}
