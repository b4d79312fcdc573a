//! What a run of the program leaves behind when it is killed, when the server stops, when others write at the same time,
//! when something fails; and what the next run notices.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/privileges_model.rs"]
mod privileges_model;
#[path = "support/provision.rs"]
mod provision;
#[path = "support/provision_state.rs"]
mod provision_state;
#[path = "support/run.rs"]
mod run;
mod support;

use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use provision::{Mode, Program, QUIET, Run, each_quiet, each_with, ident, rows, settle, wal};
use provision_state::{contents, shared, whole};
use serde_json::{Value, json};
use support::postgres::{Cluster, installations, newest};

/// Objects with some rights that others gave.
const OBJECTS: &str = "
    CREATE TABLE public.a (x integer, y text);
    CREATE TABLE public.b (x serial);
    CREATE VIEW public.v AS SELECT 1 AS x;
    CREATE FUNCTION public.f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE public.p() LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE public.t AS ENUM ('a');
    CREATE DOMAIN public.d AS integer[];
    GRANT SELECT ON public.a TO PUBLIC;
    ALTER TABLE public.b OWNER TO other;";

/// Two databases, one of which is there before, and what a service needs in them.
fn declarations() -> Value {
    let database = |name: &str| {
        json!({
            "type": "postgresql", "name": name, "user": "own\"er",
            "schemas": ["app"],
            "extraConfig": { "work_mem": "64MB" },
            "comment": "it's one",
            "grants": [
                { "role": "reader", "privileges": ["SELECT"], "on": { "table": "public.*" } },
                { "role": "reader", "privileges": ["INSERT"], "on": { "table": "public.a" } },
                { "role": "reader", "privileges": ["EXECUTE"], "on": { "routine": "public.f(integer)" } },
                { "role": "reader", "privileges": ["USAGE"], "on": { "sequence": "public.*" }, "withGrantOption": true },
                { "role": "other", "privileges": ["UPDATE"], "on": { "table": "public.a", "columns": ["x"] } },
            ],
            "defaultPrivileges": [
                { "creator": "other", "on": "tables", "role": "reader", "privileges": ["SELECT"] }
            ],
        })
    };
    json!({ "services": { "app": {
        "databases": [database("there"), database("new`id`")],
        "roles": [
            { "name": "reader", "memberOf": ["group"], "settings": { "statement_timeout": "5s" } },
            { "name": "group", "createdb": true, "comment": "all of us" },
            { "name": "other" },
        ],
    } } })
}

fn set_up(cluster: &Cluster) {
    cluster.sql("postgres", "CREATE ROLE other");
    cluster.sql("postgres", "CREATE DATABASE there");
    cluster.sql("there", OBJECTS);
}

fn tear_down(cluster: &Cluster) {
    for database in ["there", "new`id`"] {
        cluster.sql(
            "postgres",
            &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", ident(database)),
        );
    }
    for role in ["reader", "group", "other", "own\"er"] {
        cluster.sql("postgres", &format!("DROP ROLE IF EXISTS {}", ident(role)));
    }
}

/// After each statement that the engine executes; the rows of a counter would be undone with the transaction, a parameter of
/// the session stays.
fn after_each_statement(program: &Program, what: &str) -> Program {
    let executed = "EXECUTE step->>'sql';\n";
    assert!(
        program.0.matches(executed).count() >= 3,
        "where are statements executed?"
    );
    let counted = format!(
        "{executed} PERFORM set_config('test.statements', (coalesce(nullif(current_setting('test.statements', true), ''), '0')::integer + 1)::text, false);
         {what}\n"
    );
    Program(program.0.replace(executed, &counted))
}

/// The program that ends its own connection after so many statements in a database.
fn killed_after(program: &Program, database: &str, statements: usize) -> Program {
    let condition = format!(
        "IF current_database() = {} AND current_setting('test.statements')::integer = {statements} THEN
           PERFORM pg_terminate_backend(pg_backend_pid());
           PERFORM pg_sleep(60);
         END IF;",
        provision::literal(database)
    );
    after_each_statement(program, &condition)
}

/// On the newest: what a crash leaves depends on the program, and not on the version; `DBGEN_ROUNDS` tries all.
fn newest_server(test: &str, body: impl Fn(&Cluster) + Sync) {
    let newest = installations().last().map(|found| found.major);
    each_quiet(test, |cluster| {
        if std::env::var_os("DBGEN_ROUNDS").is_some() || newest == Some(cluster.major) {
            body(cluster);
        }
    });
}

/// The state that a run comes from, and the one that it leads to.
struct Ends {
    before: Vec<String>,
    after: Vec<String>,
    whole: Vec<String>,
}

