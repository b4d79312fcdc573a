//! `dbgen verify` on real servers: each cause of a refused login, by the words of the server and with its reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/run.rs"]
mod run;
mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use run::{DBGEN, Folder, Seen, seen};
use serde_json::Value;
use support::postgres::{Cluster, each_server, newest};

/// The superuser first, then what is declared.
const HBA: &str = "\
local all postgres trust
local \"app\" \"app\" scram-sha-256
host \"app\" \"app\" 127.0.0.1/32 scram-sha-256
host \"app\" \"app\" ::1/128 scram-sha-256
";

const SECRET: &str = "pen:cil \\ äö";

fn declared(cluster: &Cluster, more: &str) -> Folder {
    declared_at(&cluster.socket.display().to_string(), cluster.port, more)
}

fn declared_at(socket: &str, port: u16, more: &str) -> Folder {
    let text = format!(
        r#"
[instances.main]
socketDirectory = "{socket}"

[[services.app.databases]]
type = "postgresql"
name = "app"
user = "app"
port = {port}
{more}
"#
    );
    Folder::with(&[("app.toml", &text), ("app.secret", SECRET)])
}

fn with_password(folder: &Folder, more: &str) -> String {
    format!(
        "password = {{ file = \"{}\" }}\n{more}",
        folder.path("app.secret").display()
    )
}

/// A server with the role, the database and the rules as declared, and the folder with the declaration.
fn prepared(cluster: &Cluster, more: &str) -> Folder {
    cluster.sql(
        "postgres",
        &format!("CREATE ROLE app LOGIN PASSWORD '{SECRET}'"),
    );
    cluster.sql("postgres", "CREATE DATABASE app OWNER app");
    set_rules(cluster, HBA);
    let folder = declared(cluster, more);
    let text = folder.read("app.toml");
    folder.write("app.toml", &format!("{text}{}", with_password(&folder, "")));
    folder
}

fn set_rules(cluster: &Cluster, text: &str) {
    cluster.write("pg_hba.conf", text);
    cluster.reload();
}

fn command(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = folder.command(DBGEN);
    run::without_libpq(&mut command);
    command.args(["verify", "app.toml"]).args(arguments);
    command
}

fn verify(folder: &Folder, arguments: &[&str]) -> Seen {
    seen(&mut command(folder, arguments), b"")
}

/// The report, and that the exit status goes with it.
#[track_caller]
fn report(folder: &Folder, arguments: &[&str]) -> Value {
    let arguments = [
        &["--format", "json", "--connect", "user=postgres"],
        arguments,
    ]
    .concat();
    let seen = verify(folder, &arguments);
    let report: Value = serde_json::from_str(&seen.out).unwrap_or_else(|_| panic!("{seen:?}"));
    let status = if report["ok"] == true { 0 } else { 1 };
    assert_eq!(seen.status, Some(status), "{seen:?}");
    assert!(!seen.out.contains(SECRET) && !seen.err.contains(SECRET));
    report
}

/// What came of each route: `ok`, `not-tried`, or the code of the problem.
fn routes(report: &Value) -> String {
    let routes = report["logins"][0]["routes"].as_array().unwrap();
    let words = routes
        .iter()
        .map(|route| match route["problem"]["code"].as_str() {
            Some(code) => code,
            None => route["status"].as_str().unwrap(),
        });
    words.collect::<Vec<_>>().join(" ")
}

