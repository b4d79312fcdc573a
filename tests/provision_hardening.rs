//! What a server, a database or a role may have that must not keep the program from its work, and what is told where something fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/provision.rs"]
mod provision;
#[path = "support/run.rs"]
mod run;
mod support;

use std::process::Command;

use provision::{Mode, Program, each_quiet};
use run::{DBGEN, Folder, Seen, seen};
use serde_json::{Value, json};
use support::postgres::Cluster;

/// A database of the role `owner` with these fields.
fn database(name: &str, fields: Value) -> Value {
    let mut database = json!({ "type": "postgresql", "name": name, "user": "owner" });
    database
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    database
}

fn declared(databases: &[Value]) -> Value {
    json!({ "services": { "app": { "databases": databases } } })
}

/// The program has nothing left to do.
#[track_caller]
fn settled(program: &Program, cluster: &Cluster) {
    let plan = program.plan(cluster);
    assert_eq!(plan.changes(), [""; 0], "{plan}");
}

/// dbgen with these arguments and declarations, as the superuser; and the folder that it runs in.
fn command(cluster: &Cluster, declared: &Value, arguments: &[&str]) -> (Folder, Command) {
    let folder = Folder::with(&[("app.json", &declared.to_string())]);
    let mut command: Command = folder.command(DBGEN);
    command.args(arguments).arg("app.json");
    run::without_libpq(&mut command);
    command
        .env("PGPASSFILE", "/nonexistent")
        .env("PGHOST", &cluster.socket)
        .env("PGPORT", cluster.port.to_string())
        .env("PGUSER", "postgres");
    (folder, command)
}

fn dbgen(cluster: &Cluster, declared: &Value, arguments: &[&str]) -> Seen {
    seen(&mut command(cluster, declared, arguments).1, b"")
}

#[track_caller]
fn ended(seen: &Seen, status: i32) {
    assert_eq!(
        seen.status,
        Some(status),
        "out:\n{}\nerr:\n{}",
        seen.out,
        seen.err
    );
}

const WHERE: &str =
    "SELECT string_agg(extname || ' ' || extnamespace::regnamespace, ', ' ORDER BY extname)
    FROM pg_extension WHERE extname <> 'plpgsql'";

/// An extension without a declared schema is in `public`, whatever the program's own search path is.
#[test]
fn an_extension_without_a_declared_schema_is_in_public() {
    each_quiet(
        "an_extension_without_a_declared_schema_is_in_public",
        |cluster| {
            let names = ["citext", "dblink", "hstore", "pg_stat_statements"];
            let mut extensions: Vec<Value> = names.map(|name| json!(name)).into();
            extensions.push(json!({ "name": "earthdistance", "cascade": true }));
            extensions.push(json!({ "name": "tablefunc", "schema": "own" }));
            let program = Program::of(&declared(&[database(
                "app",
                json!({ "extensions": extensions, "schemas": ["own"] }),
            )]));
            let planned = program.plan(cluster).changes();
            for statement in [
                "app: CREATE EXTENSION hstore SCHEMA public",
                "app: CREATE EXTENSION earthdistance SCHEMA public CASCADE",
                "app: CREATE EXTENSION tablefunc SCHEMA own",
            ] {
                assert!(planned.iter().any(|it| it == statement), "{planned:#?}");
            }
            program.apply(cluster);
            assert_eq!(
                cluster.sql("app", WHERE),
                "citext public, cube public, dblink public, earthdistance public, hstore public, pg_stat_statements public, tablefunc own"
            );
            settled(&program, cluster);
        },
    );
}

/// Where the control file says the schema, no other one can be said; what it requires is in `public` all the same.
#[test]
fn an_extension_that_says_its_schema_itself_has_that() {
    each_quiet(
        "an_extension_that_says_its_schema_itself_has_that",
        |cluster| {
            // From 18 the server reads them from other folders, too.
            if cluster.major < 18 {
                return;
            }
            let folder = cluster.folder("share/extension");
            for (name, control) in [
                ("at_home", "schema = 'home'\nrequires = 'a_large'\n"),
                ("a_large", "relocatable = true\n"),
            ] {
                let control = format!("default_version = '1'\n{control}");
                std::fs::write(folder.join(format!("{name}.control")), control).unwrap();
                std::fs::write(
                    folder.join(format!("{name}--1.sql")),
                    format!(
                        "CREATE FUNCTION {name}_f() RETURNS integer LANGUAGE sql AS 'SELECT 1';\n"
                    ),
                )
                .unwrap();
            }
            let share = cluster.socket.join("share");
            let path = format!("$system:{}", share.to_str().unwrap());
            cluster.sql(
                "postgres",
                &format!("ALTER SYSTEM SET extension_control_path = '{path}'"),
            );
            cluster.reload();
            for (name, cascade) in [("with", true), ("without", false)] {
                let mut extensions = vec![json!({ "name": "at_home", "cascade": cascade })];
                if !cascade {
                    extensions.insert(0, json!("a_large"));
                }
                let program = Program::of(&declared(&[database(
                    name,
                    json!({ "extensions": extensions }),
                )]));
                program.apply(cluster);
                assert_eq!(cluster.sql(name, WHERE), "a_large public, at_home home");
                settled(&program, cluster);
            }
        },
    );
}

