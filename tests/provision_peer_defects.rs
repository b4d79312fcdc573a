//! Defects that were seen in other tools that provision PostgreSQL, or told by those who run them, each with the same input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/provision.rs"]
mod provision;
#[path = "support/run.rs"]
mod run;
mod support;

use provision::{Mode, Program, Run, each_quiet, rows, settle, wal};
use serde_json::{Value, json};
use support::postgres::Cluster;

/// One database `app` of the role `owner`, with these fields, and these roles.
fn declared(fields: Value, roles: Value) -> Value {
    let mut database = json!({ "type": "postgresql", "name": "app", "user": "owner" });
    database
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    json!({ "services": { "app": { "databases": [database], "roles": roles } } })
}

fn create(cluster: &Cluster, sql: &str) {
    cluster.sql("postgres", "CREATE ROLE owner LOGIN");
    cluster.sql("postgres", "CREATE DATABASE app OWNER owner");
    cluster.sql("app", sql);
}

fn may(cluster: &Cluster, sql: &str) -> String {
    cluster.sql("app", &format!("SELECT concat_ws(' ', {sql})"))
}

fn settled(program: &Program, cluster: &Cluster) {
    let plan = program.plan(cluster);
    assert_eq!(plan.changes(), [""; 0], "{plan}");
}

/// A validator that refuses MAINTAIN although its tests run on 17 and 18.
#[test]
fn maintain_is_granted_where_the_server_has_it() {
    each_quiet("maintain_is_granted_where_the_server_has_it", |cluster| {
        create(cluster, "CREATE TABLE public.t ()");
        let mut declared = declared(
            json!({ "grants": [{ "role": "reader", "privileges": ["MAINTAIN", "SELECT"], "on": { "table": "public.t" } }] }),
            json!([{ "name": "reader" }]),
        );
        let program = Program::of(&declared);
        let run = program.run(cluster, Mode::Apply);
        if cluster.major >= 17 {
            assert_eq!(run.status, Some(0), "{run}");
            assert_eq!(
                may(cluster, "has_table_privilege('reader', 't', 'MAINTAIN')"),
                "t"
            );
        } else {
            // Loud, and the rest is done.
            assert_eq!(run.status, Some(3), "{run}");
            assert!(
                run.of_kind("blocked")
                    .iter()
                    .any(|step| step.contains("MAINTAIN")),
                "{run}"
            );
            assert_eq!(
                may(cluster, "has_table_privilege('reader', 't', 'SELECT')"),
                "t"
            );
            declared["instances"] = json!({ "main": { "version": cluster.major } });
            let findings = Program::try_of(&declared).err().unwrap();
            assert!(findings.contains("unsupported-by-version"), "{findings}");
        }
    });
}

/// A backquote in a role name that was run as a shell command through `\echo`.
#[test]
fn a_backquote_in_a_name_is_no_command() {
    each_quiet("a_backquote_in_a_name_is_no_command", |cluster| {
        let mark = cluster.socket.join("mark");
        let name = format!("`touch {}`", mark.display());
        let program = Program::of(
            &json!({ "services": { "app": { "databases": [{ "type": "postgresql", "name": name, "user": name, "comment": name }] } } }),
        );
        for (mode, format) in [
            (Mode::Plan, "format=text"),
            (Mode::Apply, "format=text"),
            (Mode::Apply, "format=json"),
        ] {
            let run = Run::of(program.start_with(cluster, "postgres", mode, &["-v", format]));
            assert_eq!(run.status, Some(0), "{run}");
        }
        assert!(!mark.exists());
    });
}