/// The codes of the problems of the server, the roles and the databases.
fn others(report: &Value) -> String {
    let objects = ["roles", "databases"]
        .into_iter()
        .flat_map(|key| report[key].as_array().unwrap());
    let all = [&report["server"]].into_iter().chain(objects);
    let codes = all.flat_map(|object| object["problems"].as_array().unwrap());
    codes
        .map(|problem| problem["code"].as_str().unwrap())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Problem `route` of the first login.
fn problem(report: &Value, route: usize) -> (String, String, String) {
    let problem = &report["logins"][0]["routes"][route]["problem"];
    let text = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
    (text("message"), text("cause"), text("fix"))
}

#[track_caller]
fn same(report: &Value, expected_routes: &str, expected_others: &str) {
    assert_eq!(
        (routes(report).as_str(), others(report).as_str()),
        (expected_routes, expected_others),
        "{report:#}"
    );
}

#[test]
fn a_server_as_declared_lets_every_login_in() {
    each_server("a_server_as_declared_lets_every_login_in", |cluster| {
        let folder = prepared(
            cluster,
            "extensions = [\"plpgsql\"]\ncollate = \"C\"\nencoding = \"UTF8\"",
        );
        let metrics = folder.path("verify.prom");
        let report = report(&folder, &["--metrics", metrics.to_str().unwrap()]);
        // The result is shown also where the file can't be written.
        let unwritable = verify(&folder, &["--metrics", "no/folder/verify.prom"]);
        assert_eq!(unwritable.status, Some(2), "{unwritable:?}");
        assert!(
            unwritable.out.ends_with("3 logins let in\n"),
            "{unwritable:?}"
        );
        same(&report, "ok ok ok", "");
        assert_eq!(report["summary"]["problems"], 0);
        assert_eq!(report["server"]["user"], "postgres");
        let rule = &report["logins"][0]["routes"][2]["rule"];
        assert_eq!(rule, "line 4: host \"app\" \"app\" ::1/128 scram-sha-256");
        let lines = folder.read("verify.prom");
        for line in [
            "dbgen_verify_login_ok{database=\"app\",user=\"app\",route=\"socket\"} 1\n",
            "dbgen_verify_login_ok{database=\"app\",user=\"app\",route=\"127.0.0.1\"} 1\n",
            "dbgen_verify_login_ok{database=\"app\",user=\"app\",route=\"::1\"} 1\n",
            "dbgen_verify_success 1\n",
            "dbgen_verify_timestamp_seconds ",
        ] {
            assert!(lines.contains(line), "{lines}");
        }
        assert_eq!(folder.names("."), ["app.secret", "app.toml", "verify.prom"]);
    });
}

#[test]
fn a_refused_password_is_told_by_its_reason() {
    each_server("a_refused_password_is_told_by_its_reason", |cluster| {
        let folder = prepared(cluster, "");
        let refused = "password authentication failed for user \"app\"";
        let check = |code: &str, object: &str, reason: &str| {
            let report = report(&folder, &[]);
            same(&report, &[code; 3].join(" "), object);
            for route in 0..3 {
                let (message, cause, fix) = problem(&report, route);
                assert!(message.contains(refused), "{message}");
                assert!(cause.contains(reason), "{cause}");
                assert!(fix.contains("dbgen apply"), "{fix}");
            }
        };
        folder.write("app.secret", "another");
        check("password", "", "another password than the server has");
        folder.write("app.secret", SECRET);
        cluster.sql("postgres", "ALTER ROLE app VALID UNTIL '2001-01-01'");
        check("expired", "expired", "VALID UNTIL 2001-01-01");
        cluster.sql(
            "postgres",
            "ALTER ROLE app VALID UNTIL 'infinity' PASSWORD NULL",
        );
        check(
            "no-password-stored",
            "",
            "has no password for the role `app`",
        );
        cluster.sql(
            "postgres",
            "SET password_encryption = md5; ALTER ROLE app PASSWORD 'x'",
        );
        check("md5-stored", "", "as an MD5 hash");
        cluster.sql(
            "postgres",
            "ALTER DATABASE app OWNER TO postgres; DROP ROLE app",
        );
        check(
            "no-role",
            "no-role owner",
            "does not exist on the server: the server says the same",
        );
    });
}

#[test]
fn a_rule_that_is_missing_or_refuses_is_told_with_the_declared_one() {
    each_server("a_rule_that_is_missing_or_refuses", |cluster| {
        let folder = prepared(cluster, "");
        let without: Vec<&str> = HBA.lines().filter(|line| !line.contains("::1")).collect();
        set_rules(cluster, &without.join("\n"));
        let found = report(&folder, &[]);
        same(&found, "ok ok no-rule", "");
        let (message, cause, fix) = problem(&found, 2);
        assert!(
            message.contains("FATAL:  no pg_hba.conf entry for host \"::1\", user \"app\", database \"app\", no encryption"),
            "{message}"
        );
        assert!(cause.contains("libpq tries ::1 first"), "{cause}");
        assert!(
            fix.contains("`host \"app\" \"app\" ::1/128 scram-sha-256`"),
            "{fix}"
        );

        set_rules(
            cluster,
            &HBA.replace("127.0.0.1/32 scram-sha-256", "127.0.0.1/32 reject"),
        );
        let found = report(&folder, &[]);
        same(&found, "ok rejected ok", "");
        let (message, cause, _) = problem(&found, 1);
        assert!(
            message.contains("pg_hba.conf rejects connection"),
            "{message}"
        );
        assert!(
            cause.contains("line 3: host \"app\" \"app\" 127.0.0.1/32 reject"),
            "{cause}"
        );

        // A quoted keyword is a name, which pg_hba_file_rules does not show.
        set_rules(
            cluster,
            "local all postgres trust\nlocal \"all\" all scram-sha-256\nhost all all all scram-sha-256\n",
        );
        let found = report(&folder, &[]);
        same(&found, "no-rule ok ok", "");
    });
}

#[test]
fn what_the_server_has_not_read_is_not_in_force() {
    each_server("what_the_server_has_not_read_is_not_in_force", |cluster| {
        let folder = prepared(cluster, "");
        let without: Vec<&str> = HBA.lines().filter(|line| !line.contains("::1")).collect();
        set_rules(cluster, &without.join("\n"));
        cluster.write("pg_hba.conf", HBA);
        let found = report(&folder, &[]);
        same(&found, "ok ok file-not-loaded", "file-not-loaded");
        let (_, cause, fix) = problem(&found, 2);
        assert!(
            cause.contains("line 4: host \"app\" \"app\" ::1/128"),
            "{cause}"
        );
        assert!(fix.contains("pg_reload_conf"), "{fix}");

        set_rules(cluster, &format!("{HBA}host all all nonsense\n"));
        let found = report(&folder, &[]);
        same(&found, "ok ok file-error", "file-error");
        let message = found["server"]["problems"][0]["message"].as_str().unwrap();
        assert!(message.starts_with("line 5: "), "{message}");

        // Neither the method nor the password is to blame for a file that was refused.
        set_rules(
            cluster,
            &HBA.replacen("127.0.0.1/32 scram-sha-256", "127.0.0.1/32 ident", 1),
        );
        same(&report(&folder, &[]), "ok authentication ok", "");
        let open = HBA.replace("scram-sha-256", "trust");
        set_rules(cluster, &format!("{open}host all all nonsense\n"));
        let found = report(&folder, &[]);
        same(&found, "ok file-error ok", "file-error");
        set_rules(cluster, HBA);
        folder.write("app.secret", "another");
        set_rules(cluster, &format!("{open}host all all nonsense\n"));
        let found = report(&folder, &[]);
        same(&found, "file-error file-error file-error", "file-error");
        folder.write("app.secret", SECRET);

        set_rules(cluster, HBA);
        same(&report(&folder, &[]), "ok ok ok", "");
    });
}

#[test]
fn a_host_name_is_the_rule_perhaps() {
    each_server("a_host_name_is_the_rule_perhaps", |cluster| {
        let folder = prepared(cluster, "");
        let lines: Vec<&str> = HBA.lines().filter(|line| !line.contains("::1")).collect();
        let rules = format!("host all all .dbgen.invalid trust\n{}\n", lines.join("\n"));
        set_rules(cluster, &rules);
        let found = report(&folder, &[]);
        same(&found, "ok ok no-rule", "");
        let routes = &found["logins"][0]["routes"];
        let rule = routes[1]["rule"].as_str().unwrap();
        assert_eq!(
            rule,
            "perhaps line 1: host all all \".dbgen.invalid\" trust"
        );
        assert!(routes[1]["method"].is_null(), "{found}");
        // The server says that none does.
        assert!(routes[2]["rule"].is_null(), "{found}");
        let (_, cause, _) = problem(&found, 2);
        assert!(cause.contains("the name in line 1: "), "{cause}");
    });
}

#[test]
fn what_keeps_a_known_user_out_is_told() {
    each_server("what_keeps_a_known_user_out_is_told", |cluster| {
        let folder = prepared(cluster, "");
        let check = |sql: &str, code: &str, object: &str, message: &str| {
            cluster.sql("postgres", sql);
            let report = report(&folder, &[]);
            same(&report, &[code; 3].join(" "), object);
            assert!(problem(&report, 0).0.contains(message), "{report:#}");
        };
        check(
            "ALTER ROLE app NOLOGIN",
            "no-login",
            "no-login",
            "role \"app\" is not permitted to log in",
        );
        check(
            "ALTER ROLE app LOGIN CONNECTION LIMIT 0",
            "role-limit",
            "role-limit",
            "too many connections for role \"app\"",
        );
        check(
            "ALTER ROLE app CONNECTION LIMIT -1; REVOKE CONNECT ON DATABASE app FROM PUBLIC, app",
            "no-connect",
            "no-connect",
            "permission denied for database \"app\"",
        );
        check(
            "GRANT CONNECT ON DATABASE app TO PUBLIC; ALTER DATABASE app CONNECTION LIMIT 0",
            "database-limit",
            "database-limit",
            "too many connections for database \"app\"",
        );
        check(
            "ALTER DATABASE app CONNECTION LIMIT -1; ALTER DATABASE app ALLOW_CONNECTIONS false",
            "database-closed",
            "database-closed",
            "not currently accepting connections",
        );
        check(
            "DROP DATABASE app",
            "no-database",
            "no-database",
            "database \"app\" does not exist",
        );
    });
}

#[test]
fn a_database_that_is_not_as_declared_is_told() {
    each_server("a_database_that_is_not_as_declared_is_told", |cluster| {
        let folder = prepared(
            cluster,
            "encoding = \"LATIN1\"\ncollate = \"de_DE\"\nctype = \"POSIX\"\nextensions = [\"plpgsql\", \"postgis\"]",
        );
        cluster.sql("postgres", "ALTER DATABASE app OWNER TO postgres");
        let found = report(&folder, &[]);
        same(
            &found,
            "ok ok ok",
            "owner immutable immutable extension-unavailable",
        );
        cluster.sql("app", "DROP EXTENSION plpgsql");
        assert_eq!(
            others(&report(&folder, &[])),
            "owner immutable immutable extension-missing extension-unavailable"
        );
    });
}

#[test]
fn a_server_that_does_not_listen_is_told() {
    each_server("a_server_that_does_not_listen_is_told", |cluster| {
        let folder = prepared(cluster, "");
        cluster.sql(
            "postgres",
            "ALTER SYSTEM SET listen_addresses = '127.0.0.1'",
        );
        cluster.stop("fast");
        cluster.start_again();
        let found = report(&folder, &[]);
        same(&found, "ok ok no-listener", "");
        let (message, cause, fix) = problem(&found, 2);
        assert!(message.contains("Connection refused"), "{message}");
        assert!(cause.contains("listen_addresses is '127.0.0.1'"), "{cause}");
        assert!(fix.contains("a reload is not enough"), "{fix}");

        cluster.stop("fast");
        let found = report(&folder, &[]);
        same(&found, "no-listener no-listener no-listener", "no-listener");
        assert_eq!(found["server"]["asked"], false);
        assert_eq!(found["databases"][0]["checked"], false);
        cluster.start_again();
    });
}

#[test]
fn peer_is_tried_by_its_unix_user_only() {
    let id = Command::new("id").arg("-un").output().unwrap();
    let runner = String::from_utf8(id.stdout).unwrap().trim().to_owned();
    each_server("peer_is_tried_by_its_unix_user_only", |cluster| {
        cluster.sql("postgres", "CREATE ROLE app LOGIN");
        cluster.sql("postgres", "CREATE DATABASE app OWNER app");
        let rules = "local all postgres trust\nlocal \"app\" \"app\" peer map=dbgen\n";
        let map = |user: &str| {
            cluster.write("pg_ident.conf", &format!("dbgen \"{user}\" \"app\"\n"));
            set_rules(cluster, rules);
        };
        let folder = declared(cluster, "unixUser = \"nobody-else\"\nloopback = false");
        map("nobody-else");
        let found = report(&folder, &[]);
        same(&found, "not-tried not-declared not-declared", "");
        let note = found["logins"][0]["routes"][0]["note"].as_str().unwrap();
        assert!(
            note.contains("`nobody-else`") && note.contains("line 1 of pg_ident.conf"),
            "{note}"
        );
        map("other");
        let found = report(&folder, &[]);
        same(&found, "peer not-declared not-declared", "");
        let (_, cause, fix) = problem(&found, 0);
        assert!(
            cause.contains("Peer authentication failed for user \"app\""),
            "{cause}"
        );
        assert!(fix.contains("`\"dbgen\" \"nobody-else\" \"app\"`"), "{fix}");
        assert!(
            !cluster.log().contains("Peer authentication failed"),
            "nobody tried"
        );

        let folder = declared(
            cluster,
            &format!("unixUser = \"{runner}\"\nloopback = false"),
        );
        let found = report(&folder, &[]);
        same(&found, "peer not-declared not-declared", "");
        assert!(
            problem(&found, 0)
                .0
                .contains("Peer authentication failed for user \"app\"")
        );
        map(&runner);
        same(&report(&folder, &[]), "ok not-declared not-declared", "");
    });
}

#[test]
fn a_password_that_is_not_here_is_not_tried() {
    each_server("a_password_that_is_not_here_is_not_tried", |cluster| {
        prepared(cluster, "");
        let elsewhere = declared(cluster, "password = { sops = \"app/password\" }");
        let found = report(&elsewhere, &[]);
        same(&found, "not-tried not-tried not-tried", "");
        let note = found["logins"][0]["routes"][1]["note"].as_str().unwrap();
        assert!(
            note.contains("sops-nix") && note.contains("--password-file app=FILE"),
            "{note}"
        );
        same(
            &report(&elsewhere, &["--password-file", "app=app.secret"]),
            "ok ok ok",
            "",
        );
        // What would refuse every password is told without one.
        cluster.sql("postgres", "ALTER ROLE app PASSWORD NULL");
        let found = report(&elsewhere, &[]);
        same(
            &found,
            "no-password-stored no-password-stored no-password-stored",
            "",
        );
        assert!(problem(&found, 1).0.contains("no password supplied"));
    });
}

#[test]
fn who_may_not_read_everything_says_so() {
    each_server("who_may_not_read_everything_says_so", |cluster| {
        let folder = prepared(cluster, "");
        cluster.sql("postgres", "CREATE ROLE watcher LOGIN");
        set_rules(cluster, &format!("local postgres watcher trust\n{HBA}"));
        folder.write("app.secret", "another");
        let seen = verify(&folder, &["--format", "json", "--connect", "user=watcher"]);
        let found: Value = serde_json::from_str(&seen.out).unwrap();
        same(&found, "password password password", "");
        assert_eq!(found["server"]["notes"].as_array().unwrap().len(), 2);
        assert!(problem(&found, 1).1.contains("only a superuser may look"));
        let seen = verify(&folder, &["--connect", "user=nobody-of-that-name"]);
        assert_eq!(seen.status, Some(1));
        assert!(
            seen.out.contains(
                "no pg_hba.conf entry for host \"[local]\", user \"nobody-of-that-name\""
            ),
            "{}",
            seen.out
        );
    });
}

#[test]
fn a_full_server_is_told() {
    let Some(installation) = newest("a_full_server_is_told") else {
        return;
    };
    let settings = [
        ("max_connections", "5"),
        ("superuser_reserved_connections", "3"),
        ("max_wal_senders", "1"),
        ("autovacuum", "off"),
    ];
    let cluster = Cluster::start_tcp(&installation, &settings);
    let folder = prepared(&cluster, "");
    let mut sleepers: Vec<_> = (0..2)
        .map(|_| {
            cluster
                .client(
                    &["-XAtqc", "SELECT pg_sleep(60)"],
                    "postgres",
                    "postgres",
                    None,
                )
                .spawn()
                .unwrap()
        })
        .collect();
    while cluster.sql(
        "postgres",
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)'",
    ) != "2"
    {}
    let found = report(&folder, &[]);
    for sleeper in &mut sleepers {
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
    }
    same(
        &found,
        "server-limit server-limit server-limit",
        "server-limit",
    );
}

