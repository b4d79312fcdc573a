{
  # nixpkgs' place in a test without the network: a test copies this folder, ../lib (or nixpkgs' own lib), ../nixos.nix,
  # ../packages.nix and the dbgen that cargo built into one. Builders run the host's shell, so what renders, compares or
  # checks does so for real; dbgen is not built anew, and of a virtual machine only the configuration is evaluated.
  description = "nixpkgs' stand-in";

  outputs =
    _:
    let
      lib = import ./lib // {
        nixosSystem =
          {
            modules,
            specialArgs ? { },
            ...
          }:
          lib.evalModules {
            inherit specialArgs;
            modules = [
              (import ./nixos.nix { release = "26.05"; })
              (import ./host.nix { inherit packages; })
            ]
            ++ modules;
          };
      };
      packages =
        system:
        import ./builders.nix {
          inherit lib system;
          binary = ./dbgen;
        };
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ] packages;
    };
}
