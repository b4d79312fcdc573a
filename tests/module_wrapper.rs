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
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

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

/// A run whose SQL program has printed this line, and what else it prints.
fn started(unit: &Unit, line: &str) -> (Child, BufReader<ChildStdout>) {
    let mut child = unit
        .command("apply")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    assert_eq!(first, line);
    (child, out)
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
    assert_eq!(unit.names("run"), ["ready"]);

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

    // No folder can be made for the secrets.
    fs::remove_dir_all(unit.path("run")).unwrap();
    fs::write(unit.path("run"), "").unwrap();
    let seen = unit.run("apply");
    assert_eq!(seen.status, Some(1));
    assert!(seen.err.contains("/run/secrets"), "{}", seen.err);
    assert_eq!(unit.metric("dbgen_run_success"), Some(0.0));
    assert_eq!(unit.metric("dbgen_last_success_timestamp_seconds"), success);
    assert_eq!(unit.metric("dbgen_statements{database=\"a b\"}"), None);
}

#[test]
fn a_run_that_is_stopped_leaves_no_secret() {
    let Some((_cluster, unit)) = host("a_run_that_is_stopped_leaves_no_secret") else {
        return;
    };
    unit.write_program("\\echo there\nSELECT pg_sleep(600);");
    let (mut child, _out) = started(&unit, "there\n");
    assert_eq!(unit.names("run/secrets").len(), 3);
    // As systemd does: every process of the unit.
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let children = fs::read_to_string(children).unwrap();
    let pids: Vec<&str> = children.split_whitespace().collect();
    assert_eq!(pids.len(), 1, "{children}");
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(pids)
            .arg(&id)
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(unit.names("run"), ["ready"]);
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
        fs::read_to_string(unit.path("run/ready")).unwrap(),
    );
    // A disk that is full.
    for file in ["state/metrics/dbgen.prom.new", "run/ready.new"] {
        std::os::unix::fs::symlink("/dev/full", unit.path(file)).unwrap();
    }
    let seen = unit.run("apply");
    assert!(
        seen.err.contains("dbgen.prom can't be written"),
        "{}",
        seen.err
    );
    assert_eq!(unit.metrics(), metrics);
    assert_eq!(fs::read_to_string(unit.path("run/ready")).unwrap(), ready);
    // A unit that failed is started again by each start of a service.
    assert_eq!(seen.status, Some(1), "{}", seen.err);
    // Metrics alone are no reason to fail.
    fs::remove_file(unit.path("run/ready.new")).unwrap();
    let seen = unit.run("apply");
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    assert_eq!(unit.metrics(), metrics);
    assert_eq!(unit.names("run"), ["ready"]);
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
    let told = "dbgen: the credential password.reader is empty: its file could not be read when the unit started (journalctl --unit dbgen-secrets)\n";
    let made = "SELECT has_database_privilege('public', 'immich', 'CONNECT'), rolpassword LIKE 'SCRAM%' FROM pg_authid WHERE rolname = 'immich'";
    for _ in 0..2 {
        let seen = unit.run("apply");
        assert_eq!(seen.status, Some(3), "{}", seen.err);
        assert!(seen.err.contains(told), "{}", seen.err);
        assert_eq!(cluster.sql("postgres", made), "f|t");
        // Not even that.
        let _ = fs::remove_file(unit.path("credentials/password.reader"));
        cluster.sql("postgres", "ALTER ROLE immich PASSWORD NULL");
    }
}

/// Whether these roles have a password that the server knows.
fn known(cluster: &Cluster) -> String {
    cluster.sql(
        "postgres",
        "SELECT string_agg(rolname, ' ' ORDER BY rolname COLLATE \"C\") FROM pg_authid WHERE rolpassword IS NOT NULL",
    )
}

