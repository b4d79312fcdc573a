//! `dbgen apply --remove` on real servers: what stays without it, what is dropped with it and after which dump, and that whatever goes
//! wrong leaves everything as it was.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/run.rs"]
mod run;
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use run::{DBGEN, Folder, Seen, has, seen};
use support::postgres::{Cluster, each_server};

const OLD: &str = r#"
CREATE ROLE old_app LOGIN;
CREATE DATABASE old OWNER old_app CONNECTION LIMIT 7;
\connect old
SET ROLE old_app;
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE TABLE app.photo (id serial PRIMARY KEY, mood app.mood, at timestamptz DEFAULT now(), tags jsonb, bytes bytea);
INSERT INTO app.photo (mood, tags, bytes) SELECT 'ok', '{"a": 1}', '\x00ff' FROM generate_series(1, 500);
CREATE TABLE app.parent (a integer);
CREATE TABLE app.child (own text) INHERITS (app.parent);
ALTER TABLE app.parent ADD COLUMN later integer DEFAULT 3;
INSERT INTO app.child (a, own) VALUES (1, 'x');
CREATE TABLE app.parts (a integer PRIMARY KEY) PARTITION BY RANGE (a);
CREATE TABLE app.part PARTITION OF app.parts FOR VALUES FROM (0) TO (10);
INSERT INTO app.parts VALUES (1);
CREATE TABLE app.refers (a integer REFERENCES app.parts, what regclass DEFAULT 'app.photo');
INSERT INTO app.refers VALUES (1);
CREATE TABLE app.nothing ();
INSERT INTO app.nothing DEFAULT VALUES;
CREATE TABLE app."odd ""\ 't%s:x" ("c ""\ '%s" text);
INSERT INTO app."odd ""\ 't%s:x" VALUES (E'x\ny');
CREATE VIEW app.seen AS SELECT * FROM app.photo;
CREATE MATERIALIZED VIEW app.counted AS SELECT count(*) FROM app.photo;
CREATE FUNCTION app.f(integer, text) RETURNS integer LANGUAGE sql AS 'SELECT 1';
SELECT lo_from_bytea(777, '\x616263');
RESET ROLE;
ALTER DATABASE old SET datestyle = 'German';
ALTER DATABASE old SET default_transaction_read_only = on;
"#;

/// A folder with declarations that remove these, a directory for dumps, and programs in `bin`.
fn removing(databases: &str, roles: &str) -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.path("dumps")).unwrap();
    declare(&folder, databases, roles, &folder.path("dumps"));
    folder
}

fn declare(folder: &Folder, databases: &str, roles: &str, dumps: &std::path::Path) {
    let dumps = dumps.display();
    folder.write(
        "declared.toml",
        &format!(
            "[instances.main]\nremoved = {{ databases = [{databases}], roles = [{roles}], dumpDirectory = \"{dumps}\" }}\n\
             [[services.immich.databases]]\ntype = \"postgresql\"\nname = \"immich\"\nuser = \"immich\"\n"
        ),
    );
}

fn dbgen(folder: &Folder, cluster: &Cluster, arguments: &[&str]) -> Command {
    let mut command = folder.command(DBGEN);
    command.args(arguments).arg("declared.toml");
    run::without_libpq(&mut command);
    command
        .env("PGPASSFILE", "/nonexistent")
        .env("PGHOST", &cluster.socket)
        .env("PGPORT", cluster.port.to_string())
        .env("PGUSER", "postgres");
    command
}

fn run(folder: &Folder, cluster: &Cluster, arguments: &[&str]) -> Seen {
    seen(&mut dbgen(folder, cluster, arguments), b"")
}

#[track_caller]
fn ended(seen: &Seen, status: i32, parts: &[&str]) {
    let shown = format!("out:\n{}\nerr:\n{}", seen.out, seen.err);
    assert_eq!(seen.status, Some(status), "{shown}");
    for part in parts {
        assert!(seen.out.contains(part), "{part}\n{shown}");
    }
}