/// "A specific pattern overrides the wildcard" that only ever adds.
#[test]
fn a_specific_pattern_takes_away_what_the_wildcard_gave() {
    each_quiet(
        "a_specific_pattern_takes_away_what_the_wildcard_gave",
        |cluster| {
            create(
                cluster,
                "CREATE TABLE public.secret (a integer, b integer); CREATE TABLE public.open ();",
            );
            let wildcard = json!({ "role": "reader", "privileges": ["SELECT", "INSERT"], "on": { "table": "public.*" } });
            let roles = json!([{ "name": "reader" }]);
            Program::of(&declared(json!({ "grants": [wildcard] }), roles.clone())).apply(cluster);
            let asked = "has_table_privilege('reader', 'secret', 'SELECT'), has_table_privilege('reader', 'secret', 'INSERT'), has_table_privilege('reader', 'open', 'INSERT'), has_column_privilege('reader', 'secret', 'a', 'SELECT'), has_column_privilege('reader', 'secret', 'b', 'SELECT')";
            assert_eq!(may(cluster, asked), "t t t t t");
            let named = json!({ "role": "reader", "privileges": ["SELECT"], "on": { "table": "public.secret" } });
            let program = Program::of(&declared(
                json!({ "grants": [wildcard, named] }),
                roles.clone(),
            ));
            program.apply(cluster);
            assert_eq!(may(cluster, asked), "t f t t t");
            settled(&program, cluster);
            let columns = json!({ "role": "reader", "privileges": ["SELECT"], "on": { "table": "public.secret", "columns": ["a"] } });
            let program = Program::of(&declared(json!({ "grants": [wildcard, columns] }), roles));
            program.apply(cluster);
            assert_eq!(may(cluster, asked), "f f t t f");
            settled(&program, cluster);
        },
    );
}

const ROUTINES: &str = "
    CREATE FUNCTION public.f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION public.f(text, text[]) RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE public.p(integer) LANGUAGE sql AS 'SELECT 1';
    CREATE AGGREGATE public.a(integer) (SFUNC = int4larger, STYPE = integer);";

/// `f(int)` quoted as one identifier, so that a function grant by signature never works.
#[test]
fn a_function_is_granted_by_its_signature() {
    each_quiet("a_function_is_granted_by_its_signature", |cluster| {
        create(cluster, ROUTINES);
        let program = Program::of(&declared(
            json!({ "grants": [
                { "role": "reader", "privileges": ["EXECUTE"], "on": { "function": "public.f(int)" } },
                { "role": "reader", "privileges": ["EXECUTE"], "on": { "procedure": "public.p(int4)" } },
            ] }),
            json!([{ "name": "reader" }]),
        ));
        program.apply(cluster);
        let asked = "has_function_privilege('reader', 'f(integer)', 'EXECUTE'), has_function_privilege('reader', 'f(text,text[])', 'EXECUTE'), has_function_privilege('reader', 'p(integer)', 'EXECUTE'), has_function_privilege('reader', 'a(integer)', 'EXECUTE')";
        assert_eq!(may(cluster, asked), "t f t f");
        settled(&program, cluster);
    });
}

/// `ALL FUNCTIONS` that leaves procedures out, and a plan that flaps for ever because of it.
#[test]
fn routines_are_functions_and_procedures() {
    each_quiet("routines_are_functions_and_procedures", |cluster| {
        create(cluster, ROUTINES);
        let roles = json!([{ "name": "reader" }]);
        let asked = "has_function_privilege('reader', 'f(integer)', 'EXECUTE'), has_function_privilege('reader', 'p(integer)', 'EXECUTE'), has_function_privilege('reader', 'a(integer)', 'EXECUTE')";
        for (kind, seen) in [
            ("function", "t f t"),
            ("procedure", "f t f"),
            ("routine", "t t t"),
        ] {
            let program = Program::of(&declared(
                json!({ "grants": [{ "role": "reader", "privileges": ["EXECUTE"], "on": { kind: "public.*" } }], "converge": "authoritative" }),
                roles.clone(),
            ));
            program.apply(cluster);
            assert_eq!(may(cluster, asked), seen, "{kind}");
            settled(&program, cluster);
        }
    });
}

