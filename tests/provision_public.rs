//! `public = "keep"`: what PUBLIC has is nobody's to take away, whatever becomes of the rest.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/provision.rs"]
mod provision;
#[path = "support/run.rs"]
mod run;
mod support;

use provision::{Program, each_quiet};
use serde_json::{Value, json};
use support::postgres::Cluster;

/// PUBLIC and another role have the same everywhere.
const GIVEN: &str = "
    CREATE TABLE public.t (x serial, y integer);
    CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE public.e AS ENUM ();
    GRANT CREATE ON DATABASE app TO PUBLIC, other;
    GRANT USAGE, CREATE ON SCHEMA public TO PUBLIC, other;
    GRANT SELECT ON public.t TO PUBLIC, other;
    GRANT UPDATE (y) ON public.t TO PUBLIC, other;
    GRANT USAGE ON public.t_x_seq TO PUBLIC, other;
    GRANT EXECUTE ON FUNCTION public.f() TO PUBLIC, other;
    GRANT USAGE ON TYPE public.e TO PUBLIC, other;
    ALTER DEFAULT PRIVILEGES FOR ROLE owner GRANT SELECT ON TABLES TO PUBLIC, other;
    ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO PUBLIC, other;";

/// Every list of privileges that the statements above make, with those of this role alone.
fn entries(cluster: &Cluster, role: &str) -> String {
    cluster.sql(
        "app",
        &format!(
            "SELECT string_agg(concat_ws(' ', name, entry.privilege_type), E'\\n' ORDER BY name, entry.privilege_type)
            FROM (
              SELECT 'database', datacl FROM pg_database WHERE datname = 'app'
              UNION ALL SELECT 'schema', nspacl FROM pg_namespace WHERE nspname = 'public'
              UNION ALL SELECT relname, relacl FROM pg_class WHERE oid >= 16384
              UNION ALL SELECT attname, attacl FROM pg_attribute WHERE attrelid = 'public.t'::regclass
              UNION ALL SELECT proname, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc WHERE oid >= 16384
              UNION ALL SELECT typname, coalesce(typacl, acldefault('T', typowner)) FROM pg_type WHERE typname = 'e'
              UNION ALL SELECT concat('later ', defaclobjtype, defaclnamespace), defaclacl FROM pg_default_acl
            ) AS lists(name, acl)
            CROSS JOIN LATERAL aclexplode(acl) AS entry
            WHERE entry.grantee = {role}"
        ),
    )
}

fn declared(converge: &str) -> Value {
    json!({ "services": { "app": {
        "databases": [{ "type": "postgresql", "name": "app", "user": "owner", "public": "keep", "converge": converge }],
        "roles": [{ "name": "other" }],
    } } })
}

#[test]
fn what_public_has_is_kept_under_both_ways_to_converge() {
    each_quiet(
        "what_public_has_is_kept_under_both_ways_to_converge",
        |cluster| {
            cluster.sql("postgres", "CREATE ROLE owner LOGIN; CREATE ROLE other");
            cluster.sql("postgres", "CREATE DATABASE app OWNER owner");
            cluster.sql("app", GIVEN);
            let (public, other) = ("0", "'other'::regrole");
            let before = (entries(cluster, public), entries(cluster, other));
            for converge in ["additive", "authoritative"] {
                let program = Program::of(&declared(converge));
                let run = program.apply(cluster);
                assert_eq!(entries(cluster, public), before.0, "{run}");
                let has_other = match converge {
                    "additive" => before.1.as_str(),
                    _ => "",
                };
                assert_eq!(entries(cluster, other), has_other, "{run}");
                let plan = program.plan(cluster);
                assert_eq!(plan.changes(), [""; 0], "{plan}");
                // Nothing is hidden either.
                let found = plan.of_kind("found").join("\n");
                for told in [
                    "REVOKE CREATE ON DATABASE app FROM PUBLIC",
                    "REVOKE CREATE, USAGE ON SCHEMA public FROM PUBLIC",
                    "REVOKE SELECT ON TABLE public.t FROM PUBLIC",
                    "REVOKE UPDATE (y) ON TABLE public.t FROM PUBLIC",
                    "REVOKE SELECT ON TABLES FROM PUBLIC",
                ] {
                    assert!(found.contains(told), "{told}\n{plan}");
                }
            }
        },
    );
}

#[test]
fn a_new_database_keeps_what_initdb_gave_public() {
    each_quiet("a_new_database_keeps_what_initdb_gave_public", |cluster| {
        let of = |database: &str| {
            let asked = "SELECT privilege_type FROM pg_namespace, aclexplode(nspacl)
                WHERE nspname = 'public' AND grantee = 0 ORDER BY 1";
            cluster.sql(database, asked)
        };
        let program = Program::of(&declared("authoritative"));
        program.apply(cluster);
        assert!(of("app").contains("USAGE"));
        assert_eq!(of("app"), of("template1"), "{}", cluster.major);
        let plan = program.plan(cluster);
        assert_eq!(plan.changes(), [""; 0], "{plan}");
    });
}

/// What `owner-without-inherit` tells of, and what mends it.
#[test]
fn only_15_leaves_an_owner_that_inherits_nothing_without_rights_on_public() {
    each_quiet(
        "only_15_leaves_an_owner_that_inherits_nothing_without_rights_on_public",
        |cluster| {
            let declared = |more: Value| {
                let mut database = json!({ "type": "postgresql", "name": "app", "user": "owner" });
                let fields = database.as_object_mut().unwrap();
                fields.extend(more.as_object().unwrap().clone());
                let roles = json!([{ "name": "owner", "inherit": false }]);
                json!({ "services": { "app": { "databases": [database], "roles": roles } } })
            };
            let may = || {
                let asked = ["CREATE", "USAGE"]
                    .map(|right| format!("has_schema_privilege('owner', 'public', '{right}')"));
                cluster.sql("app", &format!("SELECT {}", asked.join(", ")))
            };
            Program::of(&declared(json!({}))).apply(cluster);
            let expected = if cluster.major == 15 { "f|f" } else { "t|t" };
            assert_eq!(may(), expected, "{}", cluster.major);
            let grant = json!({ "role": "owner", "privileges": ["USAGE", "CREATE"], "on": { "schema": "public" } });
            let program = Program::of(&declared(json!({ "grants": [grant] })));
            program.apply(cluster);
            assert_eq!(may(), "t|t", "{}", cluster.major);
            let plan = program.plan(cluster);
            assert_eq!(plan.changes(), [""; 0], "{plan}");
        },
    );
}