/// The major version of pg_dump, which dumps no newer servers.
fn pg_dump_major() -> Option<u8> {
    let output = Command::new("pg_dump").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text.split_whitespace().nth(2)?;
    number.split('.').next()?.parse().ok()
}

/// Whether the installed pg_restore knows a parameter that this server does not have.
fn is_restored_by_newer(cluster: &Cluster) -> bool {
    pg_dump_major() >= Some(17) && cluster.major < 17
}

/// On each server that the installed pg_dump can dump.
fn each_dumpable(test: &str, body: impl Fn(&Cluster) + Sync) {
    if !has("pg_dump", test) {
        return;
    }
    let newest = pg_dump_major().unwrap();
    each_server(test, |cluster| {
        if cluster.major > newest {
            eprintln!(
                "skipped: {test}: pg_dump {newest} does not dump PostgreSQL {}",
                cluster.major
            );
            return;
        }
        body(cluster);
    });
}

fn databases(cluster: &Cluster) -> String {
    cluster.sql("postgres", "SELECT string_agg(concat_ws(' ', datname, datconnlimit), ', ' ORDER BY datname) FROM pg_database WHERE datname !~ 'template|postgres'")
}

const UNTOUCHED: &str = "immich -1, old 7";

/// The database is there as it was, and there is neither a dump nor a part of one.
#[track_caller]
fn assert_untouched(folder: &Folder, cluster: &Cluster) {
    assert_eq!(databases(cluster), UNTOUCHED);
    assert_eq!(cluster.sql("old", "SELECT count(*) FROM app.photo"), "500");
    let settings = "SELECT array_to_string(setconfig, ' ') FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = 'old' AND setrole = 0";
    assert_eq!(
        cluster.sql("postgres", settings),
        "DateStyle=German default_transaction_read_only=on"
    );
    assert_eq!(folder.names("dumps"), Vec::<String>::new());
}

