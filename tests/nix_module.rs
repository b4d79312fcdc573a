//! What rendered modules do to a NixOS configuration, under every module system and release at hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/nix.rs"]
mod nix;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use nix::{Configuration, nix_path};
use serde_json::{Value, json};
use tempfile::TempDir;

/// 24.11 has no postgresql.target; 26.11 takes any clause.
const RELEASES: [&str; 4] = ["24.11", "25.05", "26.05", "26.11"];

fn project(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn dbgen(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dbgen"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("dbgen starts")
}

/// The module that dbgen renders from this declaration.
fn rendered(declaration: &str) -> String {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("services.toml"), declaration).unwrap();
    let outcome = dbgen(folder.path(), &["render", "services.toml"]);
    assert!(
        outcome.status.success(),
        "{}",
        String::from_utf8_lossy(&outcome.stderr)
    );
    String::from_utf8(outcome.stdout).unwrap()
}

#[test]
fn the_starting_templates_module_is_current() {
    let outcome = dbgen(&project("nix/template"), &["render", "--check", "--diff"]);
    assert!(
        outcome.status.success(),
        "{}{}",
        String::from_utf8_lossy(&outcome.stdout),
        String::from_utf8_lossy(&outcome.stderr)
    );
}

#[test]
fn the_starting_templates_module_passes_the_module_tests() {
    for evaluator in nix::evaluators("the_starting_templates_module_passes_the_module_tests") {
        for release in RELEASES {
            let failures = evaluator.value(&format!(
                "import {tests} {{
                  inherit lib;
                  module = {module};
                  evaluate = modules: (lib.evalModules {{
                    modules = [
                      (import {nixos} {{ release = \"{release}\"; }})
                      {{ _module.args.pkgs = import {packages} {{ inherit lib; }}; }}
                    ] ++ modules;
                  }}).config;
                }}",
                tests = nix_path(&project("nix/module-tests.nix")),
                module = nix_path(&project("nix/template/postgresql.nix")),
                nixos = nix_path(&project("tests/nix/nixos.nix")),
                packages = nix_path(&project("tests/nix/packages.nix")),
            ));
            assert_eq!(failures, Ok(json!({})), "{release}, {}", evaluator.name);
        }
    }
}

#[test]
fn without_an_enabled_database_no_server_is_enabled() {
    let module = rendered(
        "[services.retired]
         enable = false
         [[services.retired.databases]]
         type = \"postgresql\"
         name = \"retired\"
         user = \"retired\"",
    );
    for evaluator in nix::evaluators("without_an_enabled_database_no_server_is_enabled") {
        let outcome = evaluator.evaluate(&[&module], &["qgroget.databases.postgresql"]);
        assert_eq!(
            outcome["postgresql"]["enable"],
            json!(false),
            "{}",
            evaluator.name
        );
        assert_eq!(outcome["postgresql"]["ensureDatabases"], json!([]));
        assert_eq!(outcome["show"]["qgroget.databases.postgresql"], json!({}));
    }
}

#[test]
fn a_module_means_the_same_under_every_release() {
    let module = rendered(IMMICH);
    for evaluator in nix::evaluators("a_module_means_the_same_under_every_release") {
        let modules = [&module[..]];
        let show = ["qgroget.databases.postgresql"];
        let configurations = RELEASES.map(|release| Configuration {
            modules: &modules,
            show: &show,
            release,
        });
        let outcomes = evaluator.evaluate_many(&configurations);
        for (outcome, release) in outcomes.iter().zip(RELEASES) {
            let outcome = outcome
                .as_ref()
                .unwrap_or_else(|m| panic!("{release}: {m}"));
            let connection = &outcome["show"]["qgroget.databases.postgresql"]["immich"]["immich"];
            assert_eq!(connection["database"], json!("immich"), "{release}");
            assert_eq!(
                outcome["postgresql"]["ensureDatabases"],
                json!(["immich"]),
                "{release}"
            );
            assert_eq!(outcome["failedAssertions"], json!([]), "{release}");
        }
    }
}

#[test]
fn another_modules_forced_rules_fail_an_assertion_that_names_the_option_and_the_way_out() {
    let test =
        "another_modules_forced_rules_fail_an_assertion_that_names_the_option_and_the_way_out";
    let module = rendered(IMMICH);
    let forced = "{ lib, ... }: {
      services.postgresql.authentication = lib.mkForce \"local all all peer\";
    }";
    for evaluator in nix::evaluators(test) {
        let outcome = evaluator.evaluate(&[&module, forced], &[]);
        let messages = outcome["failedAssertions"].as_array().unwrap();
        assert_eq!(messages.len(), 1, "{outcome:#}");
        let message = messages[0].as_str().unwrap();
        assert!(
            message.contains("services.postgresql.authentication"),
            "{message}"
        );
        assert!(message.contains("mkForce"), "{message}");
    }
}