fn undisturbed(cluster: &Cluster, program: &Program) -> (Ends, Run) {
    set_up(cluster);
    let before = contents(cluster, "there");
    let run = program.apply(cluster);
    let ends = Ends {
        before,
        after: contents(cluster, "there"),
        whole: whole(cluster),
    };
    assert_ne!(ends.before, ends.after);
    tear_down(cluster);
    (ends, run)
}

/// Whatever was left is all or nothing, and the next run makes it what an undisturbed one makes.
fn next_run_repairs(cluster: &Cluster, program: &Program, ends: &Ends, what: &str) {
    let left = contents(cluster, "there");
    assert!(
        left == ends.before || left == ends.after,
        "{what} ({}): something is half done: {left:#?}",
        cluster.major
    );
    let again = program.apply(cluster);
    similar(
        &whole(cluster),
        &ends.whole,
        &format!("{what} ({}): {again}", cluster.major),
    );
    assert_eq!(program.plan(cluster).changes(), [""; 0], "{what}");
}

fn similar(left: &[String], right: &[String], what: &str) {
    let missing: Vec<&String> = right.iter().filter(|line| !left.contains(line)).collect();
    let surplus: Vec<&String> = left.iter().filter(|line| !right.contains(line)).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "{what}\nmissing: {missing:#?}\nsurplus: {surplus:#?}"
    );
}

#[test]
fn killed_after_any_statement_of_the_engine_the_next_run_repairs() {
    newest_server(
        "killed_after_any_statement_of_the_engine_the_next_run_repairs",
        |cluster| {
            let program = Program::of(&declarations());
            let (ends, run) = undisturbed(cluster, &program);
            let mut places: Vec<(String, usize)> = Vec::new();
            for database in ["postgres", "there", "new`id`"] {
                let statements = run.scopes.iter().filter(|scope| {
                    scope.scope != "creation"
                        && scope.database.as_deref().unwrap_or("postgres") == database
                });
                let count = statements
                    .flat_map(|scope| &scope.steps)
                    .filter(|step| step.kind == "change")
                    .count();
                assert!(count > 2, "{database}: {run}");
                places.extend((1..=count).map(|n| (database.to_owned(), n)));
            }
            for (database, statements) in places {
                set_up(cluster);
                let killed =
                    killed_after(&program, &database, statements).run(cluster, Mode::Apply);
                assert_ne!(killed.status, Some(0), "{database}, {statements}: {killed}");
                next_run_repairs(
                    cluster,
                    &program,
                    &ends,
                    &format!("killed after statement {statements} in {database}"),
                );
                tear_down(cluster);
            }
        },
    );
}

/// The script with a line put in after its `n`-th line that ends a statement; nothing where there are fewer.
fn with_line_after(program: &Program, n: usize, line: &str) -> Option<Program> {
    let mut inside: Option<&str> = None;
    let (mut at, mut seen) = (0, 0);
    let mut open = false;
    for text in program.0.split_inclusive('\n') {
        at += text.len();
        let mut rest = text;
        // The parts of the engine, and the documents, stand in constants of several lines.
        while let Some(found) = match inside {
            Some(tag) => rest.find(tag).map(|found| (found, tag)),
            None => ["$dbgen_part$", "$$"]
                .into_iter()
                .filter_map(|tag| Some((rest.find(tag)?, tag)))
                .min(),
        } {
            inside = if inside.is_some() {
                None
            } else {
                Some(found.1)
            };
            rest = &rest[found.0 + found.1.len()..];
        }
        let text = text.trim_end();
        let is_meta = text.starts_with('\\');
        let ends = inside.is_none()
            && (is_meta
                || text.ends_with(';')
                || text.contains("\\gset")
                || text.contains("\\gexec")
                || text.ends_with("_program"));
        if inside.is_some() || !ends {
            open = open || !(text.is_empty() || text.starts_with("--"));
            continue;
        }
        open = false;
        if is_meta
            && (text.starts_with("\\set")
                || text.starts_with("\\pset")
                || text.starts_with("\\if")
                || text.starts_with("\\e"))
        {
            continue;
        }
        if seen == n {
            return Some(Program(format!(
                "{}{line}\n{}",
                &program.0[..at],
                &program.0[at..]
            )));
        }
        seen += 1;
    }
    assert!(!open);
    None
}

#[test]
fn killed_between_any_statements_of_the_script_the_next_run_repairs() {
    newest_server(
        "killed_between_any_statements_of_the_script_the_next_run_repairs",
        |cluster| {
            let program = Program::of(&declarations());
            let (ends, _) = undisturbed(cluster, &program);
            let (mut killed, mut n) = (0, 0);
            while let Some(broken) = with_line_after(&program, n, "\\! kill -9 $PPID") {
                n += 1;
                set_up(cluster);
                let run = broken.run(cluster, Mode::Apply);
                // Lines that a condition leaves out do nothing.
                if run.status == Some(0) {
                    similar(&whole(cluster), &ends.whole, &run.to_string());
                } else {
                    assert_eq!(run.status, None, "{n}: {run}");
                    killed += 1;
                    next_run_repairs(cluster, &program, &ends, &format!("killed after line {n}"));
                }
                tear_down(cluster);
            }
            assert!(killed > 15, "{killed} of {n}");
        },
    );
}