/// What fails while the program compares is told like any other failure, and ends no other database.
#[test]
fn what_fails_outside_of_a_statement_is_told() {
    each_quiet("what_fails_outside_of_a_statement_is_told", |cluster| {
        let hooks = json!({ "after": [{ "sql": "SELECT 1", "unless": "SELECT false" }] });
        let declared = declared(&[
            database("a", json!({ "hooks": hooks })),
            database("b", json!({ "schemas": ["s"] })),
        ]);
        let apply = dbgen(cluster, &declared, &["apply"]);
        ended(&apply, 1);
        for part in [
            "failed   database a: the server does not stay as it was made",
            "database b\n  done     CREATE SCHEMA s",
        ] {
            assert!(apply.out.contains(part), "{}\n{}", apply.out, apply.err);
        }
        // The comparison itself fails.
        let mut program = Program::of(&declared);
        program.0 = program
            .0
            .replace("-- Schemas with their owners.", "PERFORM 1/0;");
        let run = program.run(cluster, Mode::Plan);
        assert_eq!(run.status, Some(3), "{run}");
        let failed = run.of_kind("failed");
        assert_eq!(failed, ["a: database a: : division by zero"]);
    });
}

/// A condition that can't be asked is the reason why the hook was tried: it is told with what became of that.
#[test]
fn a_hook_that_fails_tells_of_its_condition() {
    each_quiet("a_hook_that_fails_tells_of_its_condition", |cluster| {
        let hook =
            |sql: &str| json!({ "after": [{ "sql": sql, "unless": "SELECT nothing_such" }] });
        let program = Program::of(&declared(&[
            database("a", json!({ "hooks": hook("SELECT 1/0") })),
            database("b", json!({ "hooks": hook("SELECT 1") })),
        ]));
        let run = program.run(cluster, Mode::Apply);
        assert_eq!(run.status, Some(3), "{run}");
        let failed = run.of_kind("failed");
        assert!(failed[0].contains("division by zero; its condition does not hold: column \"nothing_such\" does not exist"), "{run}");
        assert!(
            failed[1].contains("does not stay as it was made")
                && failed[1].contains("\"nothing_such\""),
            "{run}"
        );
    });
}

/// Whose statement fails in an event trigger is told which function that was: it may be anybody's, and its message says nothing of privileges.
#[test]
fn an_event_trigger_that_fails_is_named() {
    each_quiet("an_event_trigger_that_fails_is_named", |cluster| {
        let declared = declared(&[
            database("a", json!({ "schemas": ["s"] })),
            database("b", json!({ "schemas": ["s"] })),
        ]);
        cluster.sql("postgres", "CREATE DATABASE a");
        cluster.sql(
            "a",
            "CREATE TABLE public.log (tag text);
             CREATE FUNCTION public.note() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (tg_tag); END';
             CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION public.note()",
        );
        let program = Program::of(&declared);
        let run = program.run(cluster, Mode::Apply);
        assert_eq!(run.status, Some(3), "{run}");
        assert_eq!(
            run.of_kind("failed"),
            [
                "a: schema s: CREATE SCHEMA s AUTHORIZATION owner: relation \"log\" does not exist; PL/pgSQL function public.note() line 1 at SQL statement"
            ]
        );
        // A name with its schema is what it takes.
        cluster.sql(
            "a",
            "ALTER EVENT TRIGGER note DISABLE;
             CREATE OR REPLACE FUNCTION public.note() RETURNS event_trigger LANGUAGE plpgsql AS
               'BEGIN INSERT INTO public.log VALUES (tg_tag); END';
             ALTER EVENT TRIGGER note ENABLE",
        );
        program.apply(cluster);
        settled(&program, cluster);
    });
}

/// Why a connection fails is known by psql's words, which are of the language of who runs dbgen unless it is asked for another.
#[test]
fn a_connection_that_fails_is_told_in_every_language() {
    each_quiet(
        "a_connection_that_fails_is_told_in_every_language",
        |cluster| {
            let declared = declared(&[database("a", json!({}))]);
            ended(&dbgen(cluster, &declared, &["apply"]), 0);
            cluster.sql(
                "postgres",
                "ALTER DATABASE a SET session_preload_libraries = 'no_such_library'",
            );
            let mut command = command(cluster, &declared, &["plan"]);
            let plan = seen(
                command.1.env("LC_ALL", "C.UTF-8").env("LANGUAGE", "de"),
                b"",
            );
            ended(&plan, 2);
            assert!(
                plan.out
                    .contains("failed   database a: connection to server"),
                "{}\n{}",
                plan.out,
                plan.err
            );
        },
    );
}

