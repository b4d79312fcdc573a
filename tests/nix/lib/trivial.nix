# Functions about functions, warnings and files.
lib: {
  id = x: x;
  const = x: _: x;
  flip =
    f: a: b:
    f b a;
  pipe = builtins.foldl' (x: f: f x);
  isFunction = f: builtins.isFunction f || builtins.isFunction (f.__functor or null);
  functionArgs = f: if f ? __functor then f.__functionArgs or { } else builtins.functionArgs f;
  importTOML = path: builtins.fromTOML (builtins.readFile path);
  importJSON = path: builtins.fromJSON (builtins.readFile path);
  warn = message: value: builtins.trace "warning: ${message}" value;
  warnIf =
    condition: message: value:
    if condition then lib.warn message value else value;
  throwIf =
    condition: message: value:
    if condition then throw message else value;
  throwIfNot =
    condition: message: value:
    if condition then value else throw message;
  assertMsg = condition: message: condition || throw message;
  inherit (builtins)
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isPath
    isString
    pathExists
    readFile
    seq
    deepSeq
    trace
    bitAnd
    bitOr
    ;
  isDerivation = value: value.type or null == "derivation";
  isStringLike =
    value: builtins.isString value || builtins.isPath value || value ? outPath || value ? __toString;
  boolToString = value: if value then "true" else "false";
  min = a: b: if a < b then a else b;
  max = a: b: if a > b then a else b;
}
