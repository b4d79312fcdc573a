{
  description = "Renders declarations of PostgreSQL databases to one NixOS module";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      forEach = f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
      dbgenFor = pkgs: pkgs.callPackage ./nix/package.nix { };
    in
    {
      packages = forEach (pkgs: rec {
        default = dbgen;
        dbgen = dbgenFor pkgs;
      });

      overlays.default = final: _: { dbgen = dbgenFor final; };

      # lib.render, lib.module and lib.check take `pkgs` from the caller: nothing of this flake's nixpkgs gets in.
      lib = import ./nix/lib.nix { inherit dbgenFor; };

      apps = forEach (pkgs: {
        default = {
          type = "app";
          program = lib.getExe self.packages.${pkgs.stdenv.hostPlatform.system}.dbgen;
          meta.description = "Render declarations of PostgreSQL databases to one NixOS module";
        };
      });

      devShells = forEach (pkgs: {
        default = pkgs.callPackage ./nix/shell.nix { };
      });

      # The wrapper that takes a tree came with 25.05.
      formatter = forEach (pkgs: pkgs.nixfmt-tree or pkgs.nixfmt-rfc-style);

      checks = forEach (
        pkgs:
        import ./nix/checks.nix {
          inherit nixpkgs pkgs;
          dbgen = self.packages.${pkgs.stdenv.hostPlatform.system}.dbgen;
          dbgenLib = self.lib;
        }
      );

      templates.default = {
        path = ./nix/template;
        description = "Declared PostgreSQL databases, the module rendered from them, and a check that it is current";
        welcomeText = ''
          # dbgen
          - in `flake.nix`, put dbgen's address in the place of `git+file:///path/to/dbgen`
          - declare databases in `services/*.toml`
          - `nix run git+file:///path/to/dbgen -- render` writes `postgresql.nix`; commit both
          - `nix flake check` fails, with the difference, when `postgresql.nix` is not current
        '';
      };
    };
}