/// Waits until a session of the database sleeps.
fn wait_for_sleep(cluster: &Cluster, database: &str) {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = {}",
        provision::literal(database)
    );
    let start = Instant::now();
    while cluster.sql("postgres", &sql) == "0" {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "nobody sleeps in {database}"
        );
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_server_stopped_meanwhile_the_next_run_repairs() {
    each_quiet(
        "the_server_stopped_meanwhile_the_next_run_repairs",
        |cluster| {
            let program = Program::of(&declarations());
            let (ends, _) = undisturbed(cluster, &program);
            for database in ["postgres", "there"] {
                set_up(cluster);
                let sleeping = format!(
                    "IF current_database() = '{database}' AND current_setting('test.statements')::integer = 3 THEN PERFORM pg_sleep(120); END IF;"
                );
                let child = after_each_statement(&program, &sleeping).start(
                    cluster,
                    "postgres",
                    Mode::Apply,
                );
                wait_for_sleep(cluster, database);
                cluster.stop("immediate");
                let run = Run::of(child);
                assert_ne!(run.status, Some(0), "{run}");
                cluster.start_again();
                next_run_repairs(cluster, &program, &ends, &format!("stopped in {database}"));
                tear_down(cluster);
            }
        },
    );
}

#[test]
fn runs_at_the_same_time_are_serialised() {
    each_quiet("runs_at_the_same_time_are_serialised", |cluster| {
        let program = Program::of(&declarations());
        let (ends, alone) = undisturbed(cluster, &program);
        set_up(cluster);
        let children: Vec<_> = (0..4)
            .map(|_| program.start(cluster, "postgres", Mode::Apply))
            .collect();
        let runs: Vec<Run> = children.into_iter().map(Run::of).collect();
        for run in &runs {
            assert_eq!(run.status, Some(0), "{run}");
        }
        similar(&whole(cluster), &ends.whole, "four runs");
        let mut executed: Vec<String> = runs.iter().flat_map(Run::changes).collect();
        let mut once = alone.changes();
        executed.sort();
        once.sort();
        assert_eq!(
            executed, once,
            "each statement is executed by one of the runs, and once"
        );
        let log = cluster.log();
        assert!(
            !log.contains("deadlock") && !log.contains("concurrently"),
            "{log}"
        );
    });
}

/// The lock of the first phase is of the database that the program begins in, and is given back when it leaves it.
#[test]
fn a_run_waits_for_another_in_each_database() {
    each_quiet("a_run_waits_for_another_in_each_database", |cluster| {
        let program = Program::of(&declarations());
        set_up(cluster);
        program.apply(cluster);
        for database in ["postgres", "there", "new`id`"] {
            // What its clients are allowed is not for the wait.
            let limit = format!(
                "ALTER DATABASE {} SET statement_timeout = '1s'",
                provision::ident(database)
            );
            cluster.sql("postgres", &limit);
            // Where nothing is to be done, nobody waits.
            cluster.sql(database, "GRANT USAGE ON SCHEMA public TO PUBLIC");
            let other = "SELECT pg_advisory_lock(431147672942)";
            let mut other = meanwhile(cluster, database, other, 3.0);
            let child = program.start(cluster, "postgres", Mode::Apply);
            let waits = format!(
                "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND NOT granted AND datname = {}",
                provision::literal(database)
            );
            while cluster.sql("postgres", &waits) == "0" {
                assert_eq!(
                    other.try_wait().unwrap(),
                    None,
                    "nobody waits in {database}"
                );
            }
            assert_eq!(Run::of(child).status, Some(0));
            other.wait().unwrap();
        }
    });
}

/// Somebody else's transaction, open for some seconds.
fn meanwhile(cluster: &Cluster, database: &str, sql: &str, seconds: f32) -> std::process::Child {
    let text =
        format!("SET statement_timeout = 0; BEGIN; {sql}; SELECT pg_sleep({seconds}); COMMIT;");
    let child = cluster
        .client(&["-XAtq", "-c", &text], database, "postgres", None)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for_sleep(cluster, database);
    child
}