/// Letters are made large and small as SQL's words need it, whatever the language of the database is: Turkish has a dot on the large I.
#[test]
fn a_server_may_be_turkish() {
    each_quiet("a_server_may_be_turkish", |cluster| {
        if cluster.major < 15 {
            return;
        }
        cluster.sql(
            "postgres",
            "CREATE DATABASE turkce TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'tr'",
        );
        assert_eq!(
            cluster.sql("turkce", "SELECT upper('login')"),
            "LOG\u{130}N"
        );
        let settings = json!({ "IntervalStyle": "iso_8601", "DateStyle": "ISO, DMY" });
        let kinds =
            json!({ "role": "member", "privileges": ["USAGE"], "on": { "foreignServer": "far" } });
        let template = json!({ "template": "template0", "localeProvider": "icu", "icuLocale": "tr",
            "extraConfig": settings, "roleSettings": { "member": settings }, "grants": [kinds] });
        let mut declared = declared(&[database("in", template)]);
        declared["services"]["app"]["roles"] = json!([
            { "name": "group" },
            { "name": "member", "login": true, "inherit": false, "replication": true, "settings": settings,
              "memberOf": [{ "role": "group", "admin": true }] },
        ]);
        declared["instances"] = json!({ "main": { "converge": "authoritative" } });
        let run = |declared: &Value, arguments: &[&str], status: i32| {
            let (_folder, mut command) = command(cluster, declared, arguments);
            let seen = seen(command.env("PGDATABASE", "turkce"), b"");
            ended(&seen, status);
            seen
        };
        run(&declared, &["apply"], 0);
        let plan = run(&declared, &["plan"], 0);
        assert!(plan.out.contains("foreign server far"), "{}", plan.out);
        // It is no longer declared, and was dbgen's: under the names that the server has for it.
        declared["services"]["app"]["databases"][0]["extraConfig"] = json!({});
        let apply = run(&declared, &["apply"], 0);
        let reset = "ALTER DATABASE \"in\" RESET \"IntervalStyle\"";
        assert!(apply.out.contains(reset), "{}", apply.out);
        run(&declared, &["plan"], 0);
    });
}

/// Where the schema is missing that an extension would be created in, the rest of the database gets what it shall have, and the way out is told.
#[test]
fn an_extension_without_its_schema_keeps_nothing_else_from_being_done() {
    each_quiet(
        "an_extension_without_its_schema_keeps_nothing_else_from_being_done",
        |cluster| {
            cluster.sql("postgres", "CREATE DATABASE a");
            cluster.sql("a", "DROP SCHEMA public");
            let fields = json!({ "schemas": ["s"], "extensions": ["citext", { "name": "cube", "schema": "s" }] });
            let program = Program::of(&declared(&[database("a", fields)]));
            let run = program.run(cluster, Mode::Apply);
            assert_eq!(run.status, Some(3), "{run}");
            let blocked = run.of_kind("blocked");
            assert!(
                blocked.len() == 1
                    && blocked[0].starts_with("a: extension citext: ")
                    && blocked[0].contains("nor is the schema public"),
                "{run}"
            );
            assert_eq!(cluster.sql("a", WHERE), "cube s", "{run}");
            settled(&program, cluster);
            let fields = json!({ "schemas": ["s"], "extensions": [{ "name": "citext", "schema": "s" }, { "name": "cube", "schema": "s" }] });
            let program = Program::of(&declared(&[database("a", fields)]));
            program.apply(cluster);
            settled(&program, cluster);
        },
    );
}

/// docs/server.md, "When a name or an owner changes": what gets its new name by hand first is what is declared then.
#[test]
fn what_is_renamed_by_hand_keeps_its_contents() {
    each_quiet("what_is_renamed_by_hand_keeps_its_contents", |cluster| {
        let fields = |user: &str| {
            json!({ "user": user, "schemas": ["s"], "extraConfig": { "work_mem": "8MB" },
                "access": [{ "role": user, "preset": "read-write" }] })
        };
        Program::of(&declared(&[database("old", fields("old"))])).apply(cluster);
        cluster.sql("old", "SET ROLE old; CREATE TABLE s.t AS SELECT 1 AS a");
        let program = Program::of(&declared(&[database("new", fields("new"))]));
        // Without that it would be another one.
        let changes = program.plan(cluster).changes();
        assert!(
            changes.contains(&"databases: CREATE DATABASE new OWNER new".to_owned()),
            "{changes:?}"
        );
        cluster.sql(
            "postgres",
            "ALTER DATABASE old RENAME TO new; ALTER ROLE old RENAME TO new",
        );
        settled(&program, cluster);
        program.apply(cluster);
        settled(&program, cluster);
        assert_eq!(cluster.sql("new", "SET ROLE new; SELECT a FROM s.t"), "1");
    });
}

/// The same, for what no test comes by: nothing is made large or small by the letters of the database.
#[test]
fn no_letter_is_changed_by_the_language_of_the_database() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let mut calls = 0;
    for entry in ["provision", "removal"] {
        for file in std::fs::read_dir(format!("{folder}/{entry}")).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|it| it != "sql") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for (at, name) in ["lower(", "upper("]
                .iter()
                .flat_map(|name| text.match_indices(name))
            {
                let rest = &text[at + name.len()..];
                let mut depth = 1;
                let end = rest.find(|c| {
                    depth += i32::from(c == '(') - i32::from(c == ')');
                    depth == 0
                });
                let argument = &rest[..end.unwrap()];
                assert!(
                    argument.ends_with("COLLATE \"C\""),
                    "{}: {name}{argument})",
                    path.display()
                );
                calls += 1;
            }
        }
    }
    assert!(calls > 20);
}