/// A plan that never ends for a wildcard that matches nothing.
#[test]
fn a_wildcard_that_matches_nothing_settles() {
    each_quiet("a_wildcard_that_matches_nothing_settles", |cluster| {
        let grants: Vec<Value> = [
            "table",
            "sequence",
            "function",
            "procedure",
            "routine",
            "type",
            "domain",
        ]
        .iter()
        .map(|kind| {
            let privilege = match *kind {
                "table" => "SELECT",
                "sequence" | "type" | "domain" => "USAGE",
                _ => "EXECUTE",
            };
            json!({ "role": "reader", "privileges": [privilege], "on": { *kind: "public.*" } })
        })
        .collect();
        let program = Program::of(&declared(
            json!({ "grants": grants }),
            json!([{ "name": "reader" }]),
        ));
        program.apply(cluster);
        settled(&program, cluster);
    });
}

/// PUBLIC left alone in a database that declares nothing else.
#[test]
fn public_is_revoked_in_a_database_that_declares_nothing_else() {
    each_quiet(
        "public_is_revoked_in_a_database_that_declares_nothing_else",
        |cluster| {
            create(cluster, ROUTINES);
            cluster.sql("app", "CREATE TABLE public.t (x serial); CREATE TYPE public.e AS ENUM (); GRANT ALL ON public.t, public.t_x_seq TO PUBLIC; CREATE TABLE public.c (x integer); GRANT SELECT (x) ON public.c TO PUBLIC; GRANT ALL ON SCHEMA public TO PUBLIC;");
            let program = Program::of(&declared(json!({}), json!([])));
            program.apply(cluster);
            let asked = "has_database_privilege('public', 'app', 'CONNECT'), has_database_privilege('public', 'app', 'TEMPORARY'), has_schema_privilege('public', 'public', 'USAGE'), has_schema_privilege('public', 'public', 'CREATE'),
            has_table_privilege('public', 'public.t', 'SELECT'), has_column_privilege('public', 'public.c', 'x', 'SELECT'), has_sequence_privilege('public', 'public.t_x_seq', 'USAGE'),
            has_function_privilege('public', 'public.f(integer)', 'EXECUTE'), has_function_privilege('public', 'public.p(integer)', 'EXECUTE'), has_function_privilege('public', 'public.a(integer)', 'EXECUTE'), has_type_privilege('public', 'public.e', 'USAGE')";
            assert_eq!(
                may(cluster, asked),
                ["f"; 11].join(" "),
                "{}",
                cluster.major
            );
            // And of what is created later by those who create things there.
            cluster.sql("app", "GRANT CREATE, USAGE ON SCHEMA public TO owner; SET ROLE owner; CREATE FUNCTION public.later() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE TYPE public.l AS ENUM ();");
            assert_eq!(
                may(
                    cluster,
                    "has_function_privilege('public', 'public.later()', 'EXECUTE'), has_type_privilege('public', 'public.l', 'USAGE')"
                ),
                "f f"
            );
            settled(&program, cluster);
        },
    );
}

/// An owner applied only at CREATE DATABASE.
#[test]
fn an_owner_is_put_right_later() {
    each_quiet("an_owner_is_put_right_later", |cluster| {
        cluster.sql("postgres", "CREATE DATABASE app");
        cluster.sql("app", "CREATE SCHEMA inner_one");
        let program = Program::of(&declared(json!({ "schemas": ["inner_one"] }), json!([])));
        program.apply(cluster);
        assert_eq!(
            may(
                cluster,
                "(SELECT datdba::regrole FROM pg_database WHERE datname = 'app'), (SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'inner_one')"
            ),
            "owner owner"
        );
        settled(&program, cluster);
    });
}