#[test]
fn a_grant_of_somebody_else_at_the_same_time_is_waited_for() {
    each_quiet(
        "a_grant_of_somebody_else_at_the_same_time_is_waited_for",
        |cluster| {
            let program = Program::of(&declarations());
            set_up(cluster);
            let mut others = [
                meanwhile(cluster, "there", "GRANT DELETE ON public.a TO other", 1.0),
                meanwhile(
                    cluster,
                    "postgres",
                    "GRANT CONNECT ON DATABASE there TO other",
                    1.0,
                ),
            ];
            let run = program.run(cluster, Mode::Apply);
            assert!(
                others
                    .iter_mut()
                    .all(|other| other.wait().unwrap().success())
            );
            assert_eq!(run.status, Some(0), "{} {run}", cluster.major);
            assert_eq!(cluster.sql("there", "SELECT has_table_privilege('other', 'a', 'DELETE'), has_table_privilege('reader', 'a', 'INSERT')"), "t|t");
            assert_eq!(program.plan(cluster).changes(), [""; 0]);
        },
    );
}

#[test]
fn a_lock_that_is_not_given_back_ends_one_database_only() {
    each_quiet(
        "a_lock_that_is_not_given_back_ends_one_database_only",
        |cluster| {
            let mut declared = declarations();
            declared["instances"] = json!({ "main": { "lockTimeout": "500ms" } });
            let program = Program::of(&declared);
            set_up(cluster);
            let mut other = meanwhile(cluster, "there", "GRANT DELETE ON public.a TO other", 30.0);
            let (before, start) = (contents(cluster, "there"), Instant::now());
            let run = program.run(cluster, Mode::Apply);
            assert!(
                start.elapsed() < Duration::from_secs(15),
                "{:?}",
                start.elapsed()
            );
            other.kill().unwrap();
            other.wait().unwrap();
            assert_eq!(run.status, Some(3), "{run}");
            assert!(run.err.contains("there"), "{run}");
            assert!(
                run.of_kind("failed").len() == 1 && run.out.contains("lock timeout"),
                "{run}"
            );
            assert_eq!(contents(cluster, "there"), before);
            assert_eq!(
                cluster.sql(
                    "new`id`",
                    "SELECT nspname FROM pg_namespace WHERE nspname = 'app'"
                ),
                "app"
            );
            cluster.sql("postgres", "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'there'");
            program.apply(cluster);
        },
    );
}

#[test]
fn timeouts_are_in_force_in_every_session() {
    each_quiet("timeouts_are_in_force_in_every_session", |cluster| {
        let program = Program::of(&declarations());
        set_up(cluster);
        let shown = "SELECT concat_ws(' ', 'in-force', current_database(), current_setting('lock_timeout'), current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'), current_setting('search_path'), current_setting('standard_conforming_strings'));";
        let text = program
            .0
            .replace("\nCOMMIT;\n", &format!("\n{shown}\nCOMMIT;\n"));
        let run = Program(text).run(cluster, Mode::Apply);
        let lines: Vec<&str> = run
            .out
            .lines()
            .filter_map(|line| line.strip_prefix("in-force "))
            .collect();
        for database in ["postgres", "there", "new`id`"] {
            let wanted = format!("{database} 30s 10min 10min pg_catalog, pg_temp on");
            assert!(lines.contains(&wanted.as_str()), "{wanted}: {run}");
        }
        assert!(
            lines
                .iter()
                .all(|line| line.ends_with(" 30s 10min 10min pg_catalog, pg_temp on")),
            "{lines:?}"
        );
    });
}

#[test]
fn one_database_that_fails_does_not_keep_the_others_from_theirs() {
    each_quiet(
        "one_database_that_fails_does_not_keep_the_others_from_theirs",
        |cluster| {
            let mut declared = declarations();
            let databases = declared["services"]["app"]["databases"]
                .as_array_mut()
                .unwrap();
            databases.insert(
                0,
                json!({ "type": "postgresql", "name": "a closed one", "user": "own\"er" }),
            );
            databases.insert(1, json!({ "type": "postgresql", "name": "a wrong 'one'", "user": "own\"er", "schemas": ["app"],
            "hooks": { "after": [{ "sql": "SELECT 1/0", "unless": "SELECT false" }] } }));
            let program = Program::of(&declared);
            set_up(cluster);
            cluster.sql(
                "postgres",
                "CREATE DATABASE \"a closed one\" ALLOW_CONNECTIONS false",
            );
            let run = program.run(cluster, Mode::Apply);
            assert_eq!(run.status, Some(3), "{run}");
            let last = run.err.lines().rev().take(4).collect::<Vec<_>>().join("\n");
            assert!(
                last.contains("a closed one") && last.contains("a wrong 'one'"),
                "{run}"
            );
            assert!(
                !last.contains("there") && !last.contains("new`id`"),
                "{run}"
            );
            let failed = run.of_kind("failed").join("\n");
            assert!(failed.contains("division by zero"), "{run}");
            let app = "SELECT count(*) FROM pg_namespace WHERE nspname = 'app'";
            assert_eq!(cluster.sql("a wrong 'one'", app), "0", "all or nothing");
            assert_eq!(cluster.sql("there", app), "1");
            assert_eq!(cluster.sql("new`id`", app), "1");
            cluster.sql(
                "postgres",
                "ALTER DATABASE \"a closed one\" ALLOW_CONNECTIONS true",
            );
            cluster.sql("postgres", "DROP DATABASE \"a closed one\"");
        },
    );
}