/// Only a routine is named with its arguments.
#[test]
fn what_is_not_there_is_named_as_sql_names_it() {
    each_quiet("what_is_not_there_is_named_as_sql_names_it", |cluster| {
        let grants = [
            ("SELECT", json!({ "table": "public.t" })),
            ("USAGE", json!({ "schema": "nope" })),
            ("SELECT", json!({ "table": "gone.*" })),
            ("EXECUTE", json!({ "function": "public.f()" })),
            ("EXECUTE", json!({ "function": "public.g(int)" })),
            ("EXECUTE", json!({ "function": "public.h" })),
        ]
        .map(|(privilege, on)| json!({ "role": "owner", "privileges": [privilege], "on": on }));
        let program = Program::of(&declared(&[database("app", json!({ "grants": grants }))]));
        let run = program.apply(cluster);
        let mut pending: Vec<String> = run
            .scopes
            .iter()
            .flat_map(|scope| &scope.steps)
            .filter(|step| step.kind == "pending")
            .map(|step| step.object.clone())
            .collect();
        pending.sort();
        assert_eq!(
            pending,
            [
                "function public.f()",
                "function public.g(int)",
                "function public.h",
                "schema gone",
                "schema nope",
                "table public.t"
            ],
            "{run}"
        );
    });
}

/// A role that a database has for its sessions does not take the program's rights away, and nothing leads back to it.
#[test]
fn a_role_that_a_database_has_for_its_sessions_is_not_the_programs() {
    each_quiet(
        "a_role_that_a_database_has_for_its_sessions_is_not_the_programs",
        |cluster| {
            let grants = json!([{ "role": "owner", "privileges": ["SELECT"], "on": { "table": "public.*" } }]);
            let hooks = json!({
                "before": [{ "sql": "CREATE TABLE h ()", "unless": "SELECT to_regclass('h') IS NOT NULL", "role": "owner" }],
                "after": [{ "sql": "RESET ROLE; CREATE TABLE public.i ()", "unless": "SELECT to_regclass('public.i') IS NOT NULL" }],
            });
            let fields = json!({ "schemas": ["owner"], "grants": grants, "hooks": hooks, "extraConfig": { "role": "owner" } });
            // Asked as another role, from which the way back is taken before anything is done.
            let already = json!({ "before": [{ "sql": "SELECT 1", "unless": "SELECT true", "role": "owner" }] });
            let program = Program::of(&declared(&[
                database("a", fields.clone()),
                database(
                    "b",
                    json!({ "extensions": ["dblink"], "hooks": already, "roleSettings": { "postgres": { "role": "owner" } } }),
                ),
            ]));
            cluster.sql("postgres", "CREATE ROLE owner LOGIN");
            cluster.sql("postgres", "CREATE DATABASE a OWNER owner");
            cluster.sql("postgres", "ALTER DATABASE a SET role = owner");
            cluster.sql("postgres", "ALTER DATABASE postgres SET role = owner");
            cluster.sql("a", "CREATE SCHEMA owner");
            // A right that somebody else has passed on is taken back in that role's name.
            cluster.sql(
                "a",
                "SET ROLE NONE; CREATE ROLE x; CREATE ROLE y; CREATE TABLE public.t (); GRANT SELECT ON public.t TO x WITH GRANT OPTION;
                 SET ROLE x; GRANT SELECT ON public.t TO PUBLIC; SET ROLE NONE; GRANT USAGE ON SCHEMA public TO x;
                 GRANT CONNECT ON DATABASE a TO x WITH GRANT OPTION; SET ROLE x; GRANT CONNECT ON DATABASE a TO PUBLIC",
            );
            program.apply(cluster);
            settled(&program, cluster);
            program.apply(cluster);
            assert_eq!(
                cluster.sql("a", "SELECT string_agg(relname || ' ' || pg_get_userbyid(relowner), ', ' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND oid >= 16384"),
                "h owner, i owner, t postgres"
            );
            let declared = declared(&[database("a", fields)]);
            ended(&dbgen(cluster, &declared, &["apply"]), 0);
            ended(&dbgen(cluster, &declared, &["plan"]), 0);
        },
    );
}

/// What a database or a role may have set for its clients; each of it would break the program, or what it compares, if it held for it.
const SETTINGS: &[(&str, &str, u8)] = &[
    ("array_nulls", "off", 14),
    ("backslash_quote", "off", 14),
    ("bytea_output", "escape", 14),
    ("check_function_bodies", "on", 14),
    ("client_encoding", "LATIN1", 14),
    ("client_min_messages", "log", 14),
    ("\"DateStyle\"", "SQL, DMY", 14),
    ("default_table_access_method", "heap", 14),
    ("default_transaction_deferrable", "on", 14),
    ("default_transaction_isolation", "serializable", 14),
    ("default_transaction_read_only", "on", 14),
    ("escape_string_warning", "on", 14),
    ("exit_on_error", "on", 14),
    ("extra_float_digits", "-15", 14),
    ("idle_in_transaction_session_timeout", "500", 14),
    ("idle_session_timeout", "500", 14),
    ("\"IntervalStyle\"", "sql_standard", 14),
    ("jit", "on", 14),
    ("jit_above_cost", "0", 14),
    ("lock_timeout", "1", 14),
    ("plan_cache_mode", "force_custom_plan", 14),
    ("plpgsql.extra_errors", "all", 14),
    ("plpgsql.variable_conflict", "error", 14),
    ("quote_all_identifiers", "on", 14),
    ("row_security", "off", 14),
    ("search_path", "evil, pg_catalog", 14),
    ("session_replication_role", "replica", 14),
    ("standard_conforming_strings", "off", 14),
    ("statement_timeout", "1s", 14),
    ("\"TimeZone\"", "Asia/Kathmandu", 14),
    ("transaction_timeout", "1s", 17),
    ("transform_null_equals", "on", 14),
    ("xmlbinary", "hex", 14),
    ("role", "owner", 14),
];

