//! What is remembered on the server of what was as declared, and what it may not be taken for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/provision.rs"]
mod provision;
#[path = "support/run.rs"]
mod run;
mod support;

use std::fs;

use provision::{Mode, Program, QUIET, Run, each_quiet, rows, settle, wal};
use serde_json::{Value, json};
use support::postgres::{Cluster, newest};

/// Two databases of one service; in the first of them a role may read, where `reads` is.
fn declarations(reads: bool) -> Value {
    let grant =
        json!({ "role": "reader", "privileges": ["SELECT"], "on": { "table": "public.t" } });
    let database = |name: &str, grants: Value| json!({ "type": "postgresql", "name": name, "user": name, "grants": grants });
    let first = match reads {
        true => json!([grant]),
        false => json!([]),
    };
    json!({ "services": { "app": {
        "databases": [database("one", first), database("two", json!([]))],
        "roles": [{ "name": "reader" }],
    } } })
}

const GRANT: &str = "one: GRANT SELECT ON TABLE public.t TO reader";

/// The server as it is declared, and the program that made it so.
fn converged(cluster: &Cluster) -> Program {
    let program = Program::of(&declarations(true));
    cluster.sql("postgres", "CREATE DATABASE one");
    cluster.sql("one", "CREATE TABLE public.t ()");
    program.apply(cluster);
    program
}

/// What is remembered of the contents of this database.
fn remembered(cluster: &Cluster, database: &str) -> String {
    cluster.sql(
        database,
        "SELECT split_part(setting, '=', 2) FROM pg_db_role_setting, unnest(setconfig) AS setting
         WHERE setrole = 10 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND setting LIKE 'dbgen.converged_contents=%'",
    )
}

fn forget(cluster: &Cluster, database: &str) {
    let forget = format!("ALTER ROLE postgres IN DATABASE {database} RESET ALL");
    cluster.sql("postgres", &forget);
}

/// Nothing is done, nothing is written, and everything is remembered.
fn assert_silent(cluster: &Cluster, run: impl Fn() -> Run) {
    settle(cluster);
    let (start, versions) = (wal(cluster), rows(cluster));
    let run = run();
    assert_eq!((run.status, run.changes()), (Some(0), vec![]), "{run}");
    assert!(run.of_kind("record").is_empty(), "{run}");
    assert_eq!(wal(cluster), start, "WAL ({})", cluster.major);
    assert_eq!(rows(cluster), versions, "rows ({})", cluster.major);
}

#[test]
fn the_owner_of_a_database_can_not_say_that_it_is_as_declared() {
    each_quiet(
        "the_owner_of_a_database_can_not_say_that_it_is_as_declared",
        |cluster| {
            let program = converged(cluster);
            let with_grant = remembered(cluster, "one");
            Program::of(&declarations(false)).apply(cluster);
            cluster.sql(
                "one",
                "REVOKE SELECT ON public.t FROM reader; REVOKE USAGE ON SCHEMA public FROM reader",
            );
            Program::of(&declarations(false)).apply(cluster);
            let without = remembered(cluster, "one");
            assert_ne!(without, with_grant);
            // As if what is declared with the grant had been seen in the database without it.
            let document = with_grant.split(' ').next().unwrap();
            let (_, state) = without.split_once(' ').unwrap();
            forget(cluster, "one");
            cluster.sql(
                "postgres",
                &format!("ALTER DATABASE one SET dbgen.converged_contents = '{document} {state}'"),
            );
            let told = cluster.sql("one", "SHOW dbgen.converged_contents");
            assert_eq!(told, format!("{document} {state}"));
            let plan = program.plan(cluster);
            assert!(plan.changes().contains(&GRANT.to_owned()), "{plan}");
            // A superuser's word is taken, which shows that the sentence above would be a lie that is believed.
            cluster.sql(
                "postgres",
                &format!("ALTER ROLE postgres IN DATABASE one SET dbgen.converged_contents = '{document} {state}'"),
            );
            let plan = program.plan(cluster);
            assert!(!plan.changes().contains(&GRANT.to_owned()), "{plan}");
        },
    );
}

/// docs/server.md, "What is remembered on the server".
#[test]
fn only_a_superuser_writes_what_is_remembered() {
    each_quiet("only_a_superuser_writes_what_is_remembered", |cluster| {
        converged(cluster);
        cluster.sql(
            "postgres",
            "ALTER DATABASE one SET dbgen.managed = 'work_mem'; ALTER ROLE one SET dbgen.managed = 'work_mem'",
        );
        let kept = "SELECT string_agg(setting, ' ' ORDER BY setting) FROM pg_db_role_setting, unnest(setconfig) AS setting";
        let before = cluster.sql("postgres", kept);
        for whose in [
            "DATABASE one",
            "DATABASE two",
            "ROLE one",
            "ROLE one IN DATABASE one",
            "ROLE postgres IN DATABASE one",
        ] {
            for name in ["managed", "converged_contents"] {
                // Also where the session knows the parameter already.
                let sql = format!(
                    "SET dbgen.{name} = 'x'; ALTER {whose} SET dbgen.{name} = 'log_statement'"
                );
                let output = cluster.psql("one", "one", None, &sql);
                let told = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(!output.status.success(), "{sql} ({})", cluster.major);
                assert!(
                    ["permission denied", "must be superuser", "must be owner"]
                        .iter()
                        .any(|why| told.contains(why)),
                    "{told}"
                );
            }
        }
        assert_eq!(cluster.sql("postgres", kept), before);
    });
}

