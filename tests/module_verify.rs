//! The unit `dbgen-verify` that a host may have: what it is, and what it tells of real servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/nix.rs"]
mod nix;
#[path = "support/run.rs"]
mod run;
mod support;
#[path = "support/units.rs"]
mod units;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::Configuration;
use run::{Folder, Seen, has, seen};
use serde_json::{Value, json};
use support::postgres::{Cluster, as_server_user, hand_over, newest};
use units::{analyze, verify_program, with_made, write_units};

/// Two of the roles have names that an option and a file have to quote.
const DECLARED: &str = "
[[services.app.databases]]
type = \"postgresql\"
name = \"app\"
user = \"app\"
password = { file = \"/run/secrets/app\" }

[[services.app.databases]]
type = \"postgresql\"
name = \"odd\"
user = \"o=d d\"
password = { generate = true }

[[services.app.databases]]
type = \"postgresql\"
name = \"made\"
user = \"ma\\\"de\"
password = { generate = true }
";

fn rendered(declared: &str) -> String {
    let seen = Folder::with(&[("app.toml", declared)]).run(&["render", "app.toml"]);
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    seen.out
}

#[test]
fn there_is_a_unit_where_a_package_is_given() {
    let test = "there_is_a_unit_where_a_package_is_given";
    let module = rendered(DECLARED);
    let wanted = "{ pkgs, ... }: { services.dbgen.verify = { package = pkgs.dbgen; declarations = \"/declared\"; onCalendar = \"daily\"; }; }";
    let by_hand = "{ services.dbgen.verify.onCalendar = null; }";
    let forgotten = "{ pkgs, ... }: { services.dbgen.verify.package = pkgs.dbgen; }";
    for evaluator in nix::evaluators(test) {
        let evaluate = |more: &[&str]| {
            let modules = [&[&*module], more].concat();
            evaluator
                .evaluate_one(Configuration {
                    modules: &modules,
                    show: &["systemd.timers"],
                    release: "26.05",
                })
                .unwrap()
        };
        let without = evaluate(&[]);
        assert_eq!(without["services"]["dbgen-verify"], Value::Null);
        assert_eq!(without["show"]["systemd.timers"], json!({}));

        let outcome = evaluate(&[wanted]);
        assert_eq!(outcome["failedAssertions"], json!([]));
        let unit = &outcome["services"]["dbgen-verify"];
        // It only looks: nothing waits for it, and it starts nothing but what copies the secrets.
        for field in ["requires", "before", "wantedBy", "requiredBy"] {
            assert_eq!(unit[field], Value::Null, "{field}");
        }
        assert_eq!(unit["wants"], json!(["dbgen-secrets.service"]));
        let service = &unit["serviceConfig"];
        assert_eq!(service["User"], "postgres");
        assert_eq!(service["SuccessExitStatus"], 1);
        assert_eq!(service["PrivateNetwork"], false);
        // The provisioning has its secrets there, perhaps at the same time.
        assert_eq!(service["ExecStopPost"], Value::Null);
        assert_eq!(
            service["LoadCredential"],
            json!([
                // Those that the host made are the server's user's, as whom this runs.
                "password.app:/run/dbgen-secrets/password.app"
            ])
        );
        assert_eq!(service["SetCredential"], json!(["password.app:\\n"]));
        let timer = &outcome["show"]["systemd.timers"]["dbgen-verify"];
        assert_eq!(timer["timerConfig"]["OnCalendar"], "daily");
        assert_eq!(timer["wantedBy"], json!(["timers.target"]));
        if has("systemd-analyze", test) {
            let folder = Folder::new();
            let names = write_units(&outcome, &folder);
            let told = analyze(&folder, &["verify", "--man=no"], &names);
            assert_eq!(told, (true, String::new()));
        }

        assert_eq!(
            evaluate(&[
                wanted.replace("onCalendar = \"daily\"; ", "").as_str(),
                by_hand
            ])["show"]["systemd.timers"],
            json!({})
        );
        let failed = evaluate(&[forgotten])["failedAssertions"].to_string();
        assert!(failed.contains("does not say what to verify"), "{failed}");
    }
}

/// A host whose unit can be run, with the server's user.
struct Host {
    cluster: Cluster,
    home: tempfile::TempDir,
}

impl Host {
    fn new(test: &str) -> Option<Host> {
        let evaluator = nix::evaluator(test)?;
        let cluster = Cluster::start_tcp(&newest(test)?, &[]);
        let home = tempfile::Builder::new()
            .prefix("dbgen-verify-")
            .tempdir_in("/tmp")
            .unwrap();
        let host = Host { cluster, home };
        for folder in ["bin", "credentials", "made", "state"] {
            fs::create_dir(host.path(folder)).unwrap();
        }
        let declared = DECLARED.replace(
            "type = \"postgresql\"",
            &format!("type = \"postgresql\"\nport = {}", host.cluster.port),
        );
        let socket = host.cluster.socket.to_str().unwrap();
        let instance = format!("[instances.main]\nsocketDirectory = {socket:?}\n");
        let declared = instance + &declared;
        fs::write(host.path("declared.toml"), &declared).unwrap();
        fs::write(host.path("module.nix"), rendered(&declared)).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_dbgen"), host.path("bin/dbgen")).unwrap();
        symlink(&host.cluster.psql, host.path("bin/psql")).unwrap();
        let program = verify_program(
            &evaluator,
            &host.path("module.nix"),
            host.home.path(),
            host.cluster.port,
            &host.path("declared.toml"),
        );
        let program = program.replace("host=/run/postgresql\n", &format!("host={socket}\n"));
        fs::write(host.path("script"), with_made(&program, &host.path("made"))).unwrap();
        for (path, secret) in [
            ("credentials/password.app", "s3cret-app"),
            ("made/ma%22de", "s3cret-made"),
            ("made/o%3Dd%20d", "s3cret-odd"),
        ] {
            fs::write(host.path(path), secret).unwrap();
        }
        Some(host)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    fn run(&self) -> Seen {
        fs::set_permissions(self.home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        hand_over(self.home.path());
        let mut command = as_server_user("sh".into());
        command
            .args(["-c", "umask 0022; exec bash \"$0\""])
            .arg(self.path("script"))
            .current_dir("/")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("STATE_DIRECTORY", self.path("state"))
            .env("CREDENTIALS_DIRECTORY", self.path("credentials"));
        seen(&mut command, b"")
    }

    fn metrics(&self) -> String {
        fs::read_to_string(self.path("state/metrics/dbgen-verify.prom")).unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_unit_tells_who_gets_in_and_who_does_not() {
    let Some(host) = Host::new("the_unit_tells_who_gets_in_and_who_does_not") else {
        return;
    };
    let cluster = &host.cluster;
    cluster.sql(
        "postgres",
        "CREATE ROLE app LOGIN PASSWORD 's3cret-app'; CREATE ROLE \"o=d d\" LOGIN PASSWORD 's3cret-odd'; CREATE ROLE \"ma\"\"de\" LOGIN PASSWORD 's3cret-made'",
    );
    for (database, owner) in [("app", "app"), ("odd", "o=d d"), ("made", "ma\"\"de")] {
        cluster.sql(
            "postgres",
            &format!("CREATE DATABASE {database} OWNER \"{owner}\""),
        );
    }
    let all = "local all postgres trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n";
    cluster.write(
        "pg_hba.conf",
        &format!("{all}host all all ::1/128 scram-sha-256\n"),
    );
    cluster.reload();
    let fine = host.run();
    assert_eq!(fine.status, Some(0), "{}{}", fine.out, fine.err);
    let metrics = host.metrics();
    for (user, routes) in [("app", 3), ("ma\\\"de", 3), ("o=d d", 3)] {
        let lines = metrics.lines();
        let of = lines.filter(|line| line.contains(&format!("user=\"{user}\"")));
        assert_eq!(
            of.filter(|line| line.ends_with(" 1")).count(),
            routes,
            "{metrics}"
        );
    }
    assert!(metrics.contains("\ndbgen_verify_success 1\n"));
    let file = host.path("state/metrics/dbgen-verify.prom");
    assert_eq!((mode(file.parent().unwrap()), mode(&file)), (0o755, 0o644));

    // The outage: no line for ::1. The unit ends with 1, which systemd is told to take for success.
    cluster.write("pg_hba.conf", all);
    cluster.reload();
    let refused = host.run();
    assert_eq!(refused.status, Some(1), "{}", refused.err);
    assert!(
        refused
            .out
            .contains("add the line `host \"app\" \"app\" ::1/128"),
        "{}",
        refused.out
    );
    let metrics = host.metrics();
    assert!(
        metrics.contains("dbgen_verify_login_ok{database=\"app\",user=\"app\",route=\"::1\"} 0\n")
    );
    assert!(metrics.contains("\ndbgen_verify_success 0\n"));
    for seen in [&fine, &refused] {
        assert!(!format!("{}{}", seen.out, seen.err).contains("s3cret"));
    }
    let left = Command::new("ls").arg(host.path("state/metrics")).output();
    assert_eq!(left.unwrap().stdout, b"dbgen-verify.prom\n");

    // What can't be a password is the failure of its role alone, also where it is no file.
    for kind in ["bytes", "long", "pipe", "empty"] {
        let file = host.path("made/ma%22de");
        fs::remove_file(&file).unwrap();
        match kind {
            "bytes" => fs::write(&file, b"\xff\xfe").unwrap(),
            "long" => fs::write(&file, "x".repeat(2_000_000)).unwrap(),
            "empty" => fs::write(&file, "\n").unwrap(),
            _ => assert!(
                Command::new("mkfifo")
                    .arg(&file)
                    .status()
                    .unwrap()
                    .success()
            ),
        }
        let seen = host.run();
        assert_eq!(seen.status, Some(1), "{kind}: {}{}", seen.out, seen.err);
        let metrics = host.metrics();
        let gets_in =
            |user: &str| metrics.contains(&format!("user=\"{user}\",route=\"127.0.0.1\"}} 1\n"));
        assert!(
            gets_in("app") && gets_in("o=d d") && !gets_in("ma\\\"de"),
            "{kind}: {metrics}"
        );
        let told = match kind {
            "bytes" => "can't be a password: it is not UTF-8",
            "long" => "can't be a password: it has more than 1024 bytes",
            _ => {
                "the password of role ma\"de is empty or not there: its logins are not tried with it"
            }
        };
        assert!(
            format!("{}{}", seen.out, seen.err).contains(told),
            "{kind}: {}{}",
            seen.out,
            seen.err
        );
    }

    // Metrics that can't be written are no success, and what they tell is told all the same.
    let folder = host.path("state/metrics");
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    let seen = host.run();
    assert_eq!(seen.status, Some(2), "{}{}", seen.out, seen.err);
    assert!(seen.out.contains("logins let in"), "{}", seen.out);
    assert!(seen.err.contains("state/metrics"), "{}", seen.err);
    fs::remove_file(&folder).unwrap();

    // Nobody answers.
    cluster.stop("fast");
    let seen = host.run();
    assert_eq!(seen.status, Some(1), "{}{}", seen.out, seen.err);
    assert!(host.metrics().contains("\ndbgen_verify_success 0\n"));
}

#[test]
fn declarations_bring_no_password_into_the_store() {
    // A password as a literal is no declaration: neither render nor verify takes it.
    for literal in [
        "password = \"hunter2\"",
        "password = { file = \"./secret\" }",
        "password = { file = \"/nix/store/x-secret\" }",
    ] {
        let text = DECLARED.replace("password = { file = \"/run/secrets/app\" }", literal);
        let folder = Folder::with(&[("app.toml", &text)]);
        assert_eq!(
            folder.run(&["render", "app.toml"]).status,
            Some(1),
            "{literal}"
        );
        assert_ne!(
            folder.run(&["verify", "app.toml"]).status,
            Some(0),
            "{literal}"
        );
    }
}
