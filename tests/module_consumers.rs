//! The units that use a database: when they start, and when they are told of a change.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/nix.rs"]
mod nix;
#[path = "support/run.rs"]
mod run;
mod support;
#[path = "support/unit.rs"]
mod unit;
#[path = "support/units.rs"]
mod units;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use nix::{Configuration, Evaluator};
use run::{Folder, has};
use serde_json::{Value, json};
use support::postgres::{Cluster, newest};
use unit::Unit;
use units::{analyze, with_made, write_units};

/// 24.11 and 25.05 have neither postgresql-setup.service nor postgresql.target.
const RELEASES: [&str; 4] = ["24.11", "25.05", "25.11", "26.11"];

const DECLARED: &str = "
[services.immich]
units = [\"immich-server.service\", \"immich.target\", \"worker@1.service\"]

[[services.immich.databases]]
type = \"postgresql\"
name = \"immich\"
user = \"immich\"
password = { sops = \"immich\" }

[[services.immich.databases]]
type = \"postgresql\"
name = \"ünï 100% \\\"code\\\"\"
user = \"immich\"
units = [\"immich-server.service\", \"immich-ml.service\"]
onChange = \"reload\"

[[services.alone.databases]]
type = \"postgresql\"
name = \"alone\"
user = \"alone\"
";

/// What the service's own module would say of it.
const SERVER: &str = "
{
  systemd.services.immich-server = {
    after = [ \"postgresql.service\" ];
    requires = [ \"postgresql.service\" ];
    wantedBy = [ \"multi-user.target\" ];
    serviceConfig.ExecStart = \"/immich\";
  };
  systemd.services.immich-ml.serviceConfig.ExecStart = \"/immich-ml\";
}
";

const ODD: &str = "dbgen-ready-.C3.BCn.C3.AF.20100.25.20.22code.22";

fn rendered(declaration: &str) -> String {
    let seen = Folder::with(&[("immich.toml", declaration)]).run(&["render", "immich.toml"]);
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    seen.out
}

fn evaluate(evaluator: &Evaluator, modules: &[&str], release: &str) -> Value {
    let outcome = evaluator.evaluate_one(Configuration {
        modules,
        show: &["sops.secrets"],
        release,
    });
    outcome.unwrap_or_else(|message| panic!("{release}, {}: {message}", evaluator.name))
}

#[test]
fn units_start_after_their_databases_were_provisioned_and_not_without_them() {
    let test = "units_start_after_their_databases_were_provisioned_and_not_without_them";
    let module = rendered(DECLARED);
    for evaluator in nix::evaluators(test) {
        for release in RELEASES {
            let outcome = evaluate(&evaluator, &[&module, SERVER], release);
            let services = &outcome["services"];
            let gates = services.as_object().unwrap().keys();
            let gates: Vec<&String> = gates.filter(|name| name.contains("ready")).collect();
            assert_eq!(gates, [ODD, "dbgen-ready-immich"], "{release}");
            for (gate, used_by) in [
                (
                    "dbgen-ready-immich",
                    json!(["immich-server.service", "immich.target", "worker@1.service"]),
                ),
                (ODD, json!(["immich-ml.service", "immich-server.service"])),
            ] {
                let unit = &services[gate];
                assert_eq!(unit["requiredBy"], used_by);
                assert_eq!(unit["before"], used_by);
                assert_eq!(unit["wants"], json!(["dbgen-provision.service"]));
                let command = unit["serviceConfig"]["ExecStart"].as_str().unwrap();
                let arguments = command.split_once(' ').unwrap().1;
                assert_eq!(arguments.trim_end(), &gate["dbgen-ready-".len()..]);
                assert_eq!(unit["requires"], json!(["postgresql.service"]));
                let after = json!([
                    "dbgen-provision.service",
                    "postgresql.service",
                    "dbgen-tell.service"
                ]);
                assert_eq!(unit["after"], after);
                // Each start of what uses it looks again, and nothing that is active can be stopped.
                assert_eq!(unit["serviceConfig"]["Type"], "oneshot");
                assert_eq!(unit["serviceConfig"]["RemainAfterExit"], Value::Null);
                assert_eq!(unit["serviceConfig"]["LoadCredential"], Value::Null);
                assert_eq!(unit["wantedBy"], Value::Null);
                // Many units may use one database, and each start of each is one of this.
                assert_eq!(unit["unitConfig"]["StartLimitIntervalSec"], 0);
            }
            // A new start of the provisioning must stop nothing that runs.
            for (name, unit) in services.as_object().unwrap() {
                for strong in ["requires", "bindsTo", "partOf"] {
                    let others = unit[strong].as_array().into_iter().flatten();
                    let strong = others.filter(|other| *other == "dbgen-provision.service");
                    assert_eq!(strong.count(), 0, "{name}");
                }
            }
            // Units that nothing else defines are not made.
            assert_eq!(services["worker@1"], Value::Null);
            assert_eq!(outcome["targets"]["immich"], Value::Null);
            assert_eq!(outcome["warnings"], json!([]), "{release}");
            assert_eq!(outcome["failedAssertions"], json!([]), "{release}");
        }
    }
}

#[test]
fn systemd_takes_the_units_and_finds_no_cycle() {
    let test = "systemd_takes_the_units_and_finds_no_cycle";
    if !has("systemd-analyze", test) {
        return;
    }
    let module = rendered(DECLARED);
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    for release in RELEASES {
        let outcome = evaluate(&evaluator, &[&module, SERVER], release);
        let folder = Folder::new();
        let names = write_units(&outcome, &folder);
        let told = analyze(&folder, &["verify", "--man=no"], &names);
        assert_eq!(told, (true, String::new()), "{release}");
    }
    // That a cycle would be found.
    let cycle = "{ systemd.services.immich-server.before = [ \"postgresql.service\" ]; }";
    let outcome = evaluate(&evaluator, &[&module, SERVER, cycle], "26.05");
    let folder = Folder::new();
    let names = write_units(&outcome, &folder);
    let (_, told) = analyze(&folder, &["verify", "--man=no"], &names);
    assert!(told.contains("ordering cycle"), "{told}");
}

#[test]
fn units_that_read_files_of_the_connection_wait_for_them_too() {
    let test = "units_that_read_files_of_the_connection_wait_for_them_too";
    let files = "connection = { environment = true, owner = \"immich\" }";
    let declared = DECLARED.replacen(
        "[services.immich]",
        &format!("[services.immich]\n{files}"),
        1,
    );
    let module = rendered(&declared);
    for evaluator in nix::evaluators(test) {
        for release in RELEASES {
            let outcome = evaluate(&evaluator, &[&module, SERVER], release);
            let unit = &outcome["services"]["dbgen-ready-immich"];
            let needs = json!(["dbgen-provision.service", "dbgen-connections.service"]);
            assert_eq!(unit["wants"], needs);
            assert_eq!(unit["after"][1], "dbgen-connections.service");
            let command = unit["serviceConfig"]["ExecStart"].as_str().unwrap();
            assert!(command.ends_with(" immich immich/immich"), "{command}");
            let odd = &outcome["services"][ODD]["serviceConfig"]["ExecStart"];
            let odd = odd.as_str().unwrap();
            let folder = "immich/=C3=BCn=C3=AF=20100=25=20=22code=22";
            assert!(odd.ends_with(folder), "{odd}");
            if has("systemd-analyze", test) {
                let folder = Folder::new();
                let names = write_units(&outcome, &folder);
                let told = analyze(&folder, &["verify", "--man=no"], &names);
                assert_eq!(told, (true, String::new()), "{release}");
            }
        }
    }
}

#[test]
fn units_of_any_name_wait_and_only_services_are_told() {
    let test = "units_of_any_name_wait_and_only_services_are_told";
    let units = [
        "a\\x2db.service",
        "w@.service",
        "w@x\\x2dy:z.service",
        "-x.service",
        "late.target",
        "t.timer",
    ];
    let mut sorted = units;
    sorted.sort_unstable();
    let list = units.map(|unit| format!("'{unit}'")).join(", ");
    let module = rendered(&format!(
        "[services.s]\nunits = [{list}]\n[[services.s.databases]]\ntype = \"postgresql\"\nname = \"d\"\nuser = \"d\"\npassword = {{ generate = true }}\n"
    ));
    for evaluator in nix::evaluators(test) {
        let outcome = evaluate(&evaluator, &[&module], "26.05");
        let services = &outcome["services"];
        assert_eq!(services["dbgen-ready-d"]["requiredBy"], json!(sorted));
        let told = services.as_object().unwrap().iter();
        let told = told.filter(|(_, unit)| unit["restartTriggers"] != Value::Null);
        let told: Vec<&String> = told.map(|(name, _)| name).collect();
        assert_eq!(told, ["-x", "a\\x2db", "w@"]);
        let tell = services["dbgen-tell"]["serviceConfig"]["ExecStart"].to_string();
        assert!(
            !tell.contains("late.target") && !tell.contains("t.timer"),
            "{tell}"
        );
        assert!(tell.contains("w@*.service"), "{tell}");
        if has("systemd-analyze", test) {
            let folder = Folder::new();
            let names = write_units(&outcome, &folder);
            let names: Vec<String> = names
                .into_iter()
                .filter(|name| name.starts_with("dbgen-"))
                .collect();
            let told = analyze(&folder, &["verify", "--man=no"], &names);
            assert_eq!(told, (true, String::new()));
        }
    }
}

#[test]
fn without_a_server_the_units_wait_for_nothing() {
    let module = rendered(DECLARED);
    let off = "{ lib, ... }: { services.postgresql.enable = lib.mkForce false; }";
    for evaluator in nix::evaluators("without_a_server_the_units_wait_for_nothing") {
        let outcome = evaluate(&evaluator, &[&module, SERVER, off], "26.05");
        let unit = &outcome["services"]["dbgen-ready-immich"];
        assert_eq!(unit["requiredBy"], Value::Null);
    }
}

/// The triggers of the two services: restart of the server, its reload, reload of the other.
fn triggers(evaluator: &Evaluator, declared: &str) -> [Value; 3] {
    let secret = "{ age.secrets.immich = { }; }";
    let outcome = evaluate(evaluator, &[&rendered(declared), SERVER, secret], "26.05");
    let services = &outcome["services"];
    assert_eq!(services["immich-ml"]["restartTriggers"], Value::Null);
    [
        services["immich-server"]["restartTriggers"].clone(),
        services["immich-server"]["reloadTriggers"].clone(),
        services["immich-ml"]["reloadTriggers"].clone(),
    ]
}

#[test]
fn services_are_told_of_a_change_of_their_connection_or_credential_and_of_nothing_else() {
    let test =
        "services_are_told_of_a_change_of_their_connection_or_credential_and_of_nothing_else";
    for evaluator in nix::evaluators(test) {
        let before = triggers(&evaluator, DECLARED);
        assert_eq!(before[0].as_array().unwrap().len(), 1);
        assert_eq!(before[1], before[2]);
        assert_ne!(before[0], before[1]);
        let of_others = [
            DECLARED.replace("user = \"alone\"\n", "user = \"alone\"\nextraConfig = { work_mem = \"8MB\" }\n"),
            DECLARED.replace("[[services.alone", "[[services.other.databases]]\ntype = \"postgresql\"\nname = \"o\"\nuser = \"o\"\n[[services.alone"),
            DECLARED.replace("name = \"immich\"\n", "name = \"immich\"\nextensions = [\"vector\"]\n"),
            DECLARED.replace("\"immich.target\", ", ""),
        ];
        for declared in of_others {
            assert_eq!(triggers(&evaluator, &declared), before, "{declared}");
        }
        let of_both = [
            DECLARED.replace(
                "type = \"postgresql\"",
                "type = \"postgresql\"\nport = 5433",
            ),
            DECLARED.replace("sops", "agenix"),
            DECLARED.replace("sops = \"immich\"", "file = \"/run/x\""),
        ];
        for declared in of_both {
            let after = triggers(&evaluator, &declared);
            for (before, after) in before.iter().zip(&after) {
                assert_ne!(before, after, "{declared}");
            }
        }
        // What stands in the files beside the password.
        let with_file = |more: &str| {
            let files = format!("environment = {{ {more} }}, owner = \"immich\"");
            let of_service = format!("[services.immich]\nconnection = {{ {files} }}");
            triggers(
                &evaluator,
                &DECLARED.replacen("[services.immich]", &of_service, 1),
            )
        };
        let (first, second) = (with_file(""), with_file("prefix = \"X_\""));
        for (first, second) in first.iter().zip(&second) {
            assert_ne!(first, second);
        }
        assert_eq!(with_file(""), first);
    }
}

#[test]
fn a_service_that_nothing_defines_is_warned_of() {
    let module = rendered(&DECLARED.replace("immich-ml", "immich-nl"));
    let packaged = "{ systemd.services.immich-nl.overrideStrategy = \"asDropin\"; }";
    let disabled = "{ systemd.services.immich-nl.enable = false; }";
    for evaluator in nix::evaluators("a_service_that_nothing_defines_is_warned_of") {
        let outcome = evaluate(&evaluator, &[&module, SERVER], "26.05");
        let warnings = outcome["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 1);
        let warning = warnings[0].as_str().unwrap();
        assert!(warning.contains("used by immich-nl.service"), "{warning}");
        for fine in [packaged, disabled] {
            let outcome = evaluate(&evaluator, &[&module, SERVER, fine], "26.05");
            assert_eq!(outcome["warnings"], json!([]));
        }
    }
}

#[test]
fn services_are_told_of_a_password_that_changed_once_it_can_be_used() {
    let test = "services_are_told_of_a_password_that_changed_once_it_can_be_used";
    let declared = DECLARED
        .replace(
            "name = \"immich\"\n",
            "name = \"immich\"\naccess = [{ role = \"read er\", preset = \"read-only\" }]\n",
        )
        .replace(
            "[[services.alone.databases]]",
            "[[services.immich.roles]]\nname = \"read er\"\nlogin = true\npassword = { generate = true }\n[[services.alone.databases]]",
        );
    let module = rendered(&declared);
    let quiet = rendered(
        &declared
            .replace(
                "[services.immich]",
                "[services.immich]\nonChange = \"none\"",
            )
            .replace("\"reload\"", "\"none\""),
    );
    for evaluator in nix::evaluators(test) {
        let outcome = evaluate(&evaluator, &[&module, SERVER], "26.05");
        let unit = &outcome["services"]["dbgen-tell"];
        assert_eq!(unit["wantedBy"], json!(["dbgen-provision.service"]));
        assert_eq!(
            unit["after"],
            json!(["dbgen-provision.service", "dbgen-secrets.service"])
        );
        // It runs at each start of the provisioning, also when that fails: other databases may be fine.
        for field in ["requires", "partOf", "bindsTo"] {
            assert_eq!(unit[field], Value::Null, "{field}");
        }
        let service = &unit["serviceConfig"];
        assert_eq!(service["RemainAfterExit"], Value::Null);
        assert_eq!(service["User"], Value::Null);
        assert_eq!(service["StateDirectory"], Value::Null);
        let outcome = evaluate(&evaluator, &[&quiet, SERVER], "26.05");
        assert_eq!(outcome["services"]["dbgen-tell"], Value::Null);
        // A secret that changes starts the provisioning.
        let secret = &outcome["show"]["sops.secrets"]["immich"];
        assert_eq!(secret["restartUnits"], json!(["dbgen-provision.service"]));
    }
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let folder = Folder::with(&[("module.nix", &module), ("seen/.keep", "")]);
    let program = units::tell_program(&evaluator, &folder.path("module.nix"), &folder.path(""));
    folder.write("tell", &with_made(&program, &folder.path("made")));
    for (name, text) in [
        (
            "bin/systemctl",
            "#!/bin/sh\necho \"$*\" >> asked\nexit ${REFUSED:-0}\n",
        ),
        (
            "bin/ready",
            "#!/bin/sh\ncase \" $READY \" in *\" $1 \"*) ;; *) exit 1 ;; esac\n",
        ),
    ] {
        folder.write(name, text);
        fs::set_permissions(folder.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let odd = &ODD["dbgen-ready-".len()..];
    let both = format!("immich {odd}");
    // What systemctl was asked for after these passwords of the user and the reader.
    let told = |user: &str, reader: &str, ready: &str, refused: &str| -> Vec<String> {
        folder.write("credentials/password.immich", user);
        folder.write("made/read%20er", reader);
        folder.write("asked", "");
        let seen = run::seen(
            folder
                .command("bash")
                .arg("tell")
                .env("RUNTIME_DIRECTORY", folder.path("seen"))
                .env("CREDENTIALS_DIRECTORY", folder.path("credentials"))
                .env("READY", ready)
                .env("REFUSED", refused),
            b"",
        );
        assert_eq!(seen.status, Some(refused.parse().unwrap()), "{}", seen.err);
        assert!(!format!("{}{}", seen.out, seen.err).contains("s3cret"));
        let mut asked: Vec<String> = folder.read("asked").lines().map(str::to_owned).collect();
        asked.sort();
        asked
    };
    let restart = "--no-block try-restart -- immich-server.service worker@1.service";
    let reload = "--no-block try-reload-or-restart -- immich-ml.service immich-server.service";
    // At the first time nobody has another one.
    assert_eq!(told("s3cret-1", "s3cret-r1", &both, "0"), [""; 0]);
    assert_eq!(told("s3cret-1", "s3cret-r1", &both, "0"), [""; 0]);
    assert_eq!(told("s3cret-2", "s3cret-r1", &both, "0"), [reload, restart]);
    assert_eq!(told("s3cret-2", "s3cret-r1", &both, "0"), [""; 0]);
    // The reader is one of the first database only.
    assert_eq!(told("s3cret-2", "s3cret-r2", &both, "0"), [restart]);
    // Not before it can be used, and then once.
    assert_eq!(told("s3cret-3", "s3cret-r2", odd, "0"), [reload]);
    assert_eq!(told("s3cret-3", "s3cret-r2", "", "0"), [""; 0]);
    assert_eq!(told("s3cret-3", "s3cret-r2", &both, "0"), [restart]);
    // What systemctl could not do is done again.
    assert_eq!(told("s3cret-3", "s3cret-r3", &both, "1"), [restart]);
    assert_eq!(told("s3cret-3", "s3cret-r3", &both, "0"), [restart]);
    assert_eq!(told("s3cret-3", "s3cret-r3", &both, "0"), [""; 0]);
    // A line end of the file is none of the password's, a second one is.
    for (reader, expected) in [
        ("s3cret-r3\n", None),
        ("s3cret-r3\r\n", None),
        ("s3cret-r3\n\n", Some(restart)),
        ("s3cret-r3", Some(restart)),
    ] {
        let asked = told("s3cret-3", reader, &both, "0");
        assert_eq!(asked, Vec::from_iter(expected), "{reader:?}");
    }
    assert!(!folder.read("seen/seen").contains("s3cret"));
}

const BROKEN: &str = "
[services.good]
units = [\"good.service\"]
[[services.good.databases]]
type = \"postgresql\"
name = \"good\"
user = \"good\"

[services.bad]
units = [\"bad.service\"]
[[services.bad.databases]]
type = \"postgresql\"
name = \"bad\"
user = \"bad\"
[[services.bad.databases.hooks.after]]
sql = \"SELECT 1/0\"
unless = \"SELECT false\"

[[services.blocked.databases]]
type = \"postgresql\"
name = \"locked\"
user = \"locked\"
";

#[test]
fn one_database_that_fails_keeps_no_other_service_from_starting() {
    let test = "one_database_that_fails_keeps_no_other_service_from_starting";
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let Some(installation) = newest(test) else {
        return;
    };
    let cluster = Cluster::start(&installation, &[]);
    // The server has it with another encoding, which can't be changed.
    cluster.sql(
        "postgres",
        "CREATE DATABASE locked ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0",
    );
    let locked = BROKEN.replace(
        "name = \"locked\"",
        "name = \"locked\"\nencoding = \"UTF8\"",
    );
    let module = rendered(&locked);
    let unit = Unit::new(&evaluator, &module, &cluster);
    let folder = Folder::with(&[("module.nix", &module)]);
    let asked = Gate::new(&evaluator, &folder, &unit);
    let start = |id: &str, fine: bool| {
        let seen = run::seen(unit.command("apply").env("INVOCATION_ID", id), b"");
        assert_eq!(seen.status == Some(0), fine, "{}", seen.err);
    };
    start("first", false);
    assert_eq!(
        fs::read_to_string(unit.path("run/ready")).unwrap(),
        "first\ngood\n"
    );
    assert!(asked.lets("first", "good"));
    // Its files are those of the last start of the other unit, or it waits.
    asked.write_complete("first", "s/other");
    assert!(!asked.lets_with_files("first", "good"));
    asked.write_complete("earlier", "s/good");
    assert!(!asked.lets_with_files("first", "good"));
    asked.write_complete("first", "s/good");
    assert!(asked.lets_with_files("first", "good"));
    assert!(!asked.lets("first", "bad"));
    assert!(!asked.lets("first", "locked"));
    // The list of an earlier start says nothing of this one, which may not have come to it.
    assert!(!asked.lets("second", "good"));
    assert!(!asked.lets("", "good"));

    let mended = locked
        .replace("SELECT 1/0", "SELECT 1")
        .replace("encoding = \"UTF8\"", "");
    let fixed = mended.replace("SELECT false", "SELECT true");
    let unit = Unit::new(&evaluator, &rendered(&fixed), &cluster);
    let asked = Gate::new(&evaluator, &folder, &unit);
    assert!(!asked.lets("third", "good"));
    let seen = run::seen(unit.command("apply").env("INVOCATION_ID", "third"), b"");
    assert_eq!((seen.status, &*seen.err), (Some(0), ""));
    for database in ["good", "bad", "locked"] {
        assert!(asked.lets("third", database));
    }
    // A look changes nothing of that.
    let seen = run::seen(unit.command("plan").env("INVOCATION_ID", "fourth"), b"");
    assert_eq!(seen.status, Some(0));
    assert!(asked.lets("third", "good"));
    assert_eq!(unit.names("run"), ["ready"]);
}

/// The program of the units that wait for a database.
struct Gate<'u> {
    folder: &'u Folder,
    unit: &'u Unit,
}

impl<'u> Gate<'u> {
    fn new(evaluator: &Evaluator, folder: &'u Folder, unit: &'u Unit) -> Gate<'u> {
        let program = units::ready_program(
            evaluator,
            &folder.path("module.nix"),
            &folder.path("systemd"),
        );
        folder.write("ready", &program);
        folder.write(
            "systemd/bin/systemctl",
            "#!/bin/sh\ncase $* in 'show --property=InvocationID --value dbgen-'[pc]*.service) echo \"$START\" ;; esac\n",
        );
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path("systemd/bin/systemctl"), executable).unwrap();
        Gate { folder, unit }
    }

    /// Whether the database can be used after this start of the unit.
    fn lets(&self, start: &str, database: &str) -> bool {
        self.answers(start, &[database])
    }

    /// The same for a database with files of its connection.
    fn lets_with_files(&self, start: &str, database: &str) -> bool {
        self.answers(start, &[database, &format!("s/{database}")])
    }

    /// The list of the folders whose files were all written at this start.
    fn write_complete(&self, start: &str, folder: &str) {
        self.folder
            .write("run/.complete", &format!("{start}\n{folder}\n"));
    }

    fn answers(&self, start: &str, arguments: &[&str]) -> bool {
        let database = arguments[0];
        let output = Command::new("bash")
            .arg(self.folder.path("ready"))
            .args(arguments)
            .env("CONNECTIONS", self.folder.path("run"))
            .env("START", start)
            .env("PROVISIONED", self.unit.path("run"))
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            Some(0) => assert_eq!(told, ""),
            Some(1) => assert!(told.contains(database), "{told}"),
            _ => panic!("{told}"),
        }
        output.status.success()
    }
}