fn program(folder: &Folder, name: &str, script: &str) {
    let path = format!("bin/{name}");
    folder.write(&path, &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(folder.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
}

/// A folder whose `bin` has psql, and what else of the client stands there instead of the real one.
fn with_programs(programs: &[(&str, &str)]) -> Folder {
    let folder = removing("\"old\"", "\"old_app\"");
    program(&folder, "psql", "exec psql \"$@\"");
    for (name, script) in programs {
        program(&folder, name, script);
    }
    folder
}

const FAKED: &[&str] = &["apply", "--remove", "--psql", "./bin/psql"];

#[test]
fn without_the_flag_everything_stays_and_is_told_of() {
    each_server(
        "without_the_flag_everything_stays_and_is_told_of",
        |cluster| {
            cluster.sql("postgres", OLD);
            let folder = removing("\"old\", \"gone\"", "\"old_app\", \"gone\"");
            ended(&run(&folder, cluster, &["apply"]), 0, &[]);
            for command in ["plan", "apply"] {
                let told = run(&folder, cluster, &[command]);
                let words = [
                    "  pending  database old: removed by declaration: dbgen apply --remove drops it, after a verified dump\n",
                    "  pending  role old_app: removed by declaration: dbgen apply --remove drops it",
                    "nothing to do, 2 pending (1 database)\n",
                ];
                ended(&told, 0, &words);
                assert!(!told.out.contains("gone"), "{}", told.out);
            }
            let words = [
                "removal\n",
                "change   DROP DATABASE old\n",
                "change   DROP ROLE old_app\n",
                "\n2 changes (1 database)\n",
            ];
            ended(&run(&folder, cluster, &["plan", "--remove"]), 1, &words);
            // A script makes no dump, so it drops nothing.
            let script = run(&folder, cluster, &["plan", "--remove", "--format", "sql"]);
            ended(
                &script,
                1,
                &["-- change: database old:", "--   DROP DATABASE old\n"],
            );
            assert!(
                script
                    .out
                    .lines()
                    .all(|line| line.is_empty() || line.starts_with("--")),
                "{}",
                script.out
            );
            assert_untouched(&folder, cluster);
        },
    );
}

#[test]
fn a_database_is_dropped_after_a_dump_that_has_everything() {
    each_dumpable(
        "a_database_is_dropped_after_a_dump_that_has_everything",
        |cluster| {
            cluster.sql("postgres", OLD);
            let folder = removing("\"old\"", "\"old_app\"");
            let oid = cluster.sql(
                "postgres",
                "SELECT oid FROM pg_database WHERE datname = 'old'",
            );
            let apply = run(&folder, cluster, &["apply", "--remove"]);
            ended(
                &apply,
                0,
                &[
                    "done     DROP DATABASE old\n",
                    "was restored and compared",
                    "done     DROP ROLE old_app\n",
                ],
            );
            assert_eq!(databases(cluster), "immich -1");
            let roles = "SELECT count(*) FROM pg_roles WHERE rolname = 'old_app'";
            assert_eq!(cluster.sql("postgres", roles), "0");
            let [name] = folder.names("dumps").try_into().unwrap();
            assert!(
                name.starts_with(&format!("old.{oid}.20")) && name.ends_with("Z.dump"),
                "{name}"
            );
            let dump = folder.path("dumps").join(name);
            assert_eq!(dump.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(apply.out.matches(&*dump.display().to_string()).count(), 1);
            for command in ["plan", "apply"] {
                let again = run(&folder, cluster, &[command, "--remove"]);
                ended(&again, 0, &[]);
                assert!(
                    again.out.ends_with("nothing to do (1 database)\n"),
                    "{}",
                    again.out
                );
                assert!(!again.out.contains("removal"), "{}", again.out);
            }

            cluster.sql("postgres", "CREATE ROLE old_app LOGIN");
            restore(cluster, &dump);
            assert_eq!(databases(cluster), "immich -1, old 7");
            assert_eq!(cluster.sql("old", "SELECT count(*) FROM app.photo"), "500");
            assert_eq!(cluster.sql("old", "SHOW datestyle"), "German, DMY");
            assert_eq!(
                cluster.sql("old", "SELECT encode(lo_get(777), 'escape')"),
                "abc"
            );
        },
    );
}

/// What pg_dump writes about the database itself is for servers of its own version, and later ones.
fn restore(cluster: &Cluster, dump: &std::path::Path) {
    let creates = pg_dump_major() == Some(cluster.major);
    if !creates {
        cluster.sql(
            "postgres",
            "CREATE DATABASE old OWNER old_app CONNECTION LIMIT 7",
        );
        cluster.sql("postgres", "ALTER DATABASE old SET datestyle = 'German'");
        cluster.sql(
            "postgres",
            "ALTER DATABASE old SET default_transaction_read_only = on",
        );
    }
    let mut restore = Command::new("pg_restore");
    let too_new = is_restored_by_newer(cluster);
    if !too_new {
        restore.arg("--exit-on-error");
    }
    restore.args(["-U", "postgres", "-h"]);
    restore.arg(&cluster.socket);
    restore.args(["-p", &cluster.port.to_string()]);
    match creates {
        true => restore.args(["--create", "-d", "postgres"]),
        false => restore.args(["-d", "old"]),
    };
    // What is read-only has been so before it was dumped.
    restore.env("PGOPTIONS", "-c default_transaction_read_only=off");
    let restored = restore.arg(dump).output().unwrap();
    let told = String::from_utf8_lossy(&restored.stderr);
    assert!(
        restored.status.success() || too_new && told.contains("errors ignored on restore: 1"),
        "{told}"
    );
}

#[test]
fn who_is_connected_is_named_and_keeps_the_database() {
    each_server(
        "who_is_connected_is_named_and_keeps_the_database",
        |cluster| {
            cluster.sql("postgres", OLD);
            let folder = removing("\"old\"", "\"old_app\"");
            ended(&run(&folder, cluster, &["apply"]), 0, &[]);
            let mut session =
                cluster.client(&["-Xc", "SELECT pg_sleep(60)"], "old", "postgres", None);
            let mut session = session
                .env("PGAPPNAME", "gallery")
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            let there = "SELECT pid FROM pg_stat_activity WHERE datname = 'old'";
            let pid = until(|| Some(cluster.sql("postgres", there)).filter(|pid| !pid.is_empty()));
            let words = format!(
                "blocked  database old: to be removed, but it stays: it is in use by process {pid} (postgres, gallery, since "
            );
            // What the database needs stays with it.
            let owner = "blocked  role old_app: to be removed, but it stays: it owns database old";
            for command in ["plan", "apply"] {
                let seen = run(&folder, cluster, &[command, "--remove"]);
                ended(&seen, 1, &[&words, owner]);
            }
            assert_untouched(&folder, cluster);
            session.kill().unwrap();
            session.wait().unwrap();
        },
    );
}

#[test]
fn a_role_that_something_needs_stays_and_all_of_it_is_named() {
    each_server(
        "a_role_that_something_needs_stays_and_all_of_it_is_named",
        |cluster| {
            cluster.sql("postgres", "CREATE ROLE needed; CREATE ROLE \"it's \"\"free\"\" \\x\"; CREATE DATABASE \"o'ther \"\"\"; GRANT CONNECT ON DATABASE postgres TO needed");
            cluster.sql("o'ther \"", "CREATE TABLE mine (a integer); ALTER TABLE mine OWNER TO needed; CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO needed; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO needed");
            let folder = removing("", "\"needed\", \"it's \\\"free\\\" \\\\x\"");
            let apply = run(&folder, cluster, &["apply", "--remove"]);
            ended(
                &apply,
                1,
                &[
                    "blocked  role needed: to be removed, but it stays: it has privileges on database postgres; in database \"o'ther \"\"\" it owns table public.mine, is named by default privileges on new relations belonging to role postgres, has privileges on schema s",
                    "REASSIGN OWNED BY needed TO ...; DROP OWNED BY needed",
                    "done     DROP ROLE \"it's \"\"free\"\" \\x\"",
                ],
            );
            assert_eq!(
                cluster.sql(
                    "postgres",
                    "SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolname ~ 'needed|free'"
                ),
                "needed"
            );
            cluster.sql(
                "o'ther \"",
                "REASSIGN OWNED BY needed TO postgres; DROP OWNED BY needed",
            );
            cluster.sql("postgres", "DROP OWNED BY needed");
            ended(
                &run(&folder, cluster, &["apply", "--remove"]),
                0,
                &["done     DROP ROLE needed"],
            );
        },
    );
}

#[test]
fn nothing_is_dropped_without_a_good_dump() {
    let fakes: &[(&str, &str, &str)] = &[
        ("pg_dump", "echo garbage", "pg_restore failed: "),
        ("pg_dump", "exit 0", "pg_restore failed: "),
        (
            "pg_dump",
            "echo 'no space left' >&2; exit 1",
            "pg_dump failed: no space left",
        ),
        ("pg_dump", "kill -9 $$", "pg_dump failed: signal: 9"),
        // A disk that is full.
        (
            "pg_dump",
            "ulimit -f 8; trap '' XFSZ; exec pg_dump \"$@\"",
            "pg_dump failed: ",
        ),
        ("pg_dump", "pg_dump \"$@\" | head -c 3000", "failed: "),
        // Whole archives, of something else.
        (
            "pg_dump",
            "exec pg_dump --format=custom --dbname=immich",
            "is missing in the dump",
        ),
        (
            "pg_dump",
            "exec pg_dump \"$@\" --exclude-table-data=app.child",
            "rows of table app.child: 1 rows, ",
        ),
        (
            "pg_dump",
            "exec pg_dump \"$@\" --exclude-table=app.nothing",
            "table app.nothing is missing in the dump",
        ),
        ("pg_restore", "exit 0", "is missing in the dump"),
    ];
    each_dumpable("nothing_is_dropped_without_a_good_dump", |cluster| {
        cluster.sql("postgres", OLD);
        for (name, script, why) in fakes {
            let folder = with_programs(&[(name, script)]);
            let words = [
                *why,
                "failed   DROP DATABASE old\n",
                "not removed: ",
                "not done: removal",
            ];
            ended(&run(&folder, cluster, FAKED), 1, &words);
            assert_untouched(&folder, cluster);
        }
        // A directory that is not there, and one that takes no file.
        let folder = with_programs(&[]);
        declare(&folder, "\"old\"", "", &folder.path("missing"));
        ended(
            &run(&folder, cluster, FAKED),
            1,
            &["blocked  database old: ", "there is no directory "],
        );
        declare(&folder, "\"old\"", "", &PathBuf::from("/proc"));
        ended(
            &run(&folder, cluster, FAKED),
            1,
            &["failed   DROP DATABASE old\n", "not removed: /proc: "],
        );
        assert_untouched(&folder, cluster);
    });
}

/// pg_restore of 17 and later begins with a parameter that older servers do not have. Where the one here is older, a script says
/// what pg_restore 18 says; where it is newer, all tests of this file have the real one.
#[test]
fn a_newer_pg_restore_is_forgiven_what_an_older_server_does_not_have_and_nothing_else() {
    let newer = |more: &str, ignored: u8| {
        let told = "pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter \"transaction_timeout\"\nCommand was: SET transaction_timeout = 0;\n\n";
        format!(
            "printf '%s' '{told}' >&2\ncase \" $* \" in *' --exit-on-error '*) exit 1;; esac\npg_restore \"$@\" || exit\nprintf '%s' '{more}pg_restore: warning: errors ignored on restore: {ignored}' >&2\nexit 1"
        )
    };
    let more = "pg_restore: error: could not execute query: ERROR:  out of memory\nCommand was: CREATE TABLE app.more ();\n\n";
    each_dumpable(
        "a_newer_pg_restore_is_forgiven_what_an_older_server_does_not_have_and_nothing_else",
        |cluster| {
            if is_restored_by_newer(cluster) {
                return;
            }
            cluster.sql("postgres", OLD);
            let folder = with_programs(&[("pg_restore", &newer(more, 2))]);
            let words = ["failed   DROP DATABASE old\n", "CREATE TABLE app.more"];
            ended(&run(&folder, cluster, FAKED), 1, &words);
            assert_untouched(&folder, cluster);
            let folder = with_programs(&[("pg_restore", &newer("", 1))]);
            let words = ["done     DROP DATABASE old\n"];
            ended(&run(&folder, cluster, FAKED), 0, &words);
            assert_eq!(databases(cluster), "immich -1");
        },
    );
}

#[test]
fn what_is_written_while_it_is_dumped_keeps_the_database() {
    each_dumpable(
        "what_is_written_while_it_is_dumped_keeps_the_database",
        |cluster| {
            cluster.sql("postgres", OLD);
            // No number of rows tells of it.
            let write = "psql -d old -Xqc \"SET default_transaction_read_only = off\" -c \"UPDATE app.child SET own = 'y'\"; exec pg_restore \"$@\"";
            let folder = with_programs(&[("pg_restore", write)]);
            ended(
                &run(&folder, cluster, FAKED),
                1,
                &["the restored dump is not what the database is now: rows of table app.child: "],
            );
            assert_untouched(&folder, cluster);
            assert_eq!(cluster.sql("old", "SELECT own FROM app.child"), "y");
            // Who comes meanwhile and stays is seen too.
            let stay = "psql -d old -U old_app -Xqc 'SELECT pg_sleep(3)' >/dev/null 2>&1 </dev/null & sleep 0.5; exec pg_restore \"$@\"";
            let folder = with_programs(&[("pg_restore", stay)]);
            ended(
                &run(&folder, cluster, FAKED),
                1,
                &["not removed: it is in use by process "],
            );
            assert_untouched(&folder, cluster);
        },
    );
}

/// pg_dump leaves out what belongs to an extension, so that it comes back only as far as the extension itself brings it.
#[test]
fn what_was_put_into_an_extension_keeps_the_database() {
    each_dumpable(
        "what_was_put_into_an_extension_keeps_the_database",
        |cluster| {
            let before = "CREATE DATABASE old CONNECTION LIMIT 7 TEMPLATE template0";
            let changes = [
                (
                    "CREATE TABLE mine (x text); INSERT INTO mine VALUES ('precious'); ALTER EXTENSION citext ADD TABLE mine",
                    "table public.mine is missing in the dump",
                ),
                (
                    "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'; ALTER EXTENSION citext ADD FUNCTION mine()",
                    "function public.mine() is missing in the dump",
                ),
                (
                    "CREATE OR REPLACE FUNCTION regexp_match(string citext, pattern citext) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT NULL::text[]'",
                    "function public.regexp_match(public.citext,public.citext): with the text ",
                ),
            ];
            for (change, told) in changes {
                cluster.sql("postgres", before);
                cluster.sql("old", &format!("CREATE EXTENSION citext; {change}"));
                let folder = removing("\"old\"", "");
                ended(&run(&folder, cluster, &["apply", "--remove"]), 1, &[told]);
                assert!(databases(cluster).contains("old 7"), "{change}");
                assert_eq!(folder.names("dumps"), Vec::<String>::new());
                cluster.sql("postgres", "DROP DATABASE old");
            }
            cluster.sql("postgres", before);
            cluster.sql(
                "old",
                "CREATE EXTENSION citext; CREATE EXTENSION pg_stat_statements",
            );
            let folder = removing("\"old\"", "");
            let words = ["done     DROP DATABASE old\n"];
            ended(&run(&folder, cluster, &["apply", "--remove"]), 0, &words);
        },
    );
}

#[test]
fn a_second_removal_takes_nothing_from_under_the_first() {
    each_dumpable(
        "a_second_removal_takes_nothing_from_under_the_first",
        |cluster| {
            cluster.sql("postgres", OLD);
            // Everything is compared when the second one takes the database for one that a killed run has left closed,
            // and fails; then somebody writes.
            let fails = removing("\"old\"", "");
            program(&fails, "psql", "exec psql \"$@\"");
            program(&fails, "pg_dump", "exit 1");
            let between = format!(
                "cat > script; if grep -q '^DROP DATABASE old;' script; then (cd '{}' && '{DBGEN}' apply --remove --psql ./bin/psql declared.toml) >/dev/null 2>&1
                psql -Xq -d old -U old_app -c 'SET default_transaction_read_only = off' -c \"UPDATE app.child SET own = 'z'\"; fi
                exec psql \"$@\" < script",
                fails.path("").display()
            );
            let folder = with_programs(&[("psql", &between)]);
            let told = "not removed: ERROR:  somebody has opened it again meanwhile, maybe another removal; its verified dump is ";
            ended(&run(&folder, cluster, FAKED), 1, &[told]);
            assert_eq!(databases(cluster), UNTOUCHED);
            assert_eq!(cluster.sql("old", "SELECT own FROM app.child"), "z");
        },
    );
}

#[test]
fn a_server_that_is_newer_than_pg_dump_keeps_the_database() {
    let test = "a_server_that_is_newer_than_pg_dump_keeps_the_database";
    if !has("pg_dump", test) {
        return;
    }
    let newest = pg_dump_major().unwrap();
    each_server(test, |cluster| {
        if cluster.major <= newest {
            return;
        }
        cluster.sql("postgres", OLD);
        let folder = removing("\"old\"", "");
        ended(
            &run(&folder, cluster, &["apply", "--remove"]),
            1,
            &["not removed: pg_dump failed: ", "server version mismatch"],
        );
        assert_untouched(&folder, cluster);
    });
}

#[test]
fn any_name_is_dumped_and_dropped() {
    const NAMES: &[&str] = &[
        "it's \"so\" \\old",
        "../../etc/passwd",
        ":x `id` $(id) %s",
        "dbname=postgres host=/nowhere",
        "postgresql://nowhere/postgres",
        "-f x",
        "größe €",
    ];
    each_dumpable("any_name_is_dumped_and_dropped", |cluster| {
        let quoted: Vec<String> = NAMES
            .iter()
            .map(|name| format!("\"{}\"", name.replace('"', "\"\"")))
            .collect();
        for name in &quoted {
            cluster.sql(
                "postgres",
                &format!("CREATE ROLE {name};\nCREATE DATABASE {name} OWNER {name};"),
            );
        }
        let listed: Vec<String> = NAMES
            .iter()
            .map(|name| toml::Value::from(*name).to_string())
            .collect();
        let folder = removing(&listed.join(", "), &listed.join(", "));
        let apply = run(&folder, cluster, &["apply", "--remove", "--format", "json"]);
        ended(&apply, 0, &["\"scope\": \"removal\""]);
        assert_eq!(databases(cluster), "immich -1");
        assert_eq!(
            cluster.sql(
                "postgres",
                "SELECT string_agg(rolname, ' ') FROM pg_roles WHERE oid >= 16384"
            ),
            "immich"
        );
        let names = folder.names("dumps");
        assert_eq!(names.len(), NAMES.len(), "{names:?}");
        let plain = |name: &String| {
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        assert!(names.iter().all(plain), "{names:?}");
    });
}

#[test]
fn a_connection_string_leads_to_the_database_that_is_dumped() {
    each_dumpable(
        "a_connection_string_leads_to_the_database_that_is_dumped",
        |cluster| {
            let (host, port) = (cluster.socket.display(), cluster.port);
            for connection in [
                format!("host={host} port={port} user=postgres dbname=postgres"),
                format!("postgresql:///postgres?host={host}&port={port}&user=postgres"),
                format!("postgresql://postgres@127.0.0.1:{port}/postgres"),
            ] {
                cluster.sql("postgres", "CREATE DATABASE \"o l'd\"");
                let folder = removing("\"o l'd\"", "");
                let mut command = dbgen(
                    &folder,
                    cluster,
                    &["apply", "--remove", "--connect", &connection],
                );
                command
                    .env_remove("PGHOST")
                    .env_remove("PGPORT")
                    .env_remove("PGUSER");
                ended(
                    &seen(&mut command, b""),
                    0,
                    &["done     DROP DATABASE \"o l'd\"\n"],
                );
                assert_eq!(databases(cluster), "immich -1");
            }
        },
    );
}

#[test]
fn nothing_is_removed_while_the_rest_is_not_as_declared_or_rights_are_missing() {
    each_server(
        "nothing_is_removed_while_the_rest_is_not_as_declared_or_rights_are_missing",
        |cluster| {
            cluster.sql("postgres", OLD);
            cluster.sql("postgres", "CREATE ROLE admin LOGIN CREATEDB CREATEROLE");
            let folder = removing("\"old\"", "\"old_app\"");
            ended(&run(&folder, cluster, &["apply"]), 0, &[]);
            let declared = folder.read("declared.toml");
            folder.write(
                "declared.toml",
                &format!("{declared}encoding = \"SQL_ASCII\"\n"),
            );
            let apply = run(&folder, cluster, &["apply", "--remove"]);
            ended(&apply, 1, &["blocked  database immich: ENCODING"]);
            assert!(
                apply
                    .err
                    .contains("note: nothing is removed while anything else is not as declared"),
                "{}",
                apply.err
            );
            folder.write("declared.toml", &declared);
            cluster.sql("postgres", "GRANT immich TO admin");
            let mut plan = dbgen(&folder, cluster, &["plan", "--remove"]);
            ended(
                &seen(plan.env("PGUSER", "admin"), b""),
                1,
                &[
                    "blocked  database old: ",
                    "dbgen is connected as a role that is no superuser",
                ],
            );
            assert_untouched(&folder, cluster);
        },
    );
}

#[test]
fn a_run_that_ends_in_the_middle_leaves_the_database() {
    each_dumpable(
        "a_run_that_ends_in_the_middle_leaves_the_database",
        |cluster| {
            cluster.sql("postgres", OLD);
            let wait = "echo $$ > reached; exec sleep 60";
            let before_drop = format!(
                "cat > script; if grep -q '^DROP DATABASE old;' script; then {wait}; fi; exec psql \"$@\" < script"
            );
            for (name, script) in [
                ("pg_dump", wait),
                ("pg_restore", wait),
                ("psql", &*before_drop),
            ] {
                // A signal that can be answered: everything is put right before the end.
                let folder = with_programs(&[(name, script)]);
                let (mut child, _) = reach(&folder, cluster);
                let signal = Command::new("kill")
                    .args(["-TERM", &child.id().to_string()])
                    .status()
                    .unwrap();
                assert!(signal.success());
                let status = child.wait().unwrap();
                assert_eq!(
                    std::os::unix::process::ExitStatusExt::signal(&status),
                    Some(15),
                    "{name}"
                );
                assert_eq!(databases(cluster), UNTOUCHED, "{name}");
                let names = folder.names("dumps");
                // The name is given when the dump is verified, just before the end.
                assert_eq!(
                    names.len(),
                    usize::from(name == "psql"),
                    "{name}: {names:?}"
                );

                // One that can't.
                let folder = with_programs(&[(name, script)]);
                let (mut child, waiting) = reach(&folder, cluster);
                child.kill().unwrap();
                child.wait().unwrap();
                let _ = Command::new("kill").arg(waiting).status();
                let names = folder.names("dumps");
                let is_part = |name: &String| name.starts_with('.') && name.ends_with(".partial");
                assert_eq!(names.len(), 1);
                assert_eq!(is_part(&names[0]), name != "psql", "{name}: {names:?}");
                assert_eq!(cluster.sql("old", "SELECT count(*) FROM app.photo"), "500");
                let limit = if name == "psql" { "old 0" } else { "old 7" };
                assert!(
                    databases(cluster).contains(limit),
                    "{name}: {}",
                    databases(cluster)
                );
                // The next run does it, from a dump that knows nothing of the interruption.
                let folder = with_programs(&[]);
                ended(
                    &run(&folder, cluster, FAKED),
                    0,
                    &["done     DROP DATABASE old\n"],
                );
                cluster.sql("postgres", "DO $$ BEGIN CREATE ROLE old_app LOGIN; END $$");
                let [dump] = folder.names("dumps").try_into().unwrap();
                restore(cluster, &folder.path("dumps").join(dump));
                let left = "SELECT format('DROP DATABASE %I', datname) FROM pg_database WHERE datname ~ '^dbgen_verify_' \\gexec";
                cluster.sql("postgres", left);
                fs::remove_dir_all(folder.path("dumps")).unwrap();
                fs::create_dir(folder.path("dumps")).unwrap();
                assert_untouched(&folder, cluster);
            }
        },
    );
}

#[test]
fn a_database_that_an_interrupted_run_can_not_open_again_is_told() {
    each_dumpable(
        "a_database_that_an_interrupted_run_can_not_open_again_is_told",
        |cluster| {
            cluster.sql("postgres", OLD);
            let folder = with_programs(&[(
                "psql",
                "cat > script; if grep -q '^DROP DATABASE old;' script; then echo $$ > reached; exec sleep 60; fi
                if grep -q 'CONNECTION LIMIT 7' script; then echo 'ERROR:  no' >&2; exit 3; fi
                exec psql \"$@\" < script",
            )]);
            let (child, _) = reach(&folder, cluster);
            let signal = Command::new("kill")
                .args(["-TERM", &child.id().to_string()])
                .status()
                .unwrap();
            assert!(signal.success());
            let output = child.wait_with_output().unwrap();
            let told = String::from_utf8(output.stdout).unwrap();
            assert!(
                told.contains("its connection limit is still 0 (ERROR:  no): ALTER DATABASE old CONNECTION LIMIT 7"),
                "{told}"
            );
            assert!(databases(cluster).contains("old 0"));
        },
    );
}

/// dbgen in the program that waits, and that program's number.
fn reach(folder: &Folder, cluster: &Cluster) -> (Child, String) {
    let mut command = dbgen(folder, cluster, FAKED);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let reached = folder.path("reached");
    let waiting = until(|| {
        fs::read_to_string(&reached)
            .ok()
            .filter(|text| text.ends_with('\n'))
    });
    (child, waiting.trim().to_owned())
}

fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "it does not happen"
        );
        sleep(Duration::from_millis(20));
    }
}