/// Whatever a database, or a role in it, has set for its clients, the program converges there.
#[test]
fn what_is_set_for_clients_is_not_set_for_the_program() {
    each_quiet(
        "what_is_set_for_clients_is_not_set_for_the_program",
        |cluster| {
            cluster.sql("postgres", "CREATE ROLE owner LOGIN");
            cluster.sql("postgres", "CREATE DATABASE there OWNER owner");
            // Which would be found first.
            cluster.sql(
                "there",
                "CREATE SCHEMA evil; CREATE FUNCTION evil.concat(variadic \"any\") RETURNS text LANGUAGE internal IMMUTABLE AS 'text_concat';
                 CREATE FUNCTION evil.evil(regrole, text) RETURNS boolean LANGUAGE sql AS 'SELECT 1/0 = 1';
                 CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = namene)",
            );
            let mut settings = String::new();
            for database in ["there", "postgres"] {
                for (name, value, from) in SETTINGS {
                    if cluster.major < *from {
                        continue;
                    }
                    let value = match *name {
                        "search_path" => (*value).to_owned(),
                        _ => format!("'{value}'"),
                    };
                    for what in [
                        format!("DATABASE {database}"),
                        format!("ROLE postgres IN DATABASE {database}"),
                    ] {
                        settings += &format!("ALTER {what} SET {name} = {value};\n");
                    }
                }
            }
            cluster.sql("postgres", &settings);
            let fields = json!({
                "schemas": ["select", "own"], "extensions": ["hstore", { "name": "citext", "schema": "own" }],
                "comment": "a \\ and a ' in it", "encoding": "UTF8", "connectionLimit": 20,
                "extraConfig": { "search_path": ["own", "select", "Odd \\ one"], "work_mem": "8MB" },
                "grants": [
                    { "role": "null", "privileges": ["SELECT"], "on": { "table": "base.*" } },
                    { "role": "null", "privileges": ["UPDATE"], "on": { "table": "base.select", "columns": ["from"] } },
                    { "role": "null", "privileges": ["EXECUTE"], "on": { "function": "base.f(text)" } },
                ],
                "hooks": { "before": [{
                    "sql": "CREATE SCHEMA base AUTHORIZATION owner; CREATE TABLE base.select (\"from\" text);
                        CREATE FUNCTION base.f(text) RETURNS text LANGUAGE sql AS 'SELECT $1'; SELECT pg_sleep(1.2)",
                    "unless": "SELECT to_regclass('base.select') IS NOT NULL"
                }] },
            });
            let mut all = declared(&[database("there", fields.clone()), database("new", fields)]);
            all["services"]["app"]["roles"] = json!([
                { "name": "null", "memberOf": ["owner"], "validUntil": "2031-02-03", "comment": "it \\ is", "settings": { "search_path": ["own", "Odd \\ one"] } },
            ]);
            let program = Program::of(&all);
            program.apply(cluster);
            settled(&program, cluster);
            program.apply(cluster);
            ended(&dbgen(cluster, &all, &["plan"]), 0);
            ended(&dbgen(cluster, &all, &["apply"]), 0);
        },
    );
}

