//! What a user of the flake gets, by a real Nix whose nixpkgs is a stand-in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/flake.rs"]
mod flake;
#[path = "support/nix.rs"]
mod nix;

use std::{fs, path::Path};

use flake::{Flakes, said};

#[test]
fn the_checks_of_this_flake_pass() {
    let Some(flakes) = Flakes::find("the_checks_of_this_flake_pass") else {
        return;
    };
    let outcome = flakes.check(&flakes.folder("dbgen"));
    assert!(outcome.status.success(), "{}", said(&outcome));
}

#[test]
fn the_starting_flake_passes_its_own_check() {
    let Some(flakes) = Flakes::find("the_starting_flake_passes_its_own_check") else {
        return;
    };
    let outcome = flakes.check(&flakes.template());
    assert!(outcome.status.success(), "{}", said(&outcome));
}

#[test]
fn the_check_fails_with_the_difference_when_the_committed_module_is_stale() {
    let test = "the_check_fails_with_the_difference_when_the_committed_module_is_stale";
    let Some(flakes) = Flakes::find(test) else {
        return;
    };
    let folder = flakes.template();
    declare_another_database(&folder);

    let outcome = flakes.check(&folder);

    let said = said(&outcome);
    assert!(!outcome.status.success(), "{said}");
    let added = said.lines().any(|line| {
        line.split_once('>')
            .is_some_and(|(_, text)| text.trim_start().starts_with('+'))
            && line.contains("vaultwarden")
    });
    assert!(added, "no added line names the new database: {said}");
    assert!(
        said.contains("run `dbgen render` and commit what it writes"),
        "{said}"
    );
}

#[test]
fn the_check_fails_with_the_finding_when_a_declaration_is_wrong() {
    let test = "the_check_fails_with_the_finding_when_a_declaration_is_wrong";
    let Some(flakes) = Flakes::find(test) else {
        return;
    };
    let folder = flakes.template();
    fs::write(
        folder.join("services/wrong.toml"),
        "[[databases]]\ntype = \"oracle\"\nname = \"wrong\"\nuser = \"wrong\"\n",
    )
    .unwrap();

    let outcome = flakes.check(&folder);

    assert!(!outcome.status.success(), "{}", said(&outcome));
    assert!(said(&outcome).contains("oracle"), "{}", said(&outcome));
}

#[test]
fn a_configuration_can_import_what_the_build_renders() {
    let test = "a_configuration_can_import_what_the_build_renders";
    let Some(flakes) = Flakes::find(test) else {
        return;
    };
    let folder = flakes.template();
    fs::write(folder.join("flake.nix"), RENDERED_IN_THE_BUILD).unwrap();
    for (name, expected) in [
        ("folder", r#"["forgejo","miniflux"]"#),
        // The service is named like its file, which the store must not rename.
        ("file", r#"["forgejo"]"#),
        ("path", r#"["forgejo","miniflux"]"#),
    ] {
        let outcome = flakes.eval(&folder, &format!("databases.{name}"));
        assert!(outcome.status.success(), "{name}: {}", said(&outcome));
        assert_eq!(
            String::from_utf8_lossy(&outcome.stdout).trim(),
            expected,
            "{name}"
        );
    }
}

fn declare_another_database(folder: &Path) {
    fs::write(
        folder.join("services/vaultwarden.toml"),
        "[[databases]]\ntype = \"postgresql\"\nname = \"vaultwarden\"\nuser = \"vaultwarden\"\n",
    )
    .unwrap();
}

const RENDERED_IN_THE_BUILD: &str = r#"
{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
  inputs.dbgen.url = "git+file:///path/to/dbgen";
  outputs =
    { self, nixpkgs, dbgen }:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      services =
        module:
        builtins.attrNames
          (nixpkgs.lib.nixosSystem { modules = [ module ]; }).config.qgroget.databases.postgresql;
    in
    {
      databases = {
        folder = services (dbgen.lib.module { inherit pkgs; src = self; });
        file = services (dbgen.lib.module { inherit pkgs; src = ./services/forgejo.toml; });
        path = services "${dbgen.lib.render { inherit pkgs; src = ./.; }}";
      };
    };
}
"#;
