# Configurations -> what services.postgresql and the rest of NixOS would get from them, as JSON.
# A configuration is { modules, show, release }: `show` holds paths of further options, as lists of names.
{
  lib ? import ./lib,
  configurations,
}:
let
  packages = import ./packages.nix { inherit lib; };
  set = lib.filterAttrs (_: value: value != null && value != "" && value != [ ] && value != { });
  # Values as JSON can hold them.
  plain =
    value:
    if lib.isDerivation value then
      { derivation = value.name; } // lib.optionalAttrs (value ? text) { inherit (value) text; }
    else if lib.isFunction value then
      "<function>"
    else if builtins.isAttrs value then
      builtins.mapAttrs (_: plain) value
    else if builtins.isList value then
      map plain value
    else if builtins.isPath value then
      toString value
    else
      value;
  units = builtins.mapAttrs (_: unit: set (plain (removeAttrs unit [ "enable" ])));
in
map (
  {
    modules,
    show ? [ ],
    release ? "26.05",
  }:
  let
    inherit
      (lib.evalModules {
        modules = [
          (import ./nixos.nix { inherit release; })
          { _module.args.pkgs = packages; }
        ]
        ++ modules;
      })
      config
      ;
    server = config.services.postgresql;
  in
  {
    postgresql = {
      inherit (server)
        authentication
        enable
        enableTCPIP
        ensureDatabases
        identMap
        ;
      ensureUsers = map (
        user: plain (user // { ensureClauses = set user.ensureClauses; })
      ) server.ensureUsers;
      extensions = map lib.getName (server.extensions packages.postgresqlPackages);
      settings = plain (set server.settings);
    };
    services = units config.systemd.services;
    targets = units config.systemd.targets;
    failedAssertions = map (a: a.message) (builtins.filter (a: !a.assertion) config.assertions);
    inherit (config) warnings;
    show = builtins.listToAttrs (
      map (path: {
        name = lib.concatStringsSep "." path;
        value = plain (lib.attrByPath path "<not declared>" config);
      }) show
    );
  }
) configurations