/// A database that can't be connected to is one that fails: the others get theirs.
#[test]
fn a_database_that_can_not_be_connected_to_keeps_none_from_theirs() {
    each_quiet(
        "a_database_that_can_not_be_connected_to_keeps_none_from_theirs",
        |cluster| {
            let names = ["a", "b it's", "c", "d", "e"];
            let all = |fields: &Value| {
                let databases: Vec<Value> = names
                    .iter()
                    .map(|name| database(name, fields.clone()))
                    .collect();
                declared(&databases)
            };
            ended(&dbgen(cluster, &all(&json!({})), &["apply"]), 0);
            cluster.sql(
                "postgres",
                "ALTER DATABASE \"b it's\" SET session_preload_libraries = 'no_such_library'",
            );
            cluster.write("pg_hba.conf", "local d all reject\nlocal all all trust\n");
            cluster.reload();
            let all = all(&json!({ "schemas": ["app"] }));
            let plan = dbgen(cluster, &all, &["plan"]);
            ended(&plan, 2);
            for name in ["a", "c", "e"] {
                let told = format!("database {name}\n  change   CREATE SCHEMA app");
                assert_eq!(plan.out.matches(&told).count(), 1, "{}", plan.out);
            }
            let apply = dbgen(cluster, &all, &["apply"]);
            ended(&apply, 1);
            for part in [
                "database b it's\n  failed   database \"b it's\": connection to server",
                "could not access file \"no_such_library\"",
                "database d\n  failed   database d: connection to server",
                "pg_hba.conf rejects connection",
                "not done: database b it's, database d",
            ] {
                assert!(apply.out.contains(part), "{}\n{}", apply.out, apply.err);
            }
            assert!(!apply.err.contains("endif"), "{}", apply.err);
            let app = "SELECT count(*) FROM pg_namespace WHERE nspname = 'app'";
            for name in ["a", "c", "e"] {
                assert_eq!(cluster.sql(name, app), "1");
                // Each is told once, though the program ran three times.
                let told = format!("database {name}\n  done     CREATE SCHEMA app");
                assert_eq!(apply.out.matches(&told).count(), 1, "{}", apply.out);
            }
            let done = apply.out.matches("\n  done ").count();
            let summary = format!("\n{done} changes executed, 2 failed,");
            assert!(apply.out.contains(&summary), "{}", apply.out);
            let json = dbgen(cluster, &all, &["apply", "--format", "json"]);
            ended(&json, 1);
            let report: Value = serde_json::from_str(&json.out).unwrap();
            assert_eq!(
                report["failed"],
                json!([{ "scope": "contents", "database": "b it's" }, { "scope": "contents", "database": "d" }])
            );

            // The unit's program does the same, and the list of what can be used has the others.
            let folder = Folder::new();
            let text = Program::of(&all).0;
            folder.write("program.sql", &text);
            let unit = format!(
                "psql={}\nhost={}\nport={}\nprogram=$PWD/program.sql\ncredentials=()\ngenerated=()\ngenerated_groups=()\n{}",
                cluster.psql.display(),
                cluster.socket.display(),
                cluster.port,
                concat!(
                    include_str!("../templates/provision/file.sh"),
                    include_str!("../templates/provision/psql.sh"),
                    include_str!("../templates/provision/unit.sh")
                )
            );
            folder.write("unit", &unit);
            folder.write("run/x", "");
            for executed in [1, 0] {
                if executed > 0 {
                    for name in ["a", "c", "e"] {
                        cluster.sql(name, "DROP SCHEMA app");
                    }
                }
                let mut bash = folder.command("bash");
                bash.args(["unit", "apply"])
                    .env("PGUSER", "postgres")
                    .env("INVOCATION_ID", "x")
                    .env("RUNTIME_DIRECTORY", folder.path("run"))
                    .env("STATE_DIRECTORY", folder.path("state"));
                let unit = seen(&mut bash, b"");
                ended(&unit, 3);
                assert!(
                    unit.err
                        .contains("could not access file \"no_such_library\"")
                        && unit.err.contains(
                            "not everything is as declared: database \"b it's\", database d"
                        ),
                    "{}",
                    unit.err
                );
                assert_eq!(folder.read("run/ready"), "x\na\nc\ne\n");
                assert_eq!(folder.names("run"), ["ready", "x"]);
                // It counts what was executed before a connection failed.
                let metrics = folder.read("state/metrics/dbgen.prom");
                for name in ["a", "c", "e"] {
                    let labels = format!("scope=\"contents\",database=\"{name}\"");
                    for series in [
                        format!("\ndbgen_statements{{{labels}}} {executed}\n"),
                        format!("\ndbgen_drift{{{labels},kind=\"change\"}} {executed}\n"),
                    ] {
                        assert_eq!(metrics.matches(&series).count(), 1, "{series}{metrics}");
                    }
                }
            }

            // The program alone says where it ended.
            let note = folder.path("connecting");
            let note = format!("connecting_file={}", note.display());
            let run = provision::Run::of(Program(text).start_with(
                cluster,
                "postgres",
                Mode::Apply,
                &["-v", &note],
            ));
            assert_eq!(run.status, Some(2), "{run}");
            assert_eq!(folder.read("connecting"), "b.20it.27s\n");
        },
    );
}

/// What the server does not create has failed with what it says, and is not counted.
#[test]
fn what_the_server_refuses_to_create_is_told_as_failed() {
    each_quiet(
        "what_the_server_refuses_to_create_is_told_as_failed",
        |cluster| {
            let all = declared(&[
                database(
                    "a",
                    json!({ "collate": "xx_XX.UTF-8", "ctype": "xx_XX.UTF-8" }),
                ),
                database("b", json!({})),
                database("c", json!({ "template": "a" })),
                database("d", json!({ "template": "b" })),
            ]);
            let program = Program::of(&all);
            let folder = Folder::new();
            for made in [vec!["b", "d"], vec![]] {
                let metrics = format!("metrics={}", folder.path("metrics").display());
                let run = provision::Run::of(program.start_with(
                    cluster,
                    "postgres",
                    Mode::Apply,
                    &["-v", &metrics],
                ));
                assert_eq!(run.status, Some(3), "{run}");
                let created = run.changes().into_iter();
                let created: Vec<String> = created
                    .filter_map(|change| {
                        Some(change.strip_prefix("creation: CREATE DATABASE ")?[..1].to_owned())
                    })
                    .collect();
                assert_eq!(created, made, "{run}");
                let counted = format!(
                    "dbgen_statements{{scope=\"creation\",database=\"\"}} {}\n",
                    made.len()
                );
                assert!(folder.read("metrics").contains(&counted), "{run}");
                let failed = run.of_kind("failed");
                let [a, c] = &failed[..] else { panic!("{run}") };
                assert!(
                    a.starts_with("databases: database a: CREATE DATABASE a ")
                        && a.ends_with("locale name: \"xx_XX.UTF-8\""),
                    "{a}"
                );
                assert_eq!(
                    c,
                    "databases: database c: CREATE DATABASE c OWNER owner TEMPLATE a: template database \"a\" does not exist"
                );
                assert_eq!(run.of_kind("blocked"), [""; 0], "{run}");
            }
        },
    );
}