#[test]
fn another_modules_port_or_socket_directory_fails_an_assertion() {
    let test = "another_modules_port_or_socket_directory_fails_an_assertion";
    let module = rendered(IMMICH);
    for (setting, told) in [
        ("port = lib.mkForce 5433", "Declare the port"),
        (
            "unix_socket_directories = \"/run/elsewhere\"",
            "lacks /run/postgresql",
        ),
    ] {
        let other = format!("{{ lib, ... }}: {{ services.postgresql.settings.{setting}; }}");
        for evaluator in nix::evaluators(test) {
            let outcome = evaluator.evaluate(&[&module, &other], &[]);
            let messages = outcome["failedAssertions"].as_array().unwrap();
            assert_eq!(messages.len(), 1, "{outcome:#}");
            let message = messages[0].as_str().unwrap();
            assert!(message.contains(told), "{message}");
        }
    }
}

/// The sandbox of the server's unit in NixOS shows it no folders but its own.
#[test]
fn the_server_may_write_to_a_declared_socket_directory() {
    let test = "the_server_may_write_to_a_declared_socket_directory";
    let declared = format!("{IMMICH}[instances.main]\nsocketDirectory = \"/run/own\"\n");
    for (module, folders) in [
        (rendered(IMMICH), Value::Null),
        (rendered(&declared), json!(["-/run/own"])),
    ] {
        for evaluator in nix::evaluators(test) {
            let outcome = evaluator.evaluate(&[&module], &[]);
            assert_eq!(outcome["failedAssertions"], json!([]));
            let server = &outcome["services"]["postgresql"]["serviceConfig"];
            assert_eq!(server["ReadWritePaths"], folders);
        }
    }
}

/// What was written while there were connections with files, and secrets, goes with them, also where no database is left.
#[test]
fn files_go_with_the_last_connection_and_the_last_secret() {
    let test = "files_go_with_the_last_connection_and_the_last_secret";
    let with = format!("{IMMICH}connection = {{ environment = true, owner = \"root\" }}\n");
    let off = IMMICH.replacen("\n", "\nenable = false\n", 1);
    let secret = format!("{IMMICH}password = {{ file = \"/run/secret\" }}\n");
    let both = with.clone() + "password = { file = \"/run/secret\" }\n";
    let (connections, secrets) = ("R /run/dbgen/connections", "R /run/dbgen-secrets");
    for (declared, rules) in [
        (IMMICH, json!([connections, secrets])),
        (&off, json!([connections, secrets])),
        (&with, json!([secrets])),
        (&secret, json!([connections])),
        (&both, json!([])),
    ] {
        let module = rendered(declared);
        for evaluator in nix::evaluators(test) {
            let outcome = evaluator.evaluate(
                &[&module, "{ services.dbgen.verify.package = null; }"],
                &["systemd.tmpfiles.rules"],
            );
            assert_eq!(outcome["show"]["systemd.tmpfiles.rules"], rules);
        }
    }
}

const IMMICH: &str = "[services.immich]
[[services.immich.databases]]
type = \"postgresql\"
name = \"immich\"
user = \"immich\"
";