/// Extension ownership changed by UPDATE pg_extension: without a row in pg_shdepend, DROP ROLE orphans it.
#[test]
fn no_catalog_is_written_by_hand() {
    each_quiet("no_catalog_is_written_by_hand", |cluster| {
        let program = Program::of(&declared(
            json!({ "extensions": ["hstore"], "schemas": ["inner_one"] }),
            json!([]),
        ));
        let run = program.apply(cluster);
        assert!(
            run.changes()
                .iter()
                .any(|change| change.contains("CREATE EXTENSION hstore")),
            "{run}"
        );
        assert!(
            run.changes()
                .iter()
                .all(|change| !change.contains("pg_catalog") && !change.contains("UPDATE pg_")),
            "{run}"
        );
        // Whoever owns anything is known to the server as its owner.
        let orphans = "SELECT extname FROM pg_extension WHERE extowner <> 10 AND NOT EXISTS (
              SELECT FROM pg_shdepend WHERE classid = 'pg_extension'::regclass AND objid = pg_extension.oid AND refobjid = extowner AND deptype = 'o')
            UNION ALL SELECT nspname FROM pg_namespace WHERE nspowner >= 16384 AND NOT EXISTS (
              SELECT FROM pg_shdepend WHERE classid = 'pg_namespace'::regclass AND objid = pg_namespace.oid AND refobjid = nspowner AND deptype = 'o')";
        assert_eq!(cluster.sql("app", orphans), "");
        let refused = cluster.psql("postgres", "postgres", None, "DROP ROLE owner");
        assert!(!refused.status.success());
        settled(&program, cluster);
    });
}

/// A no-change rerun over 2,000 tables that writes 3.1 MB of WAL.
#[test]
fn two_thousand_tables_a_second_time_write_nothing() {
    each_quiet(
        "two_thousand_tables_a_second_time_write_nothing",
        |cluster| {
            create(
                cluster,
                "SELECT format('CREATE TABLE public.t%s (a integer)', n) FROM generate_series(1, 2000) AS n \\gexec",
            );
            let program = Program::of(&declared(
                json!({ "grants": [{ "role": "reader", "privileges": ["SELECT"], "on": { "table": "public.*" } }] }),
                json!([{ "name": "reader" }]),
            ));
            program.apply(cluster);
            assert_eq!(cluster.sql("app", "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND has_table_privilege('reader', oid, 'SELECT')"), "2000");
            settle(cluster);
            let (start, versions) = (wal(cluster), rows(cluster));
            let run = program.apply(cluster);
            assert_eq!(
                (run.changes(), wal(cluster), rows(cluster)),
                (vec![], start, versions)
            );
        },
    );
}

/// Membership: revoking what the server itself granted to a CREATEROLE creator, and "restoring" SET TRUE.
#[test]
fn the_servers_own_membership_stays() {
    each_quiet("the_servers_own_membership_stays", |cluster| {
        cluster.sql("postgres", "CREATE ROLE maker LOGIN CREATEROLE");
        assert!(
            cluster
                .psql("postgres", "maker", None, "CREATE ROLE made")
                .status
                .success()
        );
        let rows = "SELECT string_agg(to_jsonb(m)::text, '|' ORDER BY m) FROM pg_auth_members m WHERE roleid = 'made'::regrole";
        let before = cluster.sql("postgres", rows);
        assert_eq!(before.is_empty(), cluster.major < 16);
        let program = Program::of(&json!({
            "instances": { "main": { "converge": "authoritative" } },
            "services": { "app": {
                "databases": [{ "type": "postgresql", "name": "app", "user": "owner" }],
                "roles": [{ "name": "maker", "login": true, "createrole": true }, { "name": "made" }],
            } },
        }));
        let run = program.apply(cluster);
        assert_eq!(cluster.sql("postgres", rows), before, "{run}");
        assert!(
            !run.out.contains("made FROM maker") && !run.out.contains("SET TRUE"),
            "{run}"
        );
        settled(&program, cluster);
    });
}

