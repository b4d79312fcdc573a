//! The units of a rendered module, as NixOS would have them and as systemd judges them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/nix.rs"]
mod nix;
#[path = "support/run.rs"]
mod run;
#[path = "support/units.rs"]
mod units;

use nix::{Configuration, Evaluator};
use run::{Folder, has};
use serde_json::{Value, json};
use units::{analyze, write_units};

/// 24.11 and 25.05 have neither postgresql-setup.service nor postgresql.target.
const RELEASES: [&str; 4] = ["24.11", "25.05", "25.11", "26.11"];

const DECLARED: &str = "
[[services.immich.databases]]
type = \"postgresql\"
name = \"immich\"
user = \"immich\"
password = { file = \"/run/secrets/50% 'odd' \\\"file\\\": ${x} $y\" }

[[services.immich.roles]]
name = \"reader\"
login = true
password = { sops = \"db/re ader\" }

[[services.immich.roles]]
name = \"it's 50%\\\\\"
login = true
password = { agenix = \"reader\" }

[[services.immich.roles]]
name = \"writer\"
login = true
password = { generate = true }
";

fn rendered(declaration: &str) -> String {
    let seen = Folder::with(&[("immich.toml", declaration)]).run(&["render", "immich.toml"]);
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    seen.out
}

fn evaluate(evaluator: &Evaluator, modules: &[&str], release: &str) -> Value {
    let modules = &[&["{ age.secrets.reader = { }; }"], modules].concat();
    let outcome = evaluator.evaluate_one(Configuration {
        modules,
        show: &["systemd.timers", "sops.secrets"],
        release,
    });
    outcome.unwrap_or_else(|message| panic!("{release}, {}: {message}", evaluator.name))
}

#[test]
fn provisioning_comes_between_the_servers_own_set_up_and_what_waits_for_the_server() {
    let test = "provisioning_comes_between_the_servers_own_set_up_and_what_waits_for_the_server";
    let module = rendered(DECLARED);
    for evaluator in nix::evaluators(test) {
        for release in RELEASES {
            let outcome = evaluate(&evaluator, &[&module], release);
            let unit = &outcome["services"]["dbgen-provision"];
            let (setup, before, wanted) = if release < "25.11" {
                (
                    vec!["postgresql.service"],
                    Value::Null,
                    "postgresql.service",
                )
            } else {
                (
                    vec!["postgresql.service", "postgresql-setup.service"],
                    json!(["postgresql.target"]),
                    "postgresql.target",
                )
            };
            assert_eq!(unit["requires"], json!(setup), "{release}");
            let secrets = "dbgen-secrets.service";
            assert_eq!(unit["wants"], json!([secrets]), "{release}");
            let after = [setup, vec![secrets]].concat();
            assert_eq!(unit["after"], json!(after), "{release}");
            assert_eq!(unit["before"], before, "{release}");
            assert_eq!(
                unit["wantedBy"],
                json!(["multi-user.target", wanted]),
                "{release}"
            );
            assert_eq!(unit["requiredBy"], Value::Null);
            assert_eq!(unit["serviceConfig"]["Type"], "oneshot");
            assert_eq!(unit["serviceConfig"]["RemainAfterExit"], true);
            assert_eq!(unit["serviceConfig"]["User"], "postgres");
        }
    }
}

#[test]
fn without_a_server_nothing_starts() {
    let module = rendered(&format!("{DECLARED}\n[instances.main]\ndrift = {{}}\n"));
    let off = "{ lib, ... }: { services.postgresql.enable = lib.mkForce false; }";
    for evaluator in nix::evaluators("without_a_server_nothing_starts") {
        for release in RELEASES {
            let outcome = evaluate(&evaluator, &[&module, off], release);
            let unit = &outcome["services"]["dbgen-provision"];
            assert_eq!(unit["wantedBy"], Value::Null, "{release}");
            let timer = &outcome["show"]["systemd.timers"]["dbgen-drift"];
            assert_eq!(timer["wantedBy"], json!([]), "{release}");
        }
    }
}

#[test]
fn each_secret_is_a_credential_and_its_path_is_in_no_program() {
    let test = "each_secret_is_a_credential_and_its_path_is_in_no_program";
    let module = rendered(DECLARED);
    for evaluator in nix::evaluators(test) {
        let outcome = evaluate(&evaluator, &[&module], "26.05");
        let unit = &outcome["services"]["dbgen-provision"];
        let loaded = unit["serviceConfig"]["LoadCredential"].as_array().unwrap();
        assert_eq!(loaded.len(), 3);
        for line in loaded {
            let (name, copy) = line.as_str().unwrap().split_once(':').unwrap();
            assert_eq!(copy, format!("/run/dbgen-secrets/{name}"));
        }
        // Secrets that change while their paths stay.
        let triggers = |module: &str| {
            let outcome = evaluate(&evaluator, &[module], "26.05");
            let triggers = outcome["services"]["dbgen-provision"]["restartTriggers"].clone();
            serde_json::from_value::<Vec<String>>(triggers).unwrap()
        };
        let before = triggers(&module);
        assert_eq!(before[1..], ["/secrets.age"]);
        // And one whose path changes, which nothing else of the unit tells.
        let moved = rendered(&DECLARED.replace("/run/secrets/50%", "/run/secrets/60%"));
        assert_ne!(before, triggers(&moved));
        assert_eq!(before, triggers(&rendered(DECLARED)));
        let restarted = &outcome["show"]["sops.secrets"]["db/re ader"]["restartUnits"];
        assert_eq!(*restarted, json!(["dbgen-provision.service"]));
    }
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let folder = Folder::with(&[("module.nix", &module)]);
    let texts = units::programs(&evaluator, &folder.path("module.nix"), "");
    let paths = "age.secrets.reader.path = \"/run/agenix/reader\"; sops.secrets.\"db/re ader\".path = \"/run/secrets/db/re ader\";";
    let copies = units::collect_program(&evaluator, &folder.path("module.nix"), paths);
    for source in [
        r#"'/run/secrets/50% '\''odd'\'' "file": ${x} $y'"#,
        "'/run/secrets/db/re ader'",
        "/run/agenix/reader",
    ] {
        assert!(copies.contains(source), "{source}: {copies}");
    }
    for text in [&texts.script, &texts.program] {
        assert!(
            !text.contains("/run/secrets") && !text.contains("/run/agenix"),
            "{text}"
        );
    }
    assert_eq!(
        texts
            .program
            .matches("/run/dbgen-provision/secrets/password")
            .count(),
        4
    );
}

#[test]
fn systemd_takes_every_line_and_finds_no_cycle() {
    let test = "systemd_takes_every_line_and_finds_no_cycle";
    if !has("systemd-analyze", test) {
        return;
    }
    let module = rendered(&format!("{DECLARED}\n[instances.main]\ndrift = {{}}\n"));
    for evaluator in nix::evaluators(test) {
        for release in RELEASES {
            let outcome = evaluate(&evaluator, &[&module], release);
            let folder = Folder::new();
            let names = write_units(&outcome, &folder);
            let told = analyze(&folder, &["verify", "--man=no"], &names);
            assert_eq!(told, (true, String::new()), "{release}, {}", evaluator.name);
        }
    }
}

#[test]
fn the_units_may_do_little_more_than_reach_the_socket() {
    let test = "the_units_may_do_little_more_than_reach_the_socket";
    if !has("systemd-analyze", test) {
        return;
    }
    let module = rendered(&format!("{DECLARED}\n[instances.main]\ndrift = {{}}\n"));
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let outcome = evaluate(&evaluator, &[&module], "26.05");
    let folder = Folder::new();
    write_units(&outcome, &folder);
    for name in ["dbgen-provision.service", "dbgen-drift.service"] {
        // In tenths: below 2.0 is what systemd calls safe.
        let security = ["security", "--offline=true", "--no-pager", "--threshold=10"];
        let (fine, told) = analyze(&folder, &security, &[name.to_owned()]);
        assert!(fine, "{told}");
        // The server runs as the same user, and its shared memory would be removed with the unit.
        assert_eq!(
            outcome["services"][name.trim_end_matches(".service")]["serviceConfig"]["RemoveIPC"],
            Value::Null
        );
    }
}

#[test]
fn drift_is_looked_for_by_a_timer_that_reports_or_repairs() {
    let test = "drift_is_looked_for_by_a_timer_that_reports_or_repairs";
    for mode in ["report", "repair"] {
        let declared = format!(
            "{DECLARED}\n[instances.main]\ndrift = {{ onCalendar = \"*-*-* 04:30\", mode = \"{mode}\" }}\n"
        );
        let module = rendered(&declared);
        for evaluator in nix::evaluators(test) {
            let outcome = evaluate(&evaluator, &[&module], "26.05");
            let timer = &outcome["show"]["systemd.timers"]["dbgen-drift"];
            assert_eq!(
                timer["timerConfig"],
                json!({ "OnCalendar": "*-*-* 04:30", "Persistent": true })
            );
            assert_eq!(timer["wantedBy"], json!(["timers.target"]));
            let unit = &outcome["services"]["dbgen-drift"];
            let provision = &outcome["services"]["dbgen-provision"];
            let mut after = vec!["dbgen-provision.service"];
            after.extend((mode == "report").then_some("dbgen-secrets.service"));
            assert_eq!(unit["after"], json!(after));
            assert_eq!(unit["wantedBy"], Value::Null);
            let start = |unit: &Value| {
                unit["serviceConfig"]["ExecStart"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            if mode == "repair" {
                // The provisioning itself, with what follows it; nothing that would stop this when that starts again.
                assert!(
                    start(unit).ends_with("/bin/systemctl restart dbgen-provision.service"),
                    "{}",
                    start(unit)
                );
                for field in ["requires", "bindsTo", "partOf"] {
                    assert_eq!(unit[field], Value::Null, "{field}");
                }
                assert_eq!(unit["serviceConfig"]["LoadCredential"], Value::Null);
                assert_eq!(unit["serviceConfig"]["CapabilityBoundingSet"], "");
                continue;
            }
            // Ordered and bound: the two never run at the same time, though both use the same folder.
            assert_eq!(unit["requires"], json!(["dbgen-provision.service"]));
            assert_eq!(start(unit), start(provision).replace(" apply", " plan"));
            let credentials = |unit: &Value| unit["serviceConfig"]["LoadCredential"].clone();
            assert_eq!(credentials(unit), credentials(provision));
        }
    }
}

#[test]
fn a_group_that_is_none_keeps_no_unit_from_starting() {
    let test = "a_group_that_is_none_keeps_no_unit_from_starting";
    let module = rendered(&DECLARED.replace(
        "{ generate = true }",
        "{ generate = true, group = \"immich\" }",
    ));
    let group = "{ users.groups.photos.name = \"immich\"; }";
    for evaluator in nix::evaluators(test) {
        for (modules, groups, warned) in [
            (&[&*module][..], json!([]), true),
            (&[&module, group], json!(["immich"]), false),
        ] {
            let outcome = evaluate(&evaluator, modules, "26.05");
            let config = &outcome["services"]["dbgen-provision"]["serviceConfig"];
            assert_eq!(config["SupplementaryGroups"], groups);
            // What changes the group is a privileged system call.
            let filter = config["SystemCallFilter"].as_array().unwrap();
            assert_eq!(filter.last(), Some(&json!("@chown")));
            let warnings = outcome["warnings"].to_string();
            assert_eq!(warnings.contains("the group immich"), warned, "{warnings}");
        }
    }
}

#[test]
fn the_program_alone_creates_databases_and_roles_where_that_is_declared() {
    let test = "the_program_alone_creates_databases_and_roles_where_that_is_declared";
    let module = rendered(&format!(
        "{DECLARED}\n[instances.main]\ncreation = \"program\"\n"
    ));
    for evaluator in nix::evaluators(test) {
        let outcome = evaluate(&evaluator, &[&module], "26.05");
        assert_eq!(outcome["postgresql"]["ensureDatabases"], json!([]));
        assert_eq!(outcome["postgresql"]["ensureUsers"], json!([]));
        assert_eq!(outcome["failedAssertions"], json!([]));
    }
}
