{
  description = "A host whose PostgreSQL databases are declared beside their services";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    # dbgen has no public address yet: put here where your clone or your copy of it is.
    dbgen.url = "git+file:///path/to/dbgen";
    dbgen.inputs.nixpkgs.follows = "nixpkgs";
  };

  outputs =
    {
      self,
      nixpkgs,
      dbgen,
    }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
    in
    {
      nixosConfigurations.example = nixpkgs.lib.nixosSystem {
        modules = [
          ./postgresql.nix
          ./host.nix
          { nixpkgs.hostPlatform = system; }
        ];
      };

      # `dbgen render` writes postgresql.nix; this fails, with the difference, until the result is committed.
      checks.${system}.databases = dbgen.lib.check {
        inherit pkgs;
        src = self;
      };

      devShells.${system}.default = pkgs.mkShell {
        packages = [ dbgen.packages.${system}.default ];
      };
    };
}