/// PUBLIC grants that are never idempotent because a null list was not read as what it stands for.
#[test]
fn a_null_list_is_read_as_the_server_means_it() {
    each_quiet("a_null_list_is_read_as_the_server_means_it", |cluster| {
        create(cluster, ROUTINES);
        let public = |privileges: &[&str], on: Value| json!({ "role": "public", "privileges": privileges, "on": on });
        let program = Program::of(&declared(
            json!({ "grants": [
                public(&["CONNECT", "TEMPORARY"], json!("database")),
                public(&["EXECUTE"], json!({ "routine": "public.*" })),
                public(&["USAGE"], json!({ "language": "plpgsql" })),
                public(&["USAGE"], json!({ "schema": "public" })),
            ] }),
            json!([]),
        ));
        let run = program.apply(cluster);
        let about_public: Vec<String> = run
            .changes()
            .into_iter()
            .filter(|change| change.ends_with("TO PUBLIC") && !change.contains("DEFAULT"))
            .collect();
        assert_eq!(about_public, [""; 0], "PUBLIC has all of it already");
        settled(&program, cluster);
    });
}

/// Default privileges that hold for what comes later only.
#[test]
fn default_privileges_reach_what_is_there_already() {
    each_quiet(
        "default_privileges_reach_what_is_there_already",
        |cluster| {
            create(
                cluster,
                "CREATE ROLE maker; CREATE ROLE stranger;
             CREATE TABLE public.made (); ALTER TABLE public.made OWNER TO maker;
             CREATE TABLE public.other (); ALTER TABLE public.other OWNER TO stranger;",
            );
            let program = Program::of(&declared(
                json!({ "defaultPrivileges": [
                { "creator": "maker", "on": "tables", "role": "reader", "privileges": ["SELECT"] },
            ] }),
                json!([{ "name": "maker" }, { "name": "reader" }]),
            ));
            program.apply(cluster);
            let asked = "has_table_privilege('reader', 'public.made', 'SELECT'), has_table_privilege('reader', 'public.other', 'SELECT')";
            assert_eq!(may(cluster, asked), "t f");
            settled(&program, cluster);
        },
    );
}

/// A right that somebody has passed on, who may not any more: the server refuses to take the option back while others depend on it.
#[test]
fn who_may_not_pass_on_any_more_loses_what_was_passed_on() {
    each_quiet(
        "who_may_not_pass_on_any_more_loses_what_was_passed_on",
        |cluster| {
            create(
                cluster,
                "CREATE ROLE first; CREATE ROLE second; CREATE TABLE public.t (); GRANT USAGE ON SCHEMA public TO first;
                 GRANT SELECT ON public.t TO first WITH GRANT OPTION; SET ROLE first; GRANT SELECT ON public.t TO second;",
            );
            let select = |role: &str| json!({ "role": role, "privileges": ["SELECT"], "on": { "table": "public.t" } });
            let program = Program::of(&declared(
                json!({ "converge": "authoritative", "grants": [select("first"), select("second")] }),
                json!([{ "name": "first" }, { "name": "second" }]),
            ));
            program.apply(cluster);
            let asked = "has_table_privilege('first', 'public.t', 'SELECT'), has_table_privilege('first', 'public.t', 'SELECT WITH GRANT OPTION'),
                has_table_privilege('second', 'public.t', 'SELECT')";
            assert_eq!(may(cluster, asked), "t f t");
            settled(&program, cluster);
        },
    );
}

/// Who has become a superuser can't take back what it granted before, and nobody can in its name: the rest is done.
#[test]
fn what_a_superuser_passed_on_before_is_told_of() {
    each_quiet("what_a_superuser_passed_on_before_is_told_of", |cluster| {
        create(
            cluster,
            "CREATE ROLE first; CREATE ROLE second; CREATE TABLE public.t (x integer); GRANT USAGE ON SCHEMA public TO first;
             GRANT SELECT, UPDATE (x) ON public.t TO first WITH GRANT OPTION;
             SET ROLE first; GRANT SELECT, UPDATE (x) ON public.t TO second;",
        );
        let program = Program::of(&declared(
            json!({ "converge": "authoritative", "grants": [
                { "role": "reader", "privileges": ["SELECT"], "on": { "table": "public.t" } },
            ] }),
            json!([{ "name": "first", "superuser": true }, { "name": "second" }, { "name": "reader" }]),
        ));
        let run = program.run(cluster, Mode::Apply);
        assert_eq!(run.status, Some(3), "{run}");
        let blocked = run.of_kind("blocked");
        assert_eq!(blocked.len(), 2, "{run}");
        assert!(
            run.out.contains("takes nothing back in its own name"),
            "{run}"
        );
        assert_eq!(
            may(
                cluster,
                "has_table_privilege('reader', 'public.t', 'SELECT')"
            ),
            "t"
        );
        // The way out that is told.
        cluster.sql("app", "ALTER ROLE first NOSUPERUSER; GRANT SELECT, UPDATE (x) ON public.t TO first WITH GRANT OPTION; REVOKE SELECT, UPDATE (x) ON public.t FROM first CASCADE");
        program.apply(cluster);
        settled(&program, cluster);
    });
}

