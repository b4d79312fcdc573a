# Attribute sets.
lib: {
  inherit (builtins)
    attrNames
    attrValues
    catAttrs
    getAttr
    hasAttr
    intersectAttrs
    listToAttrs
    mapAttrs
    removeAttrs
    ;
  nameValuePair = name: value: { inherit name value; };
  optionalAttrs = condition: set: if condition then set else { };
  genAttrs = names: f: builtins.listToAttrs (map (name: lib.nameValuePair name (f name)) names);
  mapAttrsToList = f: set: map (name: f name set.${name}) (builtins.attrNames set);
  mapAttrs' = f: set: builtins.listToAttrs (lib.mapAttrsToList f set);
  attrsToList = lib.mapAttrsToList lib.nameValuePair;
  concatMapAttrs = f: set: builtins.foldl' (acc: part: acc // part) { } (lib.mapAttrsToList f set);
  filterAttrs =
    keep: set:
    builtins.removeAttrs set (builtins.filter (name: !keep name set.${name}) (builtins.attrNames set));
  mergeAttrsList = builtins.foldl' (acc: part: acc // part) { };
  getAttrs = names: set: lib.genAttrs names (name: set.${name});
  hasAttrByPath =
    path: set:
    path == [ ]
    || (
      set ? ${builtins.head path} && lib.hasAttrByPath (builtins.tail path) set.${builtins.head path}
    );
  attrByPath =
    path: default: set:
    if path == [ ] then
      set
    else if set ? ${builtins.head path} then
      lib.attrByPath (builtins.tail path) default set.${builtins.head path}
    else
      default;
  getAttrFromPath =
    path: set:
    lib.attrByPath path (throw "cannot find attribute `${lib.concatStringsSep "." path}'") set;
  setAttrByPath =
    path: value:
    if path == [ ] then
      value
    else
      {
        ${builtins.head path} = lib.setAttrByPath (builtins.tail path) value;
      };
  recursiveUpdate =
    left: right:
    left
    // builtins.mapAttrs (
      name: value:
      if builtins.isAttrs value && builtins.isAttrs (left.${name} or null) then
        lib.recursiveUpdate left.${name} value
      else
        value
    ) right;
  # One set of lists: for every name that occurs, its values in the order of the sets.
  zipAttrs = builtins.zipAttrsWith (_: values: values);
  zipAttrsWith = builtins.zipAttrsWith;
  getName =
    package:
    if builtins.isString package then
      (builtins.parseDrvName package).name
    else
      package.pname or (builtins.parseDrvName package.name).name;
  getExe = package: "${package}/bin/${package.meta.mainProgram or (lib.getName package)}";
  getExe' = package: name: "${package}/bin/${name}";
  getBin = package: package.bin or package.out or package;
}
