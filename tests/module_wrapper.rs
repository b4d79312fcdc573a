//! The program of the unit `dbgen-provision` on real servers: what becomes of secrets, of passwords that are made on the
//! host, and of the metrics, whatever happens to the run.
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
use std::process::{Command, Stdio};

use run::Folder;
use support::postgres::{Cluster, newest};
use unit::{Unit, mode};

const DECLARED: &str = "
[[services.immich.databases]]
type = \"postgresql\"
name = \"immich\"
user = \"immich\"
password = { generate = true }

[[services.immich.roles]]
name = \"Ünï/../code\"
login = true
password = { generate = true }

[[services.immich.roles]]
name = \"reader\"
login = true
password = { file = \"/run/secrets/reader\" }
";

fn host(test: &str) -> Option<(Cluster, Unit)> {
    let evaluator = nix::evaluator(test)?;
    let cluster = Cluster::start(&newest(test)?, &[]);
    let seen = Folder::with(&[("immich.toml", DECLARED)]).run(&["render", "immich.toml"]);
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    let unit = Unit::new(&evaluator, &seen.out, &cluster);
    unit.give("password.reader", b"s3cret\nwith a line");
    Some((cluster, unit))
}

/// The server reads the passwords, and what they are comes back.
const READS: &str = "
SELECT encode(pg_read_binary_file('/run/dbgen-provision/secrets/' || name), 'escape') FROM pg_ls_dir('/run/dbgen-provision/secrets') AS name ORDER BY name
\\g (format=unaligned tuples_only=on)
\\o :metrics
\\qecho 'dbgen_statements{database=\"a b\"} 3'
\\qecho 'dbgen_drift{database=\"a b\",kind=\"change\"} 3'
\\qecho 'dbgen_statements{database=\"c]$(exit) \\\\\"\"} 0'
\\qecho 'dbgen_statements{database=\"a b\"} 4'
\\o
";

#[test]
fn the_server_reads_each_secret_and_nothing_of_it_stays() {
    let Some((_cluster, unit)) = host("the_server_reads_each_secret_and_nothing_of_it_stays")
    else {
        return;
    };
    unit.write_program(READS);
    let seen = unit.run("apply");
    assert_eq!((seen.status, &*seen.err), (Some(0), ""));
    let lines: Vec<&str> = seen.out.lines().collect();
    let [other, made, first, second] = lines[..] else {
        panic!("{lines:?}")
    };
    assert_eq!([first, second], ["s3cret", "with a line"]);
    for password in [other, made] {
        let is_url_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        assert!(
            password.len() == 43 && password.bytes().all(is_url_safe),
            "{password}"
        );
    }
    assert_ne!(other, made);
    assert_eq!(unit.names("run"), [""; 0]);

    // The same again.
    assert_eq!(unit.run("apply").out, seen.out);
    assert_eq!(
        unit.names("state/passwords"),
        ["%C3%9Cn%C3%AF%2F%2E%2E%2Fcode", "immich"]
    );
    assert_eq!(
        fs::read_to_string(unit.path("state/passwords/immich")).unwrap(),
        made
    );
    assert_eq!(mode(&unit.path("state/passwords")), 0o700);
    assert_eq!(mode(&unit.path("state/passwords/immich")), 0o400);
}

#[test]
fn metrics_are_families_of_samples_that_the_node_exporter_may_read() {
    let Some((_cluster, unit)) =
        host("metrics_are_families_of_samples_that_the_node_exporter_may_read")
    else {
        return;
    };
    unit.write_program(READS);
    assert_eq!(unit.run("apply").status, Some(0));
    assert_eq!(mode(&unit.path("state/metrics")), 0o755);
    assert_eq!(mode(&unit.path("state/metrics/dbgen.prom")), 0o644);
    assert_eq!(unit.names("state/metrics"), ["dbgen.prom"]);
    let metrics = unit.metrics();
    let shape: Vec<&str> = metrics
        .lines()
        .map(|line| match line.strip_prefix("dbgen_") {
            Some(sample) if !sample.contains('{') => sample.split(' ').next().unwrap(),
            _ => line,
        })
        .collect();
    insta::assert_snapshot!(shape.join("\n"));
    assert_eq!(unit.metric("dbgen_run_success"), Some(1.0));
    let (last, success) = (
        unit.metric("dbgen_last_run_timestamp_seconds"),
        unit.metric("dbgen_last_success_timestamp_seconds"),
    );
    assert!(success.unwrap() > 1.7e9 && last == success, "{metrics}");

    // A run that only looks is no success of making the server what is declared.
    assert_eq!(unit.run("plan").status, Some(0));
    assert_eq!(unit.metric("dbgen_last_success_timestamp_seconds"), success);
    assert!(unit.metric("dbgen_last_run_timestamp_seconds") > last);
}

#[test]
fn a_run_that_fails_says_so_and_keeps_when_the_last_one_succeeded() {
    let Some((_cluster, unit)) =
        host("a_run_that_fails_says_so_and_keeps_when_the_last_one_succeeded")
    else {
        return;
    };
    unit.write_program("\\set ON_ERROR_STOP on\nSELECT 1/0;");
    assert_eq!(unit.run("apply").status, Some(3));
    assert_eq!(
        unit.metric("dbgen_last_success_timestamp_seconds"),
        Some(0.0)
    );
    unit.write_program(READS);
    assert_eq!(unit.run("apply").status, Some(0));
    let success = unit.metric("dbgen_last_success_timestamp_seconds");

    // A secret that is missing.
    fs::remove_file(unit.path("credentials/password.reader")).unwrap();
    let seen = unit.run("apply");
    assert_eq!(seen.status, Some(1));
    assert!(seen.err.contains("password.reader"), "{}", seen.err);
    assert_eq!(unit.metric("dbgen_run_success"), Some(0.0));
    assert_eq!(unit.metric("dbgen_last_success_timestamp_seconds"), success);
    assert_eq!(unit.metric("dbgen_statements{database=\"a b\"}"), None);
    assert_eq!(unit.names("run"), [""; 0]);
}

#[test]
fn a_run_that_is_stopped_leaves_no_secret() {
    let Some((_cluster, unit)) = host("a_run_that_is_stopped_leaves_no_secret") else {
        return;
    };
    unit.write_program("\\echo there\nSELECT pg_sleep(600);");
    let mut child = unit
        .command("apply")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
    assert_eq!(unit.names("run/secrets").len(), 3);
    // As systemd does: every process of the unit.
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let children = fs::read_to_string(children).unwrap();
    let pids: Vec<&str> = children.split_whitespace().collect();
    assert_eq!(pids.len(), 1, "{children}");
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .arg(&id)
            .args(pids)
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(unit.names("run"), [""; 0]);
    assert_eq!(unit.metric("dbgen_run_success"), Some(0.0));
}

#[test]
fn a_password_that_is_there_is_never_replaced() {
    let Some((_cluster, unit)) = host("a_password_that_is_there_is_never_replaced") else {
        return;
    };
    fs::create_dir(unit.path("state/passwords")).unwrap();
    fs::write(unit.path("state/passwords/immich"), "mine").unwrap();
    // What a run left behind that was killed.
    fs::write(unit.path("state/passwords/.new.0123456789"), "half").unwrap();
    unit.write_program(READS);
    let seen = unit.run("apply");
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    assert!(seen.out.contains("\nmine\n"), "{}", seen.out);
    assert_eq!(unit.names("state/passwords").len(), 2);
}

#[test]
fn what_can_not_be_written_stays_as_it_was_and_services_are_not_kept_from_starting_for_good() {
    let Some((_cluster, unit)) = host(
        "what_can_not_be_written_stays_as_it_was_and_services_are_not_kept_from_starting_for_good",
    ) else {
        return;
    };
    unit.write_program(READS);
    assert_eq!(unit.run("apply").status, Some(0));
    let (metrics, ready) = (
        unit.metrics(),
        fs::read_to_string(unit.path("state/ready")).unwrap(),
    );
    // A disk that is full.
    for file in ["state/metrics/dbgen.prom.new", "state/ready.new"] {
        std::os::unix::fs::symlink("/dev/full", unit.path(file)).unwrap();
    }
    let seen = unit.run("apply");
    assert!(
        seen.err.contains("dbgen.prom can't be written"),
        "{}",
        seen.err
    );
    assert_eq!(unit.metrics(), metrics);
    assert_eq!(fs::read_to_string(unit.path("state/ready")).unwrap(), ready);
    // A unit that failed is started again by each start of a service.
    assert_eq!(seen.status, Some(1), "{}", seen.err);
    // Metrics alone are no reason to fail.
    fs::remove_file(unit.path("state/ready.new")).unwrap();
    let seen = unit.run("apply");
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    assert_eq!(unit.metrics(), metrics);
    assert_eq!(unit.names("run"), [""; 0]);
}

#[test]
fn looking_makes_no_password() {
    let Some((_cluster, unit)) = host("looking_makes_no_password") else {
        return;
    };
    unit.write_program(READS);
    let seen = unit.run("plan");
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    assert!(!unit.path("state/passwords").exists());
}

#[test]
fn a_secret_that_is_not_there_keeps_nobody_else_from_theirs() {
    let Some((cluster, unit)) = host("a_secret_that_is_not_there_keeps_nobody_else_from_theirs")
    else {
        return;
    };
    // As systemd gives it by SetCredential.
    unit.give("password.reader", b"\n");
    let seen = unit.run("apply");
    assert_eq!(seen.status, Some(3), "{}", seen.err);
    let told = "dbgen: the file of the credential password.reader is empty, or was not there when the unit started\n";
    assert!(seen.err.contains(told), "{}", seen.err);
    let made = "SELECT has_database_privilege('public', 'immich', 'CONNECT'), rolpassword LIKE 'SCRAM%' FROM pg_authid WHERE rolname = 'immich'";
    assert_eq!(cluster.sql("postgres", made), "f|t");
}
