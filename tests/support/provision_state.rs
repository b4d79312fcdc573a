//! The state of a server in words that stay the same when it is made anew: no oids, no transactions, no order of entries.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::privileges_model::read;
use super::provision::databases;
use super::support::postgres::Cluster;

fn lines(cluster: &Cluster, database: &str, sql: &str) -> Vec<String> {
    cluster
        .sql(database, sql)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// What is in a database: objects with owners and rights, default privileges, extensions.
pub fn contents(cluster: &Cluster, database: &str) -> Vec<String> {
    let mut found: Vec<String> = read(cluster, database)
        .iter()
        .filter(|object| object.kind != "database")
        .map(|object| format!("{}: {:?}", object.label(), object.rights()))
        .collect();
    found.extend(lines(
        cluster,
        database,
        "SELECT concat_ws(' ', 'default privileges of', defaclrole::regrole, nullif(defaclnamespace, 0)::regnamespace, defaclobjtype,
           (SELECT string_agg(concat(grantee::regrole, ' ', privilege_type, is_grantable), ',' ORDER BY grantee::regrole::text, privilege_type) FROM aclexplode(defaclacl)))
         FROM pg_default_acl UNION ALL SELECT concat_ws(' ', 'extension', extname, extversion, extnamespace::regnamespace) FROM pg_extension",
    ));
    found.sort();
    found
}

/// What all databases share: roles without their passwords, memberships, databases, settings.
pub fn shared(cluster: &Cluster) -> Vec<String> {
    let mut found = lines(
        cluster,
        "postgres",
        "SELECT concat_ws(' ', 'role', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil,
           rolpassword IS NOT NULL, shobj_description(oid, 'pg_authid')) FROM pg_authid
         UNION ALL SELECT concat_ws(' ', 'member', member::regrole, 'of', roleid::regrole, admin_option) FROM pg_auth_members
         UNION ALL SELECT concat_ws(' ', 'database', datname, datdba::regrole, datconnlimit, shobj_description(d.oid, 'pg_database'),
           (SELECT string_agg(concat(CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, ' ', privilege_type, is_grantable), ',' ORDER BY grantee::regrole::text, privilege_type)
            FROM aclexplode(coalesce(datacl, acldefault('d', datdba))))) FROM pg_database d
         UNION ALL SELECT concat_ws(' ', 'setting', datname, nullif(setrole, 0)::regrole, setting) FROM pg_db_role_setting LEFT JOIN pg_database ON pg_database.oid = setdatabase,
           unnest(setconfig) AS setting WHERE setting NOT LIKE 'dbgen.converged%'",
    );
    found.sort();
    found
}

/// All of it.
pub fn whole(cluster: &Cluster) -> Vec<String> {
    let mut found = shared(cluster);
    for database in databases(cluster) {
        found.extend(
            contents(cluster, &database)
                .into_iter()
                .map(|line| format!("{database}: {line}")),
        );
    }
    found
}
