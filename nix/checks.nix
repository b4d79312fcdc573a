# What `nix flake check` builds, for one system.
{
  nixpkgs,
  pkgs,
  dbgen,
  dbgenLib,
}:
let
  inherit (pkgs) lib;
  system = pkgs.stdenv.hostPlatform.system;
  evaluate =
    modules:
    (nixpkgs.lib.nixosSystem {
      modules = [
        {
          nixpkgs.hostPlatform = system;
          boot.isContainer = true;
          system.stateVersion = "26.05";
        }
      ]
      ++ modules;
    }).config;
  failures = import ./module-tests.nix {
    inherit lib evaluate;
    module = ./template/postgresql.nix;
  };
in
{
  package = dbgen;

  # The committed module of the starting template is what its declarations render to ...
  template-is-current = dbgenLib.check {
    inherit pkgs dbgen;
    src = ./template;
  };

  # ... and rendering in the build gives the same bytes.
  render-equals-committed =
    pkgs.runCommand "render-equals-committed"
      {
        rendered = dbgenLib.render {
          inherit pkgs dbgen;
          src = ./template;
        };
        committed = ./template/postgresql.nix;
      }
      ''
        cmp "$rendered" "$committed"
        touch "$out"
      '';
}
// lib.optionalAttrs pkgs.stdenv.hostPlatform.isLinux {
  module =
    if failures == { } then
      pkgs.runCommand "module-tests" { } ''touch "$out"''
    else
      throw "module tests failed: ${builtins.toJSON failures}";

  vm = pkgs.testers.runNixOSTest (import ./vm-test.nix);
}