/// A database that fails takes nothing from the other databases, nor a role from the other roles, and nothing of itself stays.
#[test]
fn what_fails_of_a_database_or_a_role_is_its_own() {
    each_quiet("what_fails_of_a_database_or_a_role_is_its_own", |cluster| {
        let wrong = json!({ "TimeZone": "Europe/Berln" });
        let all = |setting: &Value| {
            let mut all = declared(&[
                database("d", json!({ "extraConfig": setting, "comment": "d" })),
                database(
                    "e",
                    json!({ "extraConfig": { "work_mem": "8MB" }, "roleSettings": { "reader": setting } }),
                ),
                database("f", json!({ "comment": "f" })),
                json!({ "type": "postgresql", "name": "g", "user": "bad" }),
            ]);
            all["services"]["app"]["roles"] = json!([
                { "name": "bad", "settings": setting, "comment": "bad" },
                { "name": "member", "memberOf": ["bad"], "createdb": true },
                { "name": "reader", "createdb": true },
            ]);
            all
        };
        let program = Program::of(&all(&wrong));
        cluster.sql("postgres", "CREATE DATABASE d");
        let folder = Folder::new();
        for _ in 0..2 {
            let ready = format!("ready_file={}", folder.path("ready").display());
            let run = provision::Run::of(program.start_with(
                cluster,
                "postgres",
                Mode::Apply,
                &["-v", &ready],
            ));
            assert_eq!(run.status, Some(3), "{run}");
            let failed = run.of_kind("failed");
            let wanted = [
                "roles: role bad: ALTER ROLE bad SET \"TimeZone\" TO 'Europe/Berln'",
                "roles: role member: GRANT bad TO member",
                "databases: database d: ALTER DATABASE d SET \"TimeZone\" TO 'Europe/Berln'",
                "databases: role reader in database e: ALTER ROLE reader IN DATABASE e SET \"TimeZone\" TO 'Europe/Berln'",
                "databases: database g: CREATE DATABASE g OWNER bad: role \"bad\" does not exist",
            ];
            for wanted in wanted {
                assert!(
                    failed.iter().any(|it| it.starts_with(wanted)),
                    "{wanted}\n{run}"
                );
            }
            assert_eq!(failed.len(), wanted.len(), "{run}");
            assert_eq!(run.of_kind("blocked"), [""; 0], "{run}");
            let seen = cluster.sql(
                "postgres",
                "SELECT string_agg(concat(datname, ' ', pg_get_userbyid(datdba), ' ', has_database_privilege('public', oid, 'CONNECT'), ' ',
                    shobj_description(oid, 'pg_database')), ', ' ORDER BY datname) FROM pg_database WHERE datname IN ('d', 'e', 'f', 'g')",
            );
            // The creation of a database is no part of a transaction.
            assert_eq!(seen, "d postgres t , e owner t , f owner f f");
            let roles = cluster.sql(
                "postgres",
                "SELECT string_agg(rolname || ' ' || rolcreatedb, ', ' ORDER BY rolname) FROM pg_roles WHERE rolname IN ('bad', 'member', 'owner', 'reader')",
            );
            assert_eq!(roles, "owner false, reader true");
            assert_eq!(folder.read("ready"), "f\n");
        }
        let told = dbgen(cluster, &all(&wrong), &["apply"]);
        ended(&told, 1);
        assert!(
            told.out
                .contains("not done: role bad, role member, database d, role reader in database e"),
            "{}",
            told.out
        );
        let program = Program::of(&all(&json!({ "TimeZone": "Europe/Berlin" })));
        program.apply(cluster);
        settled(&program, cluster);
    });
}

/// A locale is that of the provider, too, whatever the provider is.
#[test]
fn a_locale_is_the_providers() {
    each_quiet("a_locale_is_the_providers", |cluster| {
        let has_icu = cluster.sql(
            "postgres",
            "SELECT count(*) > 0 FROM pg_collation WHERE collprovider = 'i'",
        ) == "t";
        let mut databases = vec![database("plain", json!({ "locale": "C" }))];
        if cluster.major >= 15 && has_icu {
            databases.push(database(
                "icu",
                json!({ "localeProvider": "icu", "locale": "C" }),
            ));
            databases.push(database(
                "both",
                json!({ "localeProvider": "icu", "locale": "C", "icuLocale": "de-DE" }),
            ));
        }
        if cluster.major >= 17 {
            databases.push(database(
                "builtin",
                json!({ "localeProvider": "builtin", "locale": "C" }),
            ));
            databases.push(database("parts", json!({ "localeProvider": "builtin", "locale": "C.UTF-8", "collate": "C", "ctype": "C" })));
        }
        let program = Program::of(&declared(&databases));
        program.apply(cluster);
        settled(&program, cluster);
        program.apply(cluster);
        if cluster.major >= 17 {
            let seen = cluster.sql(
                "postgres",
                "SELECT string_agg(concat_ws(' ', datname, datlocprovider, datlocale, datcollate), ', ' ORDER BY datname)
                 FROM pg_database WHERE datname IN ('builtin', 'parts')",
            );
            assert_eq!(seen, "builtin b C C, parts b C.UTF-8 C");
            // What is there is compared with it.
            let other = database(
                "builtin",
                json!({ "localeProvider": "builtin", "locale": "C.UTF-8", "collate": "C", "ctype": "C" }),
            );
            let run = Program::of(&declared(&[other])).plan(cluster);
            let blocked = run.of_kind("blocked").join("\n");
            assert!(
                blocked.contains("BUILTIN_LOCALE 'C.UTF-8' is declared, and it is 'C'"),
                "{run}"
            );
        }
    });
}