/// A server that answers every connection with these bytes.
fn answering(bytes: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 512];
            let read = stream.read(&mut asked).unwrap_or(0);
            // The request for TLS is declined, and the startup packet follows.
            if asked[..read] == [0, 0, 0, 8, 4, 210, 22, 47] {
                let _ = stream.write_all(b"N");
                let _ = stream.read(&mut asked);
            }
            let _ = stream.write_all(&bytes);
        }
    });
    port
}

/// The server's message that ends a connection.
fn fatal(message: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C57P03\0M{message}\0\0");
    let length = u32::try_from(fields.len() + 4).unwrap().to_be_bytes();
    [b"E", &length[..], fields.as_bytes()].concat()
}

#[test]
fn a_server_that_is_not_up_is_told() {
    for (answer, code) in [
        (fatal("the database system is starting up"), "starting-up"),
        (
            fatal("the database system is shutting down"),
            "shutting-down",
        ),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "no-server"),
    ] {
        let port = answering(answer);
        let folder = declared_at("/nonexistent", port, "");
        let connect = format!("host=127.0.0.1 port={port} user=postgres");
        let seen = verify(&folder, &["--format", "json", "--connect", &connect]);
        assert_eq!(seen.status, Some(1), "{seen:?}");
        let found: Value = serde_json::from_str(&seen.out).unwrap();
        same(&found, &format!("no-listener {code} no-listener"), code);
    }
}

