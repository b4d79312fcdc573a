//! What somebody who tried to break the convergence has found: each test tells which defect was there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/provision.rs"]
mod provision;
#[path = "support/run.rs"]
mod run;
mod support;

use provision::{Mode, Program, Run, each_quiet};
use serde_json::{Value, json};
use support::postgres::Cluster;

/// The database `app` of its user, with these fields.
fn declared(fields: Value, roles: Value) -> Value {
    let mut database = json!({ "type": "postgresql", "name": "app" });
    database
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    json!({ "services": { "app": { "databases": [database], "roles": roles } } })
}

/// The same with authority over what is not declared.
fn authoritative(mut declarations: Value) -> Value {
    declarations["instances"] = json!({ "main": { "converge": "authoritative" } });
    declarations
}

fn create(cluster: &Cluster, sql: &str) {
    cluster.sql("postgres", "CREATE ROLE app LOGIN");
    cluster.sql("postgres", "CREATE DATABASE app OWNER app");
    cluster.sql("app", sql);
}

/// The program has done its work and has nothing left to do.
#[track_caller]
fn converges(program: &Program, cluster: &Cluster) -> Run {
    let run = program.apply(cluster);
    settled(program, cluster);
    run
}

#[track_caller]
fn settled(program: &Program, cluster: &Cluster) {
    let plan = program.plan(cluster);
    assert_eq!(plan.changes(), [""; 0], "{} {plan}", cluster.major);
}

#[track_caller]
fn has(steps: &[String], part: &str) {
    assert!(
        steps.iter().any(|step| step.contains(part)),
        "{part}: {steps:#?}"
    );
}

#[track_caller]
fn is(cluster: &Cluster, sql: &str, expected: &str) {
    assert_eq!(
        cluster.sql("app", sql),
        expected,
        "{}: {sql}",
        cluster.major
    );
}

/// The owner of a database decides the search path of its sessions, and hooks of the superuser had it: what they named without a
/// schema was the owner's.
#[test]
fn the_search_path_of_a_database_is_not_that_of_hooks() {
    each_quiet(
        "the_search_path_of_a_database_is_not_that_of_hooks",
        |cluster| {
            create(
                cluster,
                "ALTER DATABASE app SET search_path = evil, pg_catalog, public",
            );
            let evil = cluster.psql(
                "app",
                "app",
                None,
                "CREATE SCHEMA evil;
                CREATE FUNCTION evil.rise() RETURNS text LANGUAGE plpgsql AS $$
                  BEGIN ALTER ROLE app SUPERUSER; RETURN 'x'; EXCEPTION WHEN OTHERS THEN RETURN 'x'; END $$;
                CREATE VIEW evil.pg_publication AS SELECT evil.rise()::name AS pubname;
                CREATE TABLE evil.path (path text)",
            );
            assert!(evil.status.success(), "{evil:?}");
            let ask = "SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = 'y')";
            let note = "INSERT INTO evil.path SELECT count(*) || current_setting('search_path') FROM pg_publication";
            let noted = |path: &str| {
                format!("SELECT EXISTS (SELECT FROM evil.path WHERE path = '0{path}')")
            };
            let program = Program::of(&declared(
                json!({ "user": "app", "hooks": {
                    "before": [
                        { "sql": note, "unless": noted("pg_catalog, pg_temp") },
                        { "sql": note, "unless": noted("\"$user\", public"), "role": "app" },
                        { "sql": "CREATE TABLE unqualified ()", "unless": "SELECT to_regclass('public.unqualified') IS NOT NULL", "role": "app" },
                    ],
                    "after": [{ "sql": "CREATE TABLE public.asked ()", "unless": format!("SELECT to_regclass('public.asked') IS NOT NULL OR ({ask})") }],
                } }),
                json!([]),
            ));
            if cluster.major >= 15 {
                cluster.sql("app", "GRANT CREATE ON SCHEMA public TO app");
            }
            converges(&program, cluster);
            is(
                cluster,
                "SELECT rolsuper FROM pg_roles WHERE rolname = 'app'",
                "f",
            );
            is(cluster, "SELECT count(*) FROM evil.path", "2");
        },
    );
}

