{
  lib,
  stdenv,
  rustPlatform,
  installShellFiles,
}:
rustPlatform.buildRustPackage {
  pname = "dbgen";
  inherit ((lib.importTOML ../Cargo.toml).package) version;

  # Only what cargo reads: a changed page, test or flake does not build anew.
  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../Cargo.toml
      ../Cargo.lock
      ../src
      ../templates
      # Not built, but Cargo.toml names them.
      ../benches
    ];
  };
  cargoLock.lockFile = ../Cargo.lock;

  # The tests beside the library are for who works on it: they read the whole repository, start servers, and are
  # some fifty programs to link.
  cargoTestFlags = [ "--lib" ];
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