#[test]
fn another_superuser_writes_nothing_a_second_time() {
    each_quiet(
        "another_superuser_writes_nothing_a_second_time",
        |cluster| {
            let program = converged(cluster);
            cluster.sql("postgres", "CREATE ROLE root SUPERUSER LOGIN");
            let run = || Run::of(program.start(cluster, "root", Mode::Apply));
            // The role is new, and is told of each time.
            let first = run();
            assert_eq!(first.status, Some(0), "{first}");
            assert_silent(cluster, run);
            cluster.sql("one", "REVOKE SELECT ON public.t FROM reader");
            let found = run();
            assert_eq!(found.changes(), [GRANT], "{found}");
            assert_silent(cluster, run);
        },
    );
}

#[test]
fn what_is_forgotten_is_remembered_again_by_one_run() {
    each_quiet(
        "what_is_forgotten_is_remembered_again_by_one_run",
        |cluster| {
            let program = converged(cluster);
            for forgotten in [&["one", "two"][..], &["two"]] {
                let before = ["one", "two"].map(|database| remembered(cluster, database));
                for database in forgotten {
                    forget(cluster, database);
                }
                let run = program.apply(cluster);
                assert_eq!(run.changes(), [""; 0], "{run}");
                assert_eq!(
                    run.of_kind("record").len(),
                    forgotten.len(),
                    "{forgotten:?}: {run}"
                );
                let now = ["one", "two"].map(|database| remembered(cluster, database));
                assert_eq!(now, before, "{forgotten:?}");
                assert_silent(cluster, || program.run(cluster, Mode::Apply));
            }
            // What is remembered of the one is believed while the other is looked at, and no further.
            forget(cluster, "two");
            cluster.sql("one", "REVOKE SELECT ON public.t FROM reader");
            let run = program.apply(cluster);
            assert_eq!(run.changes(), [GRANT], "{run}");
            assert_silent(cluster, || program.run(cluster, Mode::Apply));
        },
    );
}

/// The lists of privileges have numbers: under another name they mean something else.
#[test]
fn a_renamed_role_is_noticed_in_each_database() {
    let Some(installation) = newest("a_renamed_role_is_noticed_in_each_database") else {
        return;
    };
    let cluster = &Cluster::start(&installation, QUIET);
    let program = converged(cluster);
    cluster.sql(
        "postgres",
        "ALTER ROLE reader RENAME TO former; CREATE ROLE reader",
    );
    let run = program.apply(cluster);
    assert!(run.changes().contains(&GRANT.to_owned()), "{run}");
    let found = run.of_kind("found").join("\n");
    assert!(found.contains("former"), "{run}");
}

/// An extension without a declared version follows the host, of which no catalog says anything.
#[test]
fn another_version_of_an_extension_on_the_host_is_noticed() {
    let test = "another_version_of_an_extension_on_the_host_is_noticed";
    let Some(installation) = newest(test) else {
        return;
    };
    if installation.major < 18 {
        eprintln!(
            "skipped: {test}: before PostgreSQL 18 extensions lie where only a package puts them"
        );
        return;
    }
    let cluster = &Cluster::start(&installation, QUIET);
    let folder = cluster.folder("share/extension");
    let host_has = |version: &str| {
        let control = format!("default_version = '{version}'\n");
        fs::write(folder.join("dbgen_probe.control"), control).unwrap();
    };
    for script in ["dbgen_probe--1.sql", "dbgen_probe--1--2.sql"] {
        fs::write(folder.join(script), "SELECT 1;\n").unwrap();
    }
    host_has("1");
    let path = folder.parent().unwrap().display();
    cluster.sql(
        "postgres",
        &format!("ALTER SYSTEM SET extension_control_path = '$system:{path}'"),
    );
    cluster.reload();
    let mut declared = declarations(false);
    declared["services"]["app"]["databases"][0]["extensions"] = json!(["dbgen_probe"]);
    let program = Program::of(&declared);
    program.apply(cluster);
    assert_silent(cluster, || program.run(cluster, Mode::Apply));
    host_has("2");
    let update = "one: ALTER EXTENSION dbgen_probe UPDATE TO '2'";
    for mode in [Mode::Plan, Mode::Apply] {
        let run = program.run(cluster, mode);
        assert_eq!(run.changes(), [update], "{run}");
    }
    assert_silent(cluster, || program.run(cluster, Mode::Apply));
}