/// An owner's own entry taken for drift.
#[test]
fn an_owners_own_entry_is_no_drift() {
    each_quiet("an_owners_own_entry_is_no_drift", |cluster| {
        create(
            cluster,
            "CREATE TABLE public.t (); ALTER TABLE public.t OWNER TO owner; GRANT SELECT ON public.t TO owner WITH GRANT OPTION; CREATE TABLE public.u (); ALTER TABLE public.u OWNER TO owner; REVOKE INSERT ON public.u FROM owner;",
        );
        let before = cluster.sql(
            "app",
            "SELECT relacl FROM pg_class WHERE relname IN ('t', 'u') ORDER BY relname",
        );
        let program = Program::of(&declared(
            // Less is declared for the owner of one table than for the owner of any.
            json!({ "converge": "authoritative", "grants": [
                { "role": "owner", "privileges": ["SELECT", "DELETE"], "on": { "table": "public.*" } },
                { "role": "owner", "privileges": ["SELECT"], "on": { "table": ["public.t", "public.u"] } },
            ] }),
            json!([]),
        ));
        let run = program.apply(cluster);
        assert_eq!(
            cluster.sql(
                "app",
                "SELECT relacl FROM pg_class WHERE relname IN ('t', 'u') ORDER BY relname"
            ),
            before,
            "{run}"
        );
        assert!(
            !run.of_kind("found")
                .iter()
                .any(|step| step.contains("public.t") || step.contains("public.u")),
            "{run}"
        );
        settled(&program, cluster);
    });
}

/// "tuple concurrently updated" and deadlocks when two runs meet.
#[test]
fn runs_that_meet_wait_for_each_other() {
    each_quiet("runs_that_meet_wait_for_each_other", |cluster| {
        create(
            cluster,
            "SELECT format('CREATE TABLE public.t%s (a integer)', n) FROM generate_series(1, 200) AS n \\gexec",
        );
        // Each takes back what the other gives.
        let program = |privilege: &str| {
            Program::of(&declared(
                json!({ "converge": "authoritative", "grants": [{ "role": "reader", "privileges": [privilege], "on": { "table": "public.*" } }] }),
                json!([{ "name": "reader" }]),
            ))
        };
        let programs = [program("SELECT"), program("INSERT")];
        for _ in 0..3 {
            let children: Vec<_> = programs
                .iter()
                .map(|program| program.start(cluster, "postgres", Mode::Apply))
                .collect();
            for run in children.into_iter().map(Run::of) {
                assert_eq!(run.status, Some(0), "{run}");
            }
        }
        let log = cluster.log();
        assert!(
            !log.contains("deadlock") && !log.contains("concurrently"),
            "{log}"
        );
    });
}

/// Names compared after silent truncation at 63 bytes.
#[test]
fn a_name_that_would_be_cut_is_refused() {
    let name = "n".repeat(64);
    let findings = Program::try_of(&declared(json!({}), json!([{ "name": name }])))
        .err()
        .unwrap();
    assert!(findings.contains("name-too-long"), "{findings}");
}

/// One role with two secrets, whose password flapped with the order of provisioning.
#[test]
fn a_role_with_two_passwords_is_refused() {
    let database = |name: &str| json!({ "type": "postgresql", "name": name, "user": "reader", "password": { "file": format!("/run/secrets/{name}") } });
    let findings = Program::try_of(
        &json!({ "services": { "app": { "databases": [database("a"), database("b")] } } }),
    )
    .err()
    .unwrap();
    assert!(findings.contains("conflicting-password"), "{findings}");
}