/// For each function, operator and relation of the server another one that the database's owner made, which makes a superuser of them
/// whoever is led to it. The owner sets the search path for everybody who connects, too.
const MINES: &str = r#"
CREATE SCHEMA evil AUTHORIZATION owner;
SET ROLE owner;
CREATE FUNCTION evil.trap() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF pg_catalog.current_setting('is_superuser')::pg_catalog.bool THEN
    EXECUTE 'ALTER ROLE owner SUPERUSER';
  END IF;
  RETURN true;
END $$;
DO $$
DECLARE
  it record;
BEGIN
  FOR it IN
    SELECT proname, pg_get_function_identity_arguments(oid) AS arguments, pg_get_function_result(oid) AS result, proretset
    FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND provariadic = 0
      AND NOT EXISTS (SELECT FROM pg_type WHERE pg_type.oid = ANY (prorettype || proargtypes::oid[]) AND typtype = 'p')
  LOOP
    BEGIN
      EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', it.proname, it.arguments, it.result,
        CASE WHEN it.proretset THEN 'BEGIN PERFORM evil.trap(); END' ELSE 'BEGIN PERFORM evil.trap(); RETURN NULL; END' END);
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  FOR it IN
    SELECT oprname, format_type(oprleft, NULL) AS of_left, format_type(oprright, NULL) AS of_right, oprcode::regproc AS name,
      (SELECT proname FROM pg_proc WHERE oid = oprcode) AS function
    FROM pg_operator
    WHERE oprleft <> 0 AND oprnamespace = 'pg_catalog'::regnamespace
  LOOP
    BEGIN
      EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.%I)',
        it.oprname, it.of_left, it.of_right, it.function);
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  FOR it IN
    SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')
  LOOP
    BEGIN
      EXECUTE format('CREATE VIEW evil.%I AS SELECT * FROM pg_catalog.%1$I WHERE evil.trap()', it.relname);
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
END $$;
ALTER DATABASE app SET search_path = evil, pg_catalog;
ALTER DATABASE app SET standard_conforming_strings = off;
"#;

#[test]
fn what_the_owner_of_a_database_makes_and_sets_is_never_run_by_the_superuser() {
    each_quiet(
        "what_the_owner_of_a_database_makes_and_sets_is_never_run_by_the_superuser",
        |cluster| {
            let declared = declared(&[database("app", json!({ "schemas": ["evil"] }))]);
            ended(&dbgen(cluster, &declared, &["apply"]), 0);
            cluster.sql("app", "DROP SCHEMA IF EXISTS evil");
            cluster.sql("app", MINES);
            let made = "SET search_path = pg_catalog; SELECT count(*) > 1500 FROM pg_catalog.pg_proc WHERE pronamespace = 'evil'::regnamespace";
            let mut there = cluster.client(&["-XAtqc", made], "app", "postgres", None);
            assert_eq!(seen(&mut there, b"").out, "t\n");
            let innocent = "SELECT rolsuper FROM pg_roles WHERE rolname = 'owner'";
            assert_eq!(cluster.sql("postgres", innocent), "f");
            // A superuser who just asks is led astray, which shows that the mines are real.
            let mut astray = cluster.client(
                &["-XAtqc", "BEGIN; SELECT count(*) FROM pg_class; SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) 'owner'; ROLLBACK"],
                "app",
                "postgres",
                None,
            );
            assert!(seen(&mut astray, b"").out.ends_with("t\n"));
            let program = Program::of(&declared);
            for mode in [Mode::Plan, Mode::Apply] {
                let run = program.run(cluster, mode);
                assert_eq!(
                    (run.status, cluster.sql("postgres", innocent).as_str()),
                    (Some(0), "f"),
                    "{run}"
                );
            }
            let removed =
                json!({ "removed": { "databases": ["app"], "dumpDirectory": "/nonexistent" } });
            let removing = json!({ "instances": { "main": removed }, "services": {
                "app": { "databases": [database("other", json!({}))] } } });
            for (declared, arguments) in [
                (&declared, &["plan"][..]),
                (&declared, &["apply"]),
                (&declared, &["apply", "--without-passwords"]),
                (&declared, &["verify"]),
                (&removing, &["plan", "--remove"]),
                (&removing, &["apply", "--remove"]),
            ] {
                let seen = dbgen(cluster, declared, arguments);
                assert_ne!(seen.status, Some(2), "{arguments:?}: {}", seen.err);
                assert_eq!(
                    cluster.sql("postgres", innocent),
                    "f",
                    "{arguments:?}: {}",
                    seen.out
                );
            }
        },
    );
}
