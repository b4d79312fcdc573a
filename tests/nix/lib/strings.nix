# Strings.
lib: {
  inherit (builtins)
    concatStringsSep
    fromJSON
    hashString
    match
    replaceStrings
    split
    stringLength
    substring
    toJSON
    unsafeDiscardStringContext
    ;
  concatStrings = builtins.concatStringsSep "";
  concatMapStrings = f: xs: lib.concatStrings (map f xs);
  concatMapStringsSep =
    separator: f: xs:
    builtins.concatStringsSep separator (map f xs);
  concatLines = lib.concatMapStrings (line: line + "\n");
  concatImapStringsSep =
    separator: f: xs:
    builtins.concatStringsSep separator (lib.imap1 f xs);
  concatMapAttrsStringSep =
    separator: f: set:
    builtins.concatStringsSep separator (lib.mapAttrsToList f set);
  optionalString = condition: text: if condition then text else "";
  hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
  hasSuffix =
    suffix: text:
    let
      rest = builtins.stringLength text - builtins.stringLength suffix;
    in
    rest >= 0 && builtins.substring rest (-1) text == suffix;
  hasInfix = infix: text: builtins.replaceStrings [ infix ] [ "" ] text != text || infix == "";
  removePrefix =
    prefix: text:
    if lib.hasPrefix prefix text then
      builtins.substring (builtins.stringLength prefix) (-1) text
    else
      text;
  removeSuffix =
    suffix: text:
    if lib.hasSuffix suffix text then
      builtins.substring 0 (builtins.stringLength text - builtins.stringLength suffix) text
    else
      text;
  escape = characters: builtins.replaceStrings characters (map (c: "\\" + c) characters);
  escapeRegex = lib.escape [
    "\\"
    "["
    "{"
    "("
    ")"
    "^"
    "$"
    "?"
    "*"
    "+"
    "|"
    "."
  ];
  splitString =
    separator: text:
    builtins.filter builtins.isString (
      builtins.split (lib.escapeRegex (toString separator)) (toString text)
    );
  stringToCharacters =
    text: builtins.genList (i: builtins.substring i 1 text) (builtins.stringLength text);
  # Words of nothing but these characters need no quotes in a POSIX shell.
  escapeShellArg =
    word:
    let
      text = toString word;
    in
    if builtins.match "[[:alnum:],._+:@%/-]+" text == null then
      "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] text}'"
    else
      text;
  escapeShellArgs = lib.concatMapStringsSep " " lib.escapeShellArg;
  makeBinPath = packages: lib.concatMapStringsSep ":" (package: "${package}/bin") packages;
  trim =
    text:
    let
      inner = builtins.match "[ \t\r\n]*(.*[^ \t\r\n])[ \t\r\n]*" text;
    in
    if inner == null then "" else builtins.head inner;
  toInt = text: builtins.fromJSON text;
  stringAsChars = f: text: lib.concatMapStrings f (lib.stringToCharacters text);
}