/// A hook of the database's owner could leave a temporary table behind that the superuser's hooks then took for the server's own.
#[test]
fn what_is_temporary_is_not_found_first() {
    each_quiet("what_is_temporary_is_not_found_first", |cluster| {
        create(cluster, "");
        let program = Program::of(&declared(
            json!({ "user": "app", "hooks": {
                "before": [{
                    "sql": "CREATE TEMPORARY TABLE pg_publication AS SELECT 'x' AS pubname; CREATE TABLE public.b ()",
                    "unless": "SELECT to_regclass('public.b') IS NOT NULL", "role": "app",
                }],
                "after": [{
                    "sql": "CREATE TABLE public.a AS SELECT count(*) FROM pg_publication",
                    "unless": "SELECT to_regclass('public.a') IS NOT NULL OR EXISTS (SELECT FROM pg_publication)",
                }],
            } }),
            json!([]),
        ));
        converges(&program, cluster);
        is(cluster, "SELECT count FROM a", "0");
    });
}

/// Before 17 a dropped column keeps its privileges, under a name that no statement accepts.
#[test]
fn a_dropped_column_has_no_privileges() {
    each_quiet("a_dropped_column_has_no_privileges", |cluster| {
        create(
            cluster,
            "CREATE SCHEMA z AUTHORIZATION app; CREATE TABLE z.x (a int, b int); GRANT SELECT (a, b) ON z.x TO public;
            ALTER TABLE z.x DROP COLUMN a; CREATE TABLE z.y (a int, b int); GRANT SELECT (a) ON z.y TO public; ALTER TABLE z.y DROP COLUMN a",
        );
        let program = Program::of(&declared(
            json!({ "user": "app", "schemas": ["z"] }),
            json!([]),
        ));
        let run = converges(&program, cluster);
        has(&run.changes(), "REVOKE SELECT (b) ON TABLE z.x FROM PUBLIC");
    });
}

