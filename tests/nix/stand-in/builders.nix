# Packages whose builders run the host's shell.
{
  lib,
  system,
  binary,
}:
let
  # Attributes that a derivation has for its users, not for its builder.
  notForTheBuilder = [
    "buildInputs"
    "meta"
    "nativeBuildInputs"
    "packages"
    "passthru"
  ];
  runCommand =
    name: environment: script:
    derivation (
      removeAttrs environment notForTheBuilder
      // {
        inherit name system;
        builder = "/bin/bash";
        args = [
          "-euc"
          ''
            PATH=$searched:/usr/local/bin:/usr/bin:/bin
            ${script}
            # bash would become its last command, and Nix kills what closes its output before it ends, as coreutils do.
            true
          ''
        ];
        searched = lib.makeBinPath (environment.nativeBuildInputs or [ ]);
      }
    )
    // {
      meta = environment.meta or { };
    };
  # The functions of installShellFiles that package.nix calls.
  installShellFiles = ''
    installShellCompletion() { mkdir -p "$out/share/completions"; cp "$@" "$out/share/completions/"; }
    installManPage() { mkdir -p "$out/share/man/man1"; cp "$@" "$out/share/man/man1/"; }
  '';
  buildRustPackage =
    package:
    assert builtins.pathExists package.cargoLock.lockFile;
    # All others read what the source does not have.
    assert package.cargoTestFlags == [ "--lib" ];
    runCommand "${package.pname}-${package.version}" { inherit (package) meta src; } ''
      test -f "$src/Cargo.toml"
      test -d "$src/src"
      # What the build reads: the targets that Cargo.toml names, and the texts in the program.
      for bench in $(grep -A1 '^\[\[bench' "$src/Cargo.toml" | sed -n 's/^name = "\(.*\)"/\1/p'); do
        test -f "$src/benches/$bench.rs"
      done
      grep -ro 'include_str!("[^"]*")' "$src/src" | while IFS=: read -r file text; do
        text=''${text#*\"}
        test -f "$(dirname "$file")/''${text%\"*}"
      done
      mkdir -p "$out/bin"
      cp ${binary} "$out/bin/${package.pname}"
      chmod +x "$out/bin/${package.pname}"
      ${installShellFiles}
      ${package.postInstall}
    '';
  runNixOSTest =
    test:
    let
      system = lib.nixosSystem { modules = [ test.nodes.machine ]; };
    in
    runCommand "vm-test-evaluated-only" { inherit (system.config.system.build) toplevel; } ''
      touch "$out"
    '';
  tools = lib.genAttrs [
    "cargo"
    "cargo-insta"
    "clippy"
    "deadnix"
    "jq"
    "nix"
    "nixfmt"
    "nixfmt-tree"
    "postgresql"
    "pre-commit"
    "rust-analyzer"
    "rustc"
    "rustfmt"
  ] (name: runCommand name { } ''mkdir "$out"'');
  packages =
    import ./packages.nix { inherit lib; }
    // tools
    // {
      inherit runCommand;
      callPackage =
        file: arguments:
        let
          f = import file;
        in
        f (builtins.intersectAttrs (lib.functionArgs f) packages // arguments);
      installShellFiles = null;
      mkShell = shell: runCommand "shell" shell "touch $out";
      rustPlatform = { inherit buildRustPackage; };
      stdenv = {
        buildPlatform.canExecute = _: true;
        hostPlatform = {
          inherit system;
          isLinux = lib.hasSuffix "-linux" system;
        };
      };
      testers = { inherit runNixOSTest; };
      writeText = name: text: runCommand name { inherit text; } ''printf '%s' "$text" > "$out"'';
    };
in
packages
