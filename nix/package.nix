{
  lib,
  stdenv,
  rustPlatform,
  installShellFiles,
}:
rustPlatform.buildRustPackage {
  pname = "dbgen";
  inherit ((lib.importTOML ../Cargo.toml).package) version;

  # Only what cargo reads: a changed README or flake does not build anew.
  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../Cargo.toml
      ../Cargo.lock
      ../src
      (lib.fileset.maybeMissing ../templates)
      (lib.fileset.maybeMissing ../benches)
      ../tests
      # What tests read beside their own folder.
      ../.pre-commit-hooks.yaml
      ../nix
      (lib.fileset.maybeMissing ../README.md)
    ];
  };
  cargoLock.lockFile = ../Cargo.lock;

  # The release profile is slow to link, once per test file. Tests that need a program which the sandbox lacks
  # (PostgreSQL, Nix, git, pre-commit) say that they skip.
  checkType = "debug";

  nativeBuildInputs = [ installShellFiles ];
  postInstall = lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
    for shell in bash fish zsh; do
      $out/bin/dbgen completions $shell > dbgen.$shell
    done
    installShellCompletion dbgen.{bash,fish,zsh}
    $out/bin/dbgen man man-pages
    installManPage man-pages/*
  '';

  meta = {
    description = "Renders declarations of PostgreSQL databases to one NixOS module";
    license = lib.licenses.mit;
    mainProgram = "dbgen";
    platforms = lib.platforms.unix;
  };
}