#[test]
fn a_standby_is_left_alone() {
    let settings = [("hot_standby", "on"), ("wal_level", "replica")];
    each_with("a_standby_is_left_alone", &settings, |cluster| {
        let program = Program::of(&declarations());
        set_up(cluster);
        cluster.stop("fast");
        cluster.write("standby.signal", "");
        cluster.start_again();
        for mode in [Mode::Apply, Mode::Plan] {
            let run = program.run(cluster, mode);
            assert_eq!(run.status, Some(0), "{run}");
            assert!(
                run.err.contains("standby") && run.scopes.is_empty(),
                "{run}"
            );
        }
    });
}

/// What a hand changes, and must be noticed although nothing that dbgen keeps was touched.
const BY_HAND: &[(&str, &str)] = &[
    ("a grant on a table", "GRANT DELETE ON public.a TO PUBLIC"),
    (
        "a grant on a column",
        "GRANT SELECT (y) ON public.a TO PUBLIC",
    ),
    ("a grant on a view", "GRANT SELECT ON public.v TO PUBLIC"),
    (
        "a grant on a sequence",
        "GRANT SELECT ON SEQUENCE public.b_x_seq TO PUBLIC",
    ),
    (
        "a grant on a function",
        "GRANT EXECUTE ON FUNCTION public.f(integer) TO PUBLIC",
    ),
    (
        "a grant on a procedure",
        "GRANT EXECUTE ON PROCEDURE public.p() TO PUBLIC",
    ),
    (
        "a grant on a type",
        "GRANT USAGE ON TYPE public.t TO PUBLIC",
    ),
    (
        "a grant on a domain over an array",
        "GRANT USAGE ON DOMAIN public.d TO PUBLIC",
    ),
    ("a grant on a schema", "GRANT USAGE ON SCHEMA app TO PUBLIC"),
    (
        "a grant on the database",
        "GRANT TEMPORARY ON DATABASE there TO PUBLIC",
    ),
    (
        "a default privilege",
        "ALTER DEFAULT PRIVILEGES FOR ROLE \"own\"\"er\" GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
    ),
    (
        "a revoke on a table",
        "REVOKE INSERT ON public.a FROM reader",
    ),
    (
        "a revoke on a column",
        "REVOKE UPDATE (x) ON public.a FROM other",
    ),
    (
        "a revoke on a sequence",
        "REVOKE ALL ON SEQUENCE public.b_x_seq FROM reader CASCADE",
    ),
    (
        "a revoked grant option",
        "REVOKE GRANT OPTION FOR USAGE ON SEQUENCE public.b_x_seq FROM reader",
    ),
    (
        "a revoke on a function",
        "REVOKE EXECUTE ON FUNCTION public.f(integer) FROM reader",
    ),
    (
        "a revoked default privilege",
        "ALTER DEFAULT PRIVILEGES FOR ROLE other REVOKE SELECT ON TABLES FROM reader",
    ),
    (
        "a revoke on the database",
        "REVOKE CONNECT ON DATABASE there FROM reader",
    ),
    ("a dropped schema", "DROP SCHEMA app"),
    (
        "another owner of a schema",
        "ALTER SCHEMA app OWNER TO other",
    ),
    (
        "another owner of the database",
        "ALTER DATABASE there OWNER TO other",
    ),
    ("a new table", "CREATE TABLE public.later ()"),
    (
        "a new function",
        "CREATE FUNCTION public.later() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ),
    ("a new type", "CREATE TYPE public.latest AS (a integer)"),
    (
        "a table under another name",
        "DROP TABLE public.a; CREATE TABLE public.a (x integer, y text)",
    ),
    (
        "a setting of the database",
        "ALTER DATABASE there RESET work_mem",
    ),
    (
        "another setting of a role",
        "ALTER ROLE reader SET statement_timeout = '6s'",
    ),
    ("a comment", "COMMENT ON DATABASE there IS NULL"),
    ("a comment on a role", "COMMENT ON ROLE \"group\" IS NULL"),
    ("an attribute of a role", "ALTER ROLE \"group\" NOCREATEDB"),
    ("a membership", "REVOKE \"group\" FROM reader"),
    (
        "a dropped role",
        "DROP OWNED BY reader; REVOKE CONNECT ON DATABASE there, \"new`id`\" FROM reader; DROP ROLE IF EXISTS reader",
    ),
];

/// What is only told, and how it is undone.
const FOUND: &[(&str, &str, &str)] = &[
    (
        "a setting of a role in the database",
        "ALTER ROLE reader IN DATABASE there SET work_mem = '3MB'",
        "ALTER ROLE reader IN DATABASE there RESET work_mem",
    ),
    (
        "a setting of the superuser in the database",
        "ALTER ROLE postgres IN DATABASE there SET work_mem = '3MB'",
        "ALTER ROLE postgres IN DATABASE there RESET work_mem",
    ),
    (
        "a grant on a tablespace",
        "GRANT CREATE ON TABLESPACE pg_default TO reader",
        "REVOKE CREATE ON TABLESPACE pg_default FROM reader",
    ),
    ("a new role", "CREATE ROLE stranger", "DROP ROLE stranger"),
    (
        "a new database",
        "CREATE DATABASE stranger",
        "DROP DATABASE stranger",
    ),
    (
        "a grant on a table",
        "GRANT DELETE ON public.a TO other",
        "REVOKE DELETE ON public.a FROM other",
    ),
    (
        "a new schema",
        "CREATE SCHEMA stranger",
        "DROP SCHEMA stranger",
    ),
];

#[test]
fn what_a_hand_changes_is_noticed_by_the_next_run() {
    each_quiet(
        "what_a_hand_changes_is_noticed_by_the_next_run",
        |cluster| {
            let mut declared = declarations();
            // A database that holds nothing undeclared, where the program could think that nothing has happened.
            declared["services"]["app"]["databases"][1] = Value::Null;
            let databases = declared["services"]["app"]["databases"]
                .as_array_mut()
                .unwrap();
            databases.retain(|database| !database.is_null());
            let program = Program::of(&declared);
            set_up(cluster);
            program.apply(cluster);
            let good = whole(cluster);
            let remembered = "SELECT string_agg(split_part(setting, '=', 1), ' ' ORDER BY setting) \
                FROM pg_db_role_setting, unnest(setconfig) AS setting WHERE setting LIKE 'dbgen.converged%'";
            let all = "dbgen.converged_contents dbgen.converged_databases dbgen.converged_roles";
            for (what, sql) in BY_HAND {
                assert_eq!(cluster.sql("postgres", remembered), all, "before {what}");
                let sql = sql.replace(", \"new`id`\"", "");
                if what.starts_with("a dropped role") {
                    cluster.sql("there", &sql.replace("DROP ROLE IF EXISTS reader", ""));
                    cluster.sql("postgres", "DROP ROLE reader");
                } else {
                    cluster.sql("there", &sql);
                }
                let plan = program.plan(cluster);
                assert_ne!(
                    plan.changes(),
                    [""; 0],
                    "{what} ({}) is not noticed: {plan}",
                    cluster.major
                );
                program.apply(cluster);
                assert_eq!(program.plan(cluster).changes(), [""; 0], "{what}");
                let now = whole(cluster);
                let lost: Vec<&String> = good.iter().filter(|line| !now.contains(line)).collect();
                assert!(lost.is_empty(), "{what} ({}): {lost:#?}", cluster.major);
            }
            let parameter = (
                "a grant on a parameter",
                "GRANT SET ON PARAMETER log_statement TO reader",
                "REVOKE SET ON PARAMETER log_statement FROM reader",
            );
            let newer = (cluster.major >= 15).then_some(&parameter);
            for (what, sql, undo) in FOUND.iter().chain(newer) {
                assert_eq!(cluster.sql("postgres", remembered), all, "before {what}");
                cluster.sql("there", sql);
                let plan = program.plan(cluster);
                assert_ne!(plan.of_kind("found"), [""; 0], "{what} ({})", cluster.major);
                cluster.sql("there", undo);
                program.apply(cluster);
            }
        },
    );
}

/// What is committed between the last look at the catalogs and the moment when they are remembered.
#[test]
fn what_is_committed_meanwhile_is_not_remembered() {
    each_quiet("what_is_committed_meanwhile_is_not_remembered", |cluster| {
        let mut declared = declarations();
        declared["services"]["app"]["databases"]
            .as_array_mut()
            .unwrap()
            .truncate(1);
        let program = Program::of(&declared);
        set_up(cluster);
        let remembering =
            "-- As long as the catalogs stay like this there is nothing to look at.\n";
        assert_eq!(program.0.matches(remembering).count(), 3);
        let slow = Program(program.0.replace(
            remembering,
            "IF current_database() = 'there' THEN PERFORM pg_sleep(2); END IF;\n",
        ));
        for (round, table) in [("of changes", "later"), ("that only remembers", "latest")] {
            let run = slow.start(cluster, "postgres", Mode::Apply);
            wait_for_sleep(cluster, "there");
            cluster.sql("there", &format!("CREATE TABLE public.{table} ()"));
            let run = Run::of(run);
            assert_eq!(run.status, Some(0), "{run}");
            assert_ne!(
                program.plan(cluster).changes(),
                [""; 0],
                "a run {round} ({})",
                cluster.major
            );
            program.apply(cluster);
            cluster.sql(
                "postgres",
                "ALTER ROLE postgres IN DATABASE there RESET ALL",
            );
        }
    });
}

/// Only who passed a right on can take it back, and the way there is taken from PUBLIC in the same run.
#[test]
fn a_right_that_was_passed_on_is_taken_back() {
    each_quiet("a_right_that_was_passed_on_is_taken_back", |cluster| {
        cluster.sql("postgres", "CREATE ROLE first; CREATE ROLE second");
        cluster.sql("postgres", "CREATE DATABASE there");
        cluster.sql(
            "there",
            "CREATE TABLE public.a (); GRANT SELECT ON public.a TO first WITH GRANT OPTION;
             GRANT USAGE ON SCHEMA public TO PUBLIC; SET ROLE first; GRANT SELECT ON public.a TO second",
        );
        let program = Program::of(&json!({ "services": { "app": {
            "databases": [{ "type": "postgresql", "name": "there", "user": "own\"er", "converge": "authoritative",
                "grants": [{ "role": "first", "privileges": ["SELECT"], "on": { "table": "public.a" }, "withGrantOption": true }] }],
            "roles": [{ "name": "first" }, { "name": "second" }],
        } } }));
        program.apply(cluster);
        let asked = "SELECT has_table_privilege('first', 'a', 'SELECT WITH GRANT OPTION'), has_table_privilege('second', 'a', 'SELECT')";
        assert_eq!(cluster.sql("there", asked), "t|f");
        assert_eq!(program.plan(cluster).changes(), [""; 0]);
    });
}

#[test]
fn a_restored_dump_is_noticed() {
    let Some(installation) = installations()
        .into_iter()
        .find(|installation| installation.bin.join("pg_dump").exists())
    else {
        eprintln!("skipped: a_restored_dump_is_noticed: no pg_dump is installed");
        return;
    };
    let cluster = &Cluster::start(&installation, QUIET);
    set_up(cluster);
    let mut old = declarations();
    old["services"]["app"]["databases"][0]["grants"]
        .as_array_mut()
        .unwrap()
        .truncate(1);
    Program::of(&old).apply(cluster);
    let dump = std::process::Command::new(installation.bin.join("pg_dump"))
        .args(["--create", "-U", "postgres", "-h"])
        .arg(&cluster.socket)
        .args(["-p", &cluster.port.to_string(), "there"])
        .output()
        .unwrap();
    assert!(
        dump.status.success(),
        "{}",
        String::from_utf8_lossy(&dump.stderr)
    );
    let program = Program::of(&declarations());
    program.apply(cluster);
    let good = whole(cluster);
    cluster.sql("postgres", "DROP DATABASE there");
    cluster.sql("postgres", &String::from_utf8(dump.stdout).unwrap());
    assert_ne!(whole(cluster), good);
    assert!(!program.plan(cluster).changes().is_empty());
    program.apply(cluster);
    similar(&whole(cluster), &good, "restored");
}

#[test]
fn each_statement_is_executed_once_and_told_once() {
    each_quiet("each_statement_is_executed_once_and_told_once", |cluster| {
        set_up(cluster);
        cluster.sql("there", "CREATE SCHEMA log; CREATE TABLE log.log (tag text);
            CREATE FUNCTION log.note() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN INSERT INTO log.log VALUES (tg_tag); END$$;
            CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION log.note();");
        let program = Program::of(&declarations());
        let plan = program.plan(cluster);
        let run = program.apply(cluster);
        assert_eq!(
            plan.changes()
                .iter()
                .filter(|change| !change.starts_with("there: "))
                .count(),
            run.changes()
                .iter()
                .filter(|change| !change.starts_with("there: "))
                .count()
        );
        let told: Vec<String> = run
            .changes()
            .into_iter()
            .filter(|change| change.starts_with("there: "))
            .collect();
        let executed = cluster.sql("there", "SELECT count(*) FROM log.log");
        assert_eq!(executed, told.len().to_string(), "{told:#?}");
        let mut once = told.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), told.len(), "{told:#?}");
        assert_eq!(program.apply(cluster).changes(), [""; 0]);
        assert_eq!(
            cluster.sql("there", "SELECT count(*) FROM log.log"),
            executed
        );
    });
}