/// What the server prints of an ordered-set aggregate is no signature for GRANT, nor is a variadic argument's mode.
#[test]
fn routines_are_named_by_their_types() {
    each_quiet("routines_are_named_by_their_types", |cluster| {
        create(
            cluster,
            r#"CREATE SCHEMA w AUTHORIZATION app; CREATE TYPE w."Odd type" AS (a int);
            CREATE AGGREGATE w.os(double precision ORDER BY double precision) (SFUNC = ordered_set_transition, STYPE = internal,
              FINALFUNC = percentile_cont_float8_final);
            CREATE AGGREGATE w.hs(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal,
              FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
            CREATE FUNCTION w.v(a text, b w."Odd type", VARIADIC c "char"[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
            CREATE FUNCTION w.o(a timestamp(3) with time zone, OUT b int) LANGUAGE sql AS 'SELECT 1';
            CREATE PROCEDURE w.p(a int, OUT b text) LANGUAGE sql AS $$ SELECT 'x' $$;
            CREATE PROCEDURE w.p(a int, b text) LANGUAGE sql AS 'SELECT 1'"#,
        );
        let program = Program::of(&declared(
            json!({ "user": "app", "schemas": ["w"],
                "grants": [{ "role": "reader", "privileges": ["EXECUTE"], "on": { "routine": "w.*" } }] }),
            json!([{ "name": "reader" }]),
        ));
        let run = converges(&program, cluster);
        has(&run.changes(), r#"w.v(text, w."Odd type", "char"[])"#);
        is(
            cluster,
            "SELECT count(*), bool_and(has_function_privilege('reader', oid, 'EXECUTE')), bool_or(has_function_privilege('public', oid, 'EXECUTE'))
            FROM pg_proc WHERE pronamespace = 'w'::regnamespace",
            "6|t|f",
        );
    });
}

/// A grant that others hang on was revoked before theirs, which nobody could take back then.
#[test]
fn the_end_of_a_chain_of_grants_goes_first() {
    each_quiet("the_end_of_a_chain_of_grants_goes_first", |cluster| {
        create(
            cluster,
            "CREATE SCHEMA w AUTHORIZATION app; CREATE TABLE w.t (a int); CREATE TABLE w.u (a int);
            CREATE ROLE g3; CREATE ROLE g1; CREATE ROLE g2; GRANT USAGE ON SCHEMA w TO g1 WITH GRANT OPTION;
            GRANT SELECT, INSERT ON w.t TO g1 WITH GRANT OPTION; GRANT SELECT (a) ON w.u TO g1 WITH GRANT OPTION;
            SET ROLE g1; GRANT USAGE ON SCHEMA w TO g2 WITH GRANT OPTION; GRANT SELECT, INSERT ON w.t TO g2 WITH GRANT OPTION;
            GRANT SELECT (a) ON w.u TO g2 WITH GRANT OPTION;
            SET ROLE g2; GRANT USAGE ON SCHEMA w TO g3; GRANT SELECT ON w.t TO g3; GRANT SELECT (a) ON w.u TO g3, PUBLIC",
        );
        let roles = json!([{ "name": "g3" }, { "name": "g1" }, { "name": "g2" }]);
        let program = Program::of(&authoritative(declared(
            json!({ "user": "app", "schemas": ["w"] }),
            roles,
        )));
        converges(&program, cluster);
        is(
            cluster,
            "SELECT DISTINCT grantee::regrole FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'w'",
            "app",
        );
        is(
            cluster,
            "SELECT DISTINCT grantee::regrole FROM pg_class, aclexplode(relacl) WHERE relname = 't'",
            "postgres",
        );
        is(
            cluster,
            "SELECT attacl FROM pg_attribute WHERE attrelid = 'w.u'::regclass AND attname = 'a'",
            "",
        );
    });
}

/// The schema was taken from who had to take something back in it.
#[test]
fn what_is_in_a_schema_goes_before_it() {
    each_quiet("what_is_in_a_schema_goes_before_it", |cluster| {
        create(
            cluster,
            "CREATE SCHEMA w AUTHORIZATION app; CREATE TABLE w.t (a int); CREATE TABLE w.u (a int); CREATE ROLE g1; CREATE ROLE g2;
            GRANT USAGE ON SCHEMA w TO g1 WITH GRANT OPTION; GRANT SELECT ON w.t TO g2 WITH GRANT OPTION;
            GRANT SELECT (a) ON w.u TO g2 WITH GRANT OPTION;
            SET ROLE g1; GRANT USAGE ON SCHEMA w TO PUBLIC; SET ROLE g2; GRANT SELECT ON w.t TO PUBLIC; GRANT SELECT (a) ON w.u TO PUBLIC",
        );
        let program = Program::of(&declared(
            json!({ "user": "app", "schemas": ["w"] }),
            json!([{ "name": "g1" }, { "name": "g2" }]),
        ));
        converges(&program, cluster);
        is(
            cluster,
            "SELECT has_schema_privilege('public', 'w', 'USAGE'), has_table_privilege('public', 'w.t', 'SELECT'),
            has_any_column_privilege('public', 'w.u', 'SELECT')",
            "f|f|f",
        );
    });
}

/// What only depends on an extension was taken for a member of it at the first glance.
#[test]
fn who_leaves_an_extension_is_noticed() {
    each_quiet("who_leaves_an_extension_is_noticed", |cluster| {
        create(cluster, "");
        let program = Program::of(&declared(
            json!({ "user": "app", "extensions": ["cube"] }),
            json!([]),
        ));
        converges(&program, cluster);
        cluster.sql(
            "app",
            "ALTER EXTENSION cube DROP FUNCTION cube_dim(cube); ALTER FUNCTION cube_dim(cube) DEPENDS ON EXTENSION cube",
        );
        let run = converges(&program, cluster);
        has(
            &run.changes(),
            "REVOKE EXECUTE ON ROUTINE public.cube_dim(public.cube) FROM PUBLIC",
        );
    });
}

/// A type that is only a name yet has privileges that no statement can change.
#[test]
fn a_shell_type_is_left_alone() {
    each_quiet("a_shell_type_is_left_alone", |cluster| {
        create(
            cluster,
            "CREATE SCHEMA app AUTHORIZATION app; CREATE TYPE app.shell",
        );
        let program = Program::of(&declared(
            json!({ "user": "app", "schemas": ["app"],
                "grants": [{ "role": "reader", "privileges": ["USAGE"], "on": { "type": "app.*" } }] }),
            json!([{ "name": "reader" }]),
        ));
        converges(&program, cluster);
        // Once it is one it is noticed.
        cluster.sql(
            "app",
            "CREATE FUNCTION app.i(cstring) RETURNS app.shell LANGUAGE internal IMMUTABLE STRICT AS 'textin';
            CREATE FUNCTION app.o(app.shell) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
            CREATE TYPE app.shell (INPUT = app.i, OUTPUT = app.o, LIKE = text)",
        );
        converges(&program, cluster);
        is(
            cluster,
            "SELECT has_type_privilege('reader', 'app.shell', 'USAGE'), has_type_privilege('public', 'app.shell', 'USAGE')",
            "t|f",
        );
    });
}

/// What an option of a membership is where it is not said was read as anything that it may be.
#[test]
fn options_of_memberships_that_are_not_said_have_a_meaning() {
    each_quiet(
        "options_of_memberships_that_are_not_said_have_a_meaning",
        |cluster| {
            let additive = declared(
                json!({ "user": "app" }),
                json!([{ "name": "mstaff" }, { "name": "malice", "memberOf": ["mstaff"] }]),
            );
            let (program, exact) = (
                Program::of(&additive),
                Program::of(&authoritative(additive.clone())),
            );
            converges(&program, cluster);
            let hands: &[(&str, &str, &str)] = match cluster.major {
                ..16 => &[(
                    "GRANT mstaff TO malice WITH ADMIN OPTION",
                    "not declared: ADMIN",
                    "REVOKE ADMIN OPTION FOR mstaff FROM malice",
                )],
                _ => &[
                    (
                        "GRANT mstaff TO malice WITH ADMIN OPTION",
                        "not declared: ADMIN",
                        "REVOKE ADMIN OPTION FOR mstaff FROM malice",
                    ),
                    (
                        "GRANT mstaff TO malice WITH INHERIT FALSE",
                        "the membership is ADMIN FALSE, INHERIT FALSE",
                        "GRANT mstaff TO malice WITH INHERIT TRUE, SET TRUE",
                    ),
                    (
                        "GRANT mstaff TO malice WITH SET FALSE",
                        "INHERIT TRUE, SET FALSE",
                        "GRANT mstaff TO malice WITH INHERIT TRUE, SET TRUE",
                    ),
                ],
            };
            for (hand, told, statement) in hands {
                cluster.sql("postgres", hand);
                let plan = program.plan(cluster);
                assert_eq!(plan.changes(), [""; 0], "{plan}");
                has(&plan.of_kind("found"), told);
                has(&converges(&exact, cluster).changes(), statement);
                assert_eq!(exact.plan(cluster).of_kind("found"), [""; 0]);
            }
        },
    );
}

/// From 16 who creates roles has ADMIN of them by itself, and a grant adds to that.
#[test]
fn who_creates_roles_has_admin_by_itself() {
    each_quiet("who_creates_roles_has_admin_by_itself", |cluster| {
        cluster.sql(
            "postgres",
            "CREATE ROLE creator CREATEROLE; SET ROLE creator; CREATE ROLE made; CREATE ROLE joined",
        );
        let roles = json!([
            { "name": "creator", "createrole": true, "memberOf": ["joined"] }, { "name": "made" }, { "name": "joined" },
        ]);
        let program = Program::of(&authoritative(declared(json!({ "user": "app" }), roles)));
        converges(&program, cluster);
        assert_eq!(program.plan(cluster).of_kind("found"), [""; 0]);
        // Whom it has passed the right on to loses it first.
        if cluster.major >= 16 {
            cluster.sql("postgres", "CREATE ROLE other; GRANT joined TO app WITH ADMIN OPTION; SET ROLE app; GRANT joined TO other");
            let run = converges(&program, cluster);
            has(&run.changes(), "REVOKE joined FROM other GRANTED BY app");
        }
    });
}

/// An owner whose own rights were taken away, of which nothing was told.
#[test]
fn an_owner_gets_its_own_rights_back() {
    each_quiet("an_owner_gets_its_own_rights_back", |cluster| {
        let program = Program::of(&declared(
            json!({ "user": "app", "schemas": ["app"] }),
            json!([]),
        ));
        converges(&program, cluster);
        cluster.sql(
            "app",
            "REVOKE ALL ON DATABASE app FROM app; REVOKE ALL ON SCHEMA app FROM app",
        );
        let run = converges(&program, cluster);
        has(
            &run.changes(),
            "GRANT CREATE, CONNECT, TEMPORARY ON DATABASE app TO app",
        );
        has(&run.changes(), "GRANT CREATE, USAGE ON SCHEMA app TO app");
        let seen = cluster.psql("app", "app", None, "CREATE TABLE app.t ()");
        assert!(seen.status.success(), "{seen:?}");
        // One of them alone.
        cluster.sql(
            "app",
            "REVOKE CONNECT ON DATABASE app FROM app; REVOKE USAGE ON SCHEMA app FROM app",
        );
        has(
            &converges(&program, cluster).changes(),
            "GRANT CONNECT ON DATABASE app TO app",
        );
        // Of a table it is the owner's own business.
        cluster.sql("app", "REVOKE INSERT ON app.t FROM app");
        assert_eq!(program.apply(cluster).changes(), [""; 0]);
    });
}

/// Who reached a schema as its owner was to take back in it what he had granted, after the schema had got another owner.
#[test]
fn the_owner_before_takes_nothing_back() {
    each_quiet("the_owner_before_takes_nothing_back", |cluster| {
        create(
            cluster,
            "CREATE ROLE old; CREATE ROLE other; CREATE SCHEMA w AUTHORIZATION old; CREATE TABLE w.t (a int, b int);
            GRANT SELECT ON w.t TO old WITH GRANT OPTION; GRANT UPDATE (a) ON w.t TO old WITH GRANT OPTION;
            SET ROLE old; GRANT SELECT ON w.t TO other; GRANT UPDATE (a) ON w.t TO other",
        );
        let program = Program::of(&authoritative(declared(
            json!({ "user": "app", "schemas": ["w"] }),
            json!([]),
        )));
        let run = converges(&program, cluster);
        has(&run.changes(), "ALTER SCHEMA w OWNER TO app");
        is(
            cluster,
            "SELECT relacl, attacl FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'a'
            WHERE pg_class.oid = 'w.t'::regclass AND (relacl::text ~ 'old|other' OR attacl::text ~ 'old|other')",
            "",
        );
    });
}

/// A schema that gets another owner was taken for one that the owner before had created, and what is granted on those was granted.
#[test]
fn a_schema_that_changes_hands_is_its_new_owners() {
    each_quiet("a_schema_that_changes_hands_is_its_new_owners", |cluster| {
        create(
            cluster,
            "CREATE ROLE old; CREATE ROLE reader; CREATE SCHEMA w AUTHORIZATION old",
        );
        let program = Program::of(&declared(
            json!({ "user": "app", "schemas": ["w"], "defaultPrivileges": [
                    { "creator": "old", "on": "schemas", "role": "reader", "privileges": ["USAGE"] },
                ] }),
            json!([{ "name": "old" }, { "name": "reader" }]),
        ));
        converges(&program, cluster);
        is(
            cluster,
            "SELECT has_schema_privilege('reader', 'w', 'USAGE'), pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'w'",
            "f|app",
        );
    });
}

/// What `g` got with the option from the owner, and passed on to `x` and to everybody.
const PASSED_ON: &str = "CREATE ROLE g; CREATE ROLE x; CREATE SCHEMA w AUTHORIZATION app; CREATE TABLE w.t (a int, b int);
    CREATE TABLE w.u (a int); ALTER TABLE w.t OWNER TO app; ALTER TABLE w.u OWNER TO app;
    SET ROLE app; GRANT USAGE ON SCHEMA w TO g WITH GRANT OPTION; GRANT CONNECT ON DATABASE app TO g WITH GRANT OPTION;
    GRANT SELECT ON w.t TO g WITH GRANT OPTION; GRANT UPDATE (a) ON w.u TO g WITH GRANT OPTION;
    SET ROLE g; GRANT USAGE ON SCHEMA w TO x, PUBLIC; GRANT CONNECT ON DATABASE app TO x, PUBLIC;
    GRANT SELECT ON w.t TO x, PUBLIC; GRANT UPDATE (a) ON w.u TO x, PUBLIC; RESET ROLE;";

/// All that anybody but the owner has of that, by whom.
const WHO_HAS: &str = "SELECT coalesce(string_agg(concat(what, ':', CASE entry.grantee WHEN 0 THEN 'PUBLIC' ELSE entry.grantee::regrole::text END,
        CASE WHEN is_grantable THEN '*' END, '/', entry.grantor::regrole), ' ' ORDER BY what, entry.grantee::regrole::text), '')
    FROM (
      SELECT 'table', relacl FROM pg_class WHERE oid = 'w.t'::regclass
      UNION ALL SELECT 'column', attacl FROM pg_attribute WHERE attrelid = 'w.u'::regclass AND attname = 'a'
      UNION ALL SELECT 'schema', nspacl FROM pg_namespace WHERE nspname = 'w'
      UNION ALL SELECT 'database', datacl FROM pg_database WHERE datname = 'app'
    ) AS lists(what, list), aclexplode(list) AS entry
    WHERE entry.grantee <> 'app'::regrole";

/// Who has become a member of the owner takes back nothing in its own name, and the whole database failed for ever: the rest is
/// done, and the way out that is told is one.
#[test]
fn who_granted_as_a_member_of_the_owner_is_told_of() {
    each_quiet(
        "who_granted_as_a_member_of_the_owner_is_told_of",
        |cluster| {
            create(cluster, &format!("{PASSED_ON} GRANT app TO g"));
            let program = Program::of(&authoritative(declared(
                json!({ "user": "app", "schemas": ["w", "other"] }),
                json!([{ "name": "g", "memberOf": ["app"] }, { "name": "x" }]),
            )));
            let run = program.run(cluster, Mode::Apply);
            assert_eq!(run.status, Some(3), "{run}");
            // x's and everybody's, of four kinds of objects.
            assert_eq!(run.of_kind("blocked").len(), 8, "{run}");
            assert!(
                run.out.contains("takes nothing back in its own name"),
                "{run}"
            );
            is(cluster, "SELECT to_regnamespace('other')", "other");
            cluster.sql(
                "app",
                "REVOKE app FROM g;
                GRANT USAGE ON SCHEMA w TO g WITH GRANT OPTION; REVOKE USAGE ON SCHEMA w FROM g CASCADE;
                GRANT CONNECT ON DATABASE app TO g WITH GRANT OPTION; REVOKE CONNECT ON DATABASE app FROM g CASCADE;
                GRANT SELECT ON w.t TO g WITH GRANT OPTION; REVOKE SELECT ON w.t FROM g CASCADE;
                GRANT UPDATE (a) ON w.u TO g WITH GRANT OPTION; REVOKE UPDATE (a) ON w.u FROM g CASCADE",
            );
            converges(&program, cluster);
            is(cluster, WHO_HAS, "");
        },
    );
}

/// Who gets the database has the rights of public's owner from 15 on, and took back nothing there in its own name.
#[test]
fn who_passed_on_rights_on_public_and_gets_the_database_is_told_of() {
    each_quiet(
        "who_passed_on_rights_on_public_and_gets_the_database_is_told_of",
        |cluster| {
            create(
                cluster,
                "CREATE ROLE g; CREATE ROLE x; CREATE SCHEMA w; GRANT CREATE ON SCHEMA public TO g WITH GRANT OPTION;
                SET ROLE g; GRANT CREATE ON SCHEMA public TO x",
            );
            let program = Program::of(&authoritative(declared(
                json!({ "user": "g", "schemas": ["w"] }),
                json!([{ "name": "g" }, { "name": "x" }]),
            )));
            let run = program.run(cluster, Mode::Apply);
            let blocked = if cluster.major < 15 { 0 } else { 1 };
            assert_eq!(run.of_kind("blocked").len(), blocked, "{run}");
            assert_eq!(run.of_kind("failed").len(), 0, "{run}");
            is(
                cluster,
                "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'w'",
                "g",
            );
        },
    );
}

/// Who lost the option while it was a member of the owner left behind what it had passed on, and nobody could take it back.
#[test]
fn what_hangs_on_a_lost_option_is_taken_back() {
    each_quiet("what_hangs_on_a_lost_option_is_taken_back", |cluster| {
        for (lost, rest) in [
            (
                "GRANT OPTION FOR ",
                "column:g/app database:g/app schema:g/app table:g/app",
            ),
            ("", ""),
        ] {
            create(
                cluster,
                &format!(
                    "{PASSED_ON} GRANT app TO g; SET ROLE app;
                    REVOKE {lost} USAGE ON SCHEMA w FROM g; REVOKE {lost} CONNECT ON DATABASE app FROM g;
                    REVOKE {lost} SELECT ON w.t FROM g; REVOKE {lost} UPDATE (a) ON w.u FROM g; RESET ROLE;
                    REVOKE app FROM g"
                ),
            );
            let grants = json!([
                { "role": "g", "privileges": ["SELECT"], "on": { "table": "w.t" } },
                { "role": "g", "privileges": ["UPDATE"], "on": { "table": "w.u", "columns": ["a"] } },
                { "role": "g", "privileges": ["USAGE"], "on": { "schema": "w" } },
                { "role": "g", "privileges": ["CONNECT"], "on": "database" },
            ]);
            let program = Program::of(&authoritative(declared(
                json!({ "user": "app", "schemas": ["w"], "grants": if rest.is_empty() { json!([]) } else { grants } }),
                json!([{ "name": "g" }, { "name": "x" }]),
            )));
            converges(&program, cluster);
            is(cluster, WHO_HAS, rest);
            cluster.sql("postgres", "DROP DATABASE app");
            cluster.sql("postgres", "DROP ROLE app, g, x");
        }
    });
}

/// Who no longer reaches a schema lost, with what everybody loses there, the option that nobody said anything of, and others what
/// they had by it.
#[test]
fn who_reaches_a_schema_no_more_keeps_what_is_only_found() {
    each_quiet(
        "who_reaches_a_schema_no_more_keeps_what_is_only_found",
        |cluster| {
            create(
                cluster,
                &format!("{PASSED_ON} SET ROLE app; REVOKE USAGE ON SCHEMA w FROM g CASCADE"),
            );
            let program = Program::of(&declared(
                json!({ "user": "app", "schemas": ["w"] }),
                json!([{ "name": "g" }, { "name": "x" }]),
            ));
            converges(&program, cluster);
            is(
                cluster,
                WHO_HAS,
                "column:g*/app column:x/g database:g*/app database:x/g table:g*/app table:x/g",
            );
        },
    );
}

/// Who had what it needs only as the owner of a schema gets it with the change of the owner: a plan left that out, and the second
/// round of apply did it.
#[test]
fn a_plan_sees_a_schema_as_its_next_owner_has_it() {
    each_quiet("a_plan_sees_a_schema_as_its_next_owner_has_it", |cluster| {
        create(
            cluster,
            "CREATE ROLE old; CREATE ROLE other; CREATE ROLE heir;
            CREATE SCHEMA w AUTHORIZATION old; CREATE SCHEMA v AUTHORIZATION old; CREATE SCHEMA bare AUTHORIZATION old;
            SET ROLE old; GRANT USAGE ON SCHEMA w TO heir; GRANT USAGE ON SCHEMA v TO PUBLIC; GRANT CREATE ON SCHEMA v TO other;
            REVOKE CREATE ON SCHEMA w FROM old; REVOKE ALL ON SCHEMA bare FROM old",
        );
        let schemas = json!([
            { "name": "w", "owner": "heir" }, { "name": "v", "owner": "fresh" }, { "name": "bare", "owner": "heir" },
        ]);
        let access = json!([{ "role": "old", "preset": "read-only", "schemas": ["w", "v"] }]);
        let roles = json!([{ "name": "old" }, { "name": "heir" }, { "name": "fresh" }]);
        let fields = json!({ "user": "app", "schemas": schemas, "access": access });
        let program = Program::of(&authoritative(declared(fields, roles)));
        let plan = program.plan(cluster);
        let run = converges(&program, cluster);
        assert_eq!(plan.changes(), run.changes(), "{plan}\n{run}");
        has(&run.changes(), "GRANT USAGE ON SCHEMA v, w TO old");
        is(
            cluster,
            "SELECT string_agg(nspname || nspacl::text, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname IN ('w', 'v', 'bare')",
            "bare{heir=UC/heir} v{fresh=UC/fresh,old=U/fresh} w{heir=UC/heir,old=U/heir}",
        );
    });
}

/// A membership that the same run takes away was told to be in the way of the one in the other direction; apply then granted it.
#[test]
fn a_membership_is_turned_round_in_one_run() {
    each_quiet("a_membership_is_turned_round_in_one_run", |cluster| {
        create(
            cluster,
            "CREATE ROLE above; CREATE ROLE middle; CREATE ROLE below; GRANT above TO middle; GRANT middle TO below",
        );
        let roles = json!([
            { "name": "above", "memberOf": ["below"] }, { "name": "middle" }, { "name": "below", "memberOf": ["middle"] },
        ]);
        let declared = declared(json!({ "user": "app" }), roles);
        // What stays is in the way.
        let plan = Program::of(&declared).plan(cluster);
        has(&plan.of_kind("blocked"), "declared to be a member of below");
        let program = Program::of(&authoritative(declared));
        let plan = program.plan(cluster);
        assert_eq!(plan.of_kind("blocked"), [""; 0], "{plan}");
        let run = converges(&program, cluster);
        assert_eq!(plan.changes(), run.changes(), "{plan}\n{run}");
        has(&run.changes(), "GRANT below TO above");
        is(
            cluster,
            "SELECT string_agg(member::regrole || ' in ' || roleid::regrole, ', ' ORDER BY member::regrole::text)
            FROM pg_auth_members WHERE member::regrole::text IN ('above', 'middle', 'below')",
            "above in below, below in middle",
        );
    });
}

/// Owners that change at the same time have what they need, and nothing is said twice.
#[test]
fn a_new_owner_has_the_rights_of_an_owner() {
    each_quiet("a_new_owner_has_the_rights_of_an_owner", |cluster| {
        cluster.sql("postgres", "CREATE ROLE old");
        cluster.sql("postgres", "CREATE DATABASE app OWNER old");
        cluster.sql(
            "app",
            "REVOKE ALL ON DATABASE app FROM PUBLIC; CREATE SCHEMA app AUTHORIZATION old; GRANT USAGE ON SCHEMA app TO PUBLIC",
        );
        let program = Program::of(&declared(
            json!({ "user": "app", "schemas": ["app"] }),
            json!([]),
        ));
        let run = converges(&program, cluster);
        assert!(
            !run.changes()
                .iter()
                .any(|it| it.contains("GRANT") && it.contains(" app TO app")),
            "{run}"
        );
        is(
            cluster,
            "SELECT datacl FROM pg_database WHERE datname = 'app'",
            "{app=CTc/app}",
        );
    });
}

/// What a hook makes before all else was missing when the rest was looked at.
#[test]
fn what_a_hook_makes_first_is_there_for_the_rest() {
    each_quiet("what_a_hook_makes_first_is_there_for_the_rest", |cluster| {
        let program = Program::of(&declared(
            json!({ "user": "app", "schemas": ["app"], "extensions": ["hstore"], "hooks": { "before": [
                { "sql": "CREATE SCHEMA app", "unless": "SELECT to_regnamespace('app') IS NOT NULL" },
                { "sql": "CREATE EXTENSION hstore SCHEMA public", "unless": "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'hstore')" },
            ] } }),
            json!([]),
        ));
        let plan = program.plan(cluster);
        has(&plan.changes(), "CREATE SCHEMA app\n");
        has(&plan.changes(), "CREATE SCHEMA app AUTHORIZATION app");
        let run = converges(&program, cluster);
        has(&run.changes(), "ALTER SCHEMA app OWNER TO app");
    });
}

/// A privilege that only newer servers have took the whole database with it where it stood for all tables.
#[test]
fn a_privilege_that_the_server_lacks_is_told_of_everywhere() {
    each_quiet(
        "a_privilege_that_the_server_lacks_is_told_of_everywhere",
        |cluster| {
            create(cluster, "CREATE TABLE public.t ()");
            let program = Program::of(&declared(
                json!({ "user": "app",
                    "grants": [{ "role": "keeper", "privileges": ["MAINTAIN", "SELECT"], "on": { "table": "public.*" } }],
                    "defaultPrivileges": [{ "creator": "app", "on": "tables", "role": "other", "privileges": ["MAINTAIN", "INSERT"] }] }),
                json!([{ "name": "keeper" }, { "name": "other" }]),
            ));
            let run = program.run(cluster, Mode::Apply);
            let told = run.of_kind("blocked");
            if cluster.major >= 17 {
                assert_eq!((run.status, told.len()), (Some(0), 0), "{run}");
            } else {
                assert_eq!((run.status, told.len()), (Some(3), 1), "{run}");
                has(&told, "privilege MAINTAIN: : declared on a table");
            }
            cluster.sql(
                "app",
                "SET ROLE app; CREATE SCHEMA later; CREATE TABLE later.t ()",
            );
            is(
                cluster,
                "SELECT has_table_privilege('keeper', 't', 'SELECT'), has_table_privilege('other', 'later.t', 'INSERT')",
                "t|t",
            );
            let only = Program::of(&declared(
                json!({ "user": "app",
                    "defaultPrivileges": [{ "creator": "app", "on": "tables", "role": "other", "privileges": ["MAINTAIN"] }] }),
                json!([{ "name": "keeper" }, { "name": "other" }]),
            ));
            let run = only.run(cluster, Mode::Apply);
            assert_eq!(
                run.of_kind("blocked").len(),
                usize::from(cluster.major < 17),
                "{run}"
            );
            assert_eq!(run.of_kind("failed"), [""; 0], "{run}");
        },
    );
}

/// Neither a predefined role that was made a member of a declared one was seen, nor a grant on a language that the server comes with.
#[test]
fn what_is_granted_beside_what_is_declared_is_told() {
    each_quiet(
        "what_is_granted_beside_what_is_declared_is_told",
        |cluster| {
            let additive = declared(
                json!({ "user": "app" }),
                json!([{ "name": "frw" }, { "name": "fread" }]),
            );
            let (program, exact) = (
                Program::of(&additive),
                Program::of(&authoritative(additive.clone())),
            );
            converges(&program, cluster);
            assert_eq!(program.plan(cluster).of_kind("found"), [""; 0]);
            cluster.sql(
                "app",
                "GRANT frw TO pg_monitor; GRANT USAGE ON LANGUAGE plpgsql TO fread",
            );
            let plan = program.plan(cluster);
            assert_eq!(plan.changes(), [""; 0], "{plan}");
            has(
                &plan.of_kind("found"),
                "role pg_monitor: REVOKE frw FROM pg_monitor",
            );
            has(
                &plan.of_kind("found"),
                "language plpgsql: REVOKE USAGE ON LANGUAGE plpgsql FROM fread",
            );
            converges(&exact, cluster);
            assert_eq!(exact.plan(cluster).of_kind("found"), [""; 0]);
        },
    );
}