/// A preset that made one cluster-wide group: its members could read every database.
#[test]
fn a_preset_holds_in_its_database_only() {
    each_quiet("a_preset_holds_in_its_database_only", |cluster| {
        create(cluster, "CREATE TABLE public.t ()");
        let mut declared = declared(
            json!({ "access": [{ "role": "reader", "preset": "read-only" }] }),
            json!([{ "name": "reader", "login": true }]),
        );
        let databases = declared["services"]["app"]["databases"]
            .as_array_mut()
            .unwrap();
        databases.push(json!({ "type": "postgresql", "name": "private", "user": "owner" }));
        let roles = "SELECT count(*) FROM pg_roles";
        let before: u32 = cluster.sql("postgres", roles).parse().unwrap();
        Program::of(&declared).apply(cluster);
        assert_eq!(
            cluster.sql("postgres", roles),
            (before + 1).to_string(),
            "a preset makes no role"
        );
        assert_eq!(
            cluster.sql(
                "app",
                "SELECT has_table_privilege('reader', 'public.t', 'SELECT')"
            ),
            "t"
        );
        assert!(
            cluster
                .psql("app", "reader", None, "SELECT FROM public.t")
                .status
                .success()
        );
        let refused = cluster.psql("private", "reader", None, "SELECT 1");
        assert!(!refused.status.success(), "reader enters another database");
    });
}

/// Grants on a schema that the application creates at its first start, after the provisioning.
#[test]
fn what_the_application_creates_later_is_told_of_and_granted_then() {
    each_quiet(
        "what_the_application_creates_later_is_told_of_and_granted_then",
        |cluster| {
            let grant = |on: &str| json!({ "role": "reader", "privileges": ["SELECT"], "on": { "table": on } });
            let program = Program::of(&declared(
                json!({ "schemas": ["mine"], "grants": [grant("later.*"), grant("later.t"), grant("mine.*")] }),
                json!([{ "name": "reader" }]),
            ));
            let run = program.apply(cluster);
            assert!(
                run.of_kind("pending")
                    .iter()
                    .any(|step| step.contains("later")),
                "{run}"
            );
            // What is declared with its owner is there at once, and what comes into it is readable without another run.
            cluster.sql("app", "SET ROLE owner; CREATE TABLE mine.t ()");
            assert_eq!(
                may(cluster, "has_table_privilege('reader', 'mine.t', 'SELECT')"),
                "t"
            );
            cluster.sql(
                "app",
                "CREATE SCHEMA later AUTHORIZATION owner; SET ROLE owner; CREATE TABLE later.t ()",
            );
            assert!(!program.plan(cluster).changes().is_empty());
            let run = program.apply(cluster);
            assert_eq!(
                may(
                    cluster,
                    "has_table_privilege('reader', 'later.t', 'SELECT'), has_schema_privilege('reader', 'later', 'USAGE')"
                ),
                "t t"
            );
            assert!(run.of_kind("pending").is_empty(), "{run}");
            settled(&program, cluster);
        },
    );
}