#[test]
fn a_made_password_that_can_not_be_used_is_the_failure_of_its_role_alone() {
    let Some((cluster, unit)) =
        host("a_made_password_that_can_not_be_used_is_the_failure_of_its_role_alone")
    else {
        return;
    };
    assert_eq!(unit.run("apply").status, Some(0));
    let file = unit.path("state/passwords/immich");
    for kind in ["empty", "line", "folder", "pipe", "long", "bytes"] {
        cluster.sql(
            "postgres",
            "ALTER ROLE immich PASSWORD NULL; ALTER ROLE reader PASSWORD NULL",
        );
        let _ = fs::remove_dir(&file).or_else(|_| fs::remove_file(&file));
        match kind {
            "empty" => fs::write(&file, "").unwrap(),
            "line" => fs::write(&file, "\n").unwrap(),
            "folder" => fs::create_dir(&file).unwrap(),
            "pipe" => assert!(
                Command::new("mkfifo")
                    .arg(&file)
                    .status()
                    .unwrap()
                    .success()
            ),
            "long" => fs::write(&file, "x".repeat(2_000_000)).unwrap(),
            _ => fs::write(&file, b"\xff\xfe").unwrap(),
        }
        let seen = unit.run("apply");
        assert_eq!(seen.status, Some(3), "{kind}: {}", seen.err);
        let told = match kind {
            "long" => "it has more than 1024 bytes".to_owned(),
            "bytes" => "it is not UTF-8".to_owned(),
            _ => format!(
                "dbgen: there is no password in {} that can be read; without that file another one is made\n",
                file.display()
            ),
        };
        let said = format!("{}{}", seen.out, seen.err);
        assert!(said.contains(&told), "{kind}: {said}");
        assert_eq!(known(&cluster), "reader \u{dc}n\u{ef}/../code", "{kind}");
        assert_eq!(unit.names("run"), ["ready"]);
    }
}

#[test]
fn a_password_for_a_group_that_is_none_is_the_failure_of_its_role_alone() {
    let test = "a_password_for_a_group_that_is_none_is_the_failure_of_its_role_alone";
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let Some(installation) = newest(test) else {
        return;
    };
    let cluster = Cluster::start(&installation, &[]);
    let declared = DECLARED.replacen(
        "{ generate = true }",
        "{ generate = true, group = \"no-such-group\" }",
        1,
    );
    let seen = Folder::with(&[("immich.toml", &declared)]).run(&["render", "immich.toml"]);
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    let unit = Unit::new(&evaluator, &seen.out, &cluster);
    unit.give("password.reader", b"s3cret");
    for _ in 0..2 {
        let seen = unit.run("apply");
        assert_eq!(seen.status, Some(3), "{}", seen.err);
        let told = "can't be given to the group no-such-group: is it one of users.groups?";
        assert!(seen.err.contains(told), "{}", seen.err);
        assert_eq!(known(&cluster), "reader \u{dc}n\u{ef}/../code");
        // Nobody reads it who may not.
        assert_eq!(unit.names("state/passwords").len(), 2);
    }
}

#[test]
fn a_server_that_answers_nobody_any_more_is_given_up() {
    let Some((cluster, unit)) = host("a_server_that_answers_nobody_any_more_is_given_up") else {
        return;
    };
    let script = fs::read_to_string(unit.path("script")).unwrap();
    assert!(script.contains("\npatience=10\n"));
    fs::write(
        unit.path("script"),
        script.replace("\npatience=10\n", "\npatience=2\n"),
    )
    .unwrap();
    // A busy one is waited for.
    unit.write_program("SELECT pg_sleep(5);");
    let seen = unit.run("apply");
    assert_eq!((seen.status, &*seen.err), (Some(0), ""));

    unit.write_program("\\echo is in\nSELECT pg_sleep(1);\nSELECT 1;");
    let (child, _out) = started(&unit, "is in\n");
    let frozen = cluster.frozen();
    let started = std::time::Instant::now();
    let ended = child.wait_with_output().unwrap();
    assert!(started.elapsed().as_secs() < 60);
    drop(frozen);
    assert_eq!(ended.status.code(), Some(143));
    assert_eq!(
        String::from_utf8(ended.stderr).unwrap(),
        "dbgen: the server had taken the connection, and no longer answers anybody: given up; what was not committed is undone\n"
    );
    assert_eq!(unit.metric("dbgen_run_success"), Some(0.0));
    assert_eq!(unit.names("run"), ["ready"]);

    // One that does not even let anybody in.
    let frozen = cluster.frozen();
    let seen = unit.run("apply");
    drop(frozen);
    assert_eq!(seen.status, Some(2), "{}", seen.err);
    assert!(seen.err.contains("timeout expired"), "{}", seen.err);
}
