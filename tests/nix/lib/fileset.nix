# File sets, as far as a package's `src` needs them: unions of files and folders below one root.
lib: {
  unions = lib.flatten;
  maybeMissing = path: lib.optional (builtins.pathExists path) path;
  toSource =
    { root, fileset }:
    let
      members = map toString (lib.flatten fileset);
      within = inner: outer: inner == outer || lib.hasPrefix "${outer}/" inner;
      keep = path: builtins.any (member: within path member || within member path) members;
    in
    {
      outPath = builtins.path {
        path = root;
        name = "source";
        filter = path: _: keep (toString path);
      };
    };
}