#[test]
fn a_password_is_no_argument_and_no_variable() {
    let Some(installation) = newest("a_password_is_no_argument_and_no_variable") else {
        return;
    };
    let cluster = Cluster::start_tcp(
        &installation,
        &[("log_statement", "all"), ("log_connections", "on")],
    );
    let folder = prepared(&cluster, "");
    let log = cluster.log().len();
    folder.write("seen/.keep", "");
    folder.write("tmp/.keep", "");
    let script = "#!/bin/sh\n\
        { echo \"$@\"; env; test -e \"$PGPASSFILE\" && stat -c 'mode %a' \"$PGPASSFILE\"; } >> seen/psql\n\
        exec psql \"$@\"\n";
    folder.write("watched", script);
    fs::set_permissions(folder.path("watched"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = command(
        &folder,
        &["--connect", "user=postgres", "--psql", "./watched"],
    );
    command
        .env_remove("XDG_RUNTIME_DIR")
        .env("TMPDIR", folder.path("tmp"));
    let seen = seen(&mut command, b"");
    assert_eq!(seen.status, Some(0), "{seen:?}");
    let watched = folder.read("seen/psql");
    assert_eq!(watched.matches("mode 600").count(), 3, "{watched}");
    for text in [
        &watched,
        &seen.out,
        &seen.err,
        &cluster.log()[log..].to_owned(),
    ] {
        assert!(
            !text.contains("pen:cil") && !text.contains("pen\\:cil"),
            "{text}"
        );
    }
    assert!(!watched.contains("PGPASSWORD"));
    assert_eq!(folder.names("tmp"), [".keep"]);
}

#[test]
fn what_could_not_run_ends_with_2() {
    let folder = declared_at("/nonexistent", 5432, "");
    let seen = verify(
        &folder,
        &["--psql", "/nonexistent/psql", "--metrics", "verify.prom"],
    );
    assert_eq!(seen.status, Some(2), "{seen:?}");
    assert!(
        folder
            .read("verify.prom")
            .contains("dbgen_verify_success 0\n")
    );
    folder.write("app.toml", "nonsense");
    assert_eq!(verify(&folder, &[]).status, Some(2));
    let folder = declared_at("/nonexistent", 5432, "");
    assert_eq!(
        verify(&folder, &["--connect", "password=x"]).status,
        Some(2)
    );
}