/// Rights granted in template1 so that "all future databases inherit them".
#[test]
fn what_comes_from_the_template_is_part_of_the_state() {
    each_quiet(
        "what_comes_from_the_template_is_part_of_the_state",
        |cluster| {
            cluster.sql("postgres", "CREATE ROLE stranger");
            cluster.sql("template1", "CREATE TABLE public.inherited (a integer); GRANT SELECT ON public.inherited TO PUBLIC, stranger; CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; GRANT CREATE ON SCHEMA public TO PUBLIC");
            let program = Program::of(&declared(json!({ "converge": "authoritative" }), json!([])));
            let plan = program.plan(cluster);
            let run = program.apply(cluster);
            assert_eq!(
                may(
                    cluster,
                    "has_table_privilege('public', 'public.inherited', 'SELECT'), has_table_privilege('stranger', 'public.inherited', 'SELECT'), has_function_privilege('public', 'public.f()', 'EXECUTE'), has_schema_privilege('public', 'public', 'CREATE')"
                ),
                "f f f f",
                "{run}"
            );
            let inside = |run: &Run| {
                run.changes()
                    .into_iter()
                    .filter(|change| change.starts_with("app: "))
                    .collect::<Vec<_>>()
            };
            assert_eq!(
                inside(&plan),
                inside(&run),
                "a plan sees through to the template"
            );
            settled(&program, cluster);
            cluster.sql("template1", "DROP TABLE public.inherited; DROP FUNCTION public.f(); REVOKE CREATE ON SCHEMA public FROM PUBLIC");
        },
    );
}

/// No transaction at all in a script described as transaction-safe.
#[test]
fn what_fails_at_the_end_leaves_nothing_of_the_beginning() {
    each_quiet(
        "what_fails_at_the_end_leaves_nothing_of_the_beginning",
        |cluster| {
            create(cluster, "CREATE TABLE public.t ()");
            let program = Program::of(&declared(
                json!({ "schemas": ["mine"], "extensions": ["hstore"], "grants": [{ "role": "reader", "privileges": ["SELECT"], "on": { "table": "public.*" } }],
                "hooks": { "after": [{ "sql": "SELECT 1/0", "unless": "SELECT false" }] } }),
                json!([{ "name": "reader" }]),
            ));
            let run = program.run(cluster, Mode::Apply);
            assert_eq!(run.status, Some(3), "{run}");
            assert_eq!(
                may(
                    cluster,
                    "(SELECT count(*) FROM pg_namespace WHERE nspname = 'mine'), (SELECT count(*) FROM pg_extension WHERE extname = 'hstore'), has_table_privilege('reader', 'public.t', 'SELECT'), (SELECT count(*) FROM pg_default_acl)"
                ),
                "0 0 f 0"
            );
        },
    );
}

/// A stamp that says "done" after a restore: here the stamp itself comes back with the restore.
#[test]
fn what_the_program_remembers_does_not_outlive_what_it_saw() {
    each_quiet(
        "what_the_program_remembers_does_not_outlive_what_it_saw",
        |cluster| {
            create(cluster, "CREATE TABLE public.t ()");
            let program = Program::of(&declared(
                json!({ "grants": [{ "role": "reader", "privileges": ["SELECT"], "on": { "table": "public.t" } }] }),
                json!([{ "name": "reader" }]),
            ));
            program.apply(cluster);
            program.apply(cluster);
            let kept = cluster.sql("app", "SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setrole = 10 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = 'app')");
            cluster.sql("postgres", "DROP DATABASE app");
            cluster.sql("postgres", "CREATE DATABASE app OWNER owner");
            cluster.sql("app", "CREATE TABLE public.t ()");
            for setting in kept.lines() {
                let (name, value) = setting.split_once('=').unwrap();
                cluster.sql(
                    "postgres",
                    &format!(
                        "ALTER ROLE postgres IN DATABASE app SET {name} = {}",
                        provision::literal(value)
                    ),
                );
            }
            let plan = program.plan(cluster);
            assert!(
                plan.changes()
                    .iter()
                    .any(|change| change.contains("GRANT SELECT ON TABLE public.t TO reader")),
                "{plan}"
            );
        },
    );
}

/// The table of mutations names what is in the program.
#[test]
fn mutations_are_of_this_program() {
    let program = Program::of(&declared(json!({}), json!([])));
    let table = include_str!("mutations.md");
    let mut rows = 0;
    for line in table.lines().filter(|line| line.contains("` | `")) {
        let from = line
            .split(" | ")
            .nth(1)
            .unwrap()
            .trim_matches('`')
            .replace("\\|", "|");
        assert!(program.0.contains(&from), "not in the program: {from}");
        rows += 1;
    }
    assert!(rows > 30);
}
