# A host as a whole: the platform it is for, and a system that cannot be built while an assertion fails.
{ packages }:
{ config, lib, ... }:
let
  loose = lib.mkOption {
    type = lib.types.attrsOf lib.types.unspecified;
    default = { };
  };
  pkgs = packages config.nixpkgs.hostPlatform;
  failed = builtins.filter (assertion: !assertion.assertion) config.assertions;
in
{
  options.nixpkgs.hostPlatform = lib.mkOption {
    type = lib.types.str;
    default = "x86_64-linux";
  };
  options.system.build = loose;
  options.virtualisation = loose;
  config._module.args.pkgs = pkgs;
  config.system.build.toplevel =
    if failed == [ ] then
      pkgs.writeText "system" config.services.postgresql.authentication
    else
      throw "Failed assertions:\n${lib.concatMapStringsSep "\n" (a: "- ${a.message}") failed}";
}