/// Each name once as role, as database and as schema, in one program.
#[test]
fn whatever_a_name_is_it_is_only_a_name() {
    let mark = std::env::temp_dir().join(format!("dbgen-mark-{}", std::process::id()));
    let names = [
        format!("`touch {}`", mark.display()),
        format!("'; \\! touch {}", mark.display()),
        format!("$(touch {})", mark.display()),
        "\\quit".to_owned(),
        "x'; DROP ROLE keep; --".to_owned(),
        "x\"; DROP ROLE keep; --".to_owned(),
        "$dbgen$".to_owned(),
        "$dbgen_part$".to_owned(),
        "$$".to_owned(),
        ":mode".to_owned(),
        ":'mode'".to_owned(),
        ":\"mode\"".to_owned(),
        "@desired@".to_owned(),
        "-- @end".to_owned(),
        "host=evil dbname=postgres".to_owned(),
        "postgresql://evil/x".to_owned(),
        "%I %L %s".to_owned(),
        "a\\".to_owned(),
        "back\\'slash".to_owned(),
        "select".to_owned(),
        "user".to_owned(),
        "Größe 日本語 🦀".to_owned(),
        "n".repeat(63),
        "é".repeat(31),
    ];
    each_quiet("whatever_a_name_is_it_is_only_a_name", |cluster| {
        cluster.sql("postgres", "CREATE ROLE keep");
        let databases: Vec<Value> = names
            .iter()
            .map(|name| {
                json!({ "type": "postgresql", "name": name, "user": name, "schemas": [name], "comment": name,
                    "extraConfig": { "myapp.note": name },
                    "grants": [
                        { "role": name, "privileges": ["SELECT"], "on": { "table": format!("{0}.{0}", ident(name)) } },
                        { "role": name, "privileges": ["SELECT"], "on": { "table": format!("{}.*", ident(name)) } },
                        { "role": names[0], "privileges": ["SELECT"], "on": { "table": format!("{0}.{0}", ident(name)), "columns": [name] } },
                    ] })
            })
            .collect();
        let program = Program::of(&json!({ "services": { "app": { "databases": databases } } }));
        let plan = program.plan(cluster);
        let run = program.apply(cluster);
        assert_eq!(
            plan.changes().len(),
            run.changes().len(),
            "{}",
            cluster.major
        );
        for name in &names {
            cluster.sql(
                name,
                &format!("CREATE TABLE {0}.{0} ({0} integer)", ident(name)),
            );
        }
        program.apply(cluster);
        assert_eq!(program.plan(cluster).changes(), [""; 0]);
        for name in &names {
            let sql = format!(
                "SELECT has_table_privilege({0}, {1}, 'SELECT'), has_column_privilege({2}, {1}, {0}, 'SELECT'), shobj_description(oid, 'pg_database') = {0}, pg_get_userbyid(datdba) = {0}
                 FROM pg_database WHERE datname = current_database()",
                provision::literal(name), provision::literal(&format!("{0}.{0}", ident(name))), provision::literal(&names[0])
            );
            assert_eq!(cluster.sql(name, &sql), "t|t|t|t", "{name}");
        }
        let text = program.start_with(cluster, "postgres", Mode::Plan, &["-v", "format=text"]);
        assert_eq!(Run::of(text).status, Some(0));
        assert_eq!(
            cluster.sql(
                "postgres",
                "SELECT count(*) FROM pg_roles WHERE rolname = 'keep'"
            ),
            "1"
        );
        assert!(!mark.exists(), "a name was run as a command");
    });
}

