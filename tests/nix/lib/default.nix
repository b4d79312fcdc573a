# The part of nixpkgs' lib that an emitted module uses, written anew so that tests need nothing but a Nix.
# It claims to give what nixpkgs' own gives; ../parity.nix is that claim, and the tests compare both where nixpkgs is at hand.
let
  fix =
    f:
    let
      self = f self;
    in
    self;
in
fix (
  lib:
  let
    groups = {
      inherit fix;
      trivial = import ./trivial.nix lib;
      lists = import ./lists.nix lib;
      attrsets = import ./attrsets.nix lib;
      strings = import ./strings.nix lib;
      versions = import ./versions.nix lib;
      properties = import ./properties.nix lib;
      options = import ./options.nix lib;
      types = import ./types.nix lib;
      modules = import ./modules.nix lib;
      fileset = import ./fileset.nix lib;
      licenses.mit = {
        spdxId = "MIT";
        free = true;
      };
      platforms = {
        all = [ ];
        linux = [ ];
        unix = [ ];
      };
    };
  in
  groups
  // {
    inherit (groups.versions) versionAtLeast versionOlder;
  }
  // groups.trivial
  // groups.lists
  // groups.attrsets
  // groups.strings
  // groups.properties
  // groups.options
  // groups.modules
)