#[test]
fn a_run_without_superuser_changes_nothing() {
    let Some(installation) = newest("a_run_without_superuser_changes_nothing") else {
        return;
    };
    let cluster = &Cluster::start(&installation, QUIET);
    set_up(cluster);
    cluster.sql("postgres", "CREATE ROLE plain LOGIN CREATEROLE CREATEDB");
    let before = (whole(cluster), shared(cluster));
    let run = Run::of(Program::of(&declarations()).start(cluster, "plain", Mode::Apply));
    assert_eq!(run.status, Some(3), "{run}");
    assert!(
        run.err.contains("superuser") && run.err.contains("plain"),
        "{run}"
    );
    assert_eq!((whole(cluster), shared(cluster)), before);
}

#[test]
fn a_second_run_and_a_plan_write_nothing() {
    each_quiet("a_second_run_and_a_plan_write_nothing", |cluster| {
        let program = Program::of(&declarations());
        set_up(cluster);
        settle(cluster);
        let (start, versions) = (wal(cluster), rows(cluster));
        let planned = program.plan(cluster);
        assert!(!planned.changes().is_empty());
        assert_eq!(
            (wal(cluster), rows(cluster)),
            (start, versions),
            "a plan writes"
        );
        program.apply(cluster);
        settle(cluster);
        let (start, versions) = (wal(cluster), rows(cluster));
        for mode in [Mode::Apply, Mode::Plan] {
            let run = program.run(cluster, mode);
            assert_eq!((run.status, run.changes()), (Some(0), vec![]), "{run}");
            assert!(run.of_kind("record").is_empty(), "{run}");
            assert_eq!(
                wal(cluster),
                start,
                "{mode:?} writes WAL ({})",
                cluster.major
            );
            assert_eq!(rows(cluster), versions, "{mode:?} writes rows");
        }
    });
}
