//! The difference of roles on real servers: attributes, settings, comments and memberships become what is declared, drift
//! is put right, and a server that is as declared is not written to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/difference.rs"]
mod difference;
mod support;

use dbgen::postgres::quote::quote_literal;
use difference::{Difference, changes, each_quiet, of_kind};
use serde_json::{Value, json};
use support::postgres::Cluster;

/// Every row that these tests are about, with the transaction that wrote it.
fn rows(cluster: &Cluster) -> String {
    let tables = [
        "pg_authid",
        "pg_auth_members",
        "pg_db_role_setting",
        "pg_shdescription",
    ];
    let parts: Vec<String> = tables
        .iter()
        .map(|table| {
            format!("SELECT '{table}', t.xmin::text, t::text AS content FROM {table} AS t")
        })
        .collect();
    cluster.sql(
        "postgres",
        &format!("{} ORDER BY 1, 3", parts.join(" UNION ALL ")),
    )
}

fn additive(roles: &Value) -> Value {
    json!({"converge": "additive", "roles": roles})
}

fn authoritative(roles: &Value) -> Value {
    json!({"converge": "authoritative", "roles": roles})
}

/// The roles' difference and a server.
struct Bench<'a> {
    cluster: &'a Cluster,
    roles: Difference,
}

impl Bench<'_> {
    fn new(cluster: &Cluster) -> Bench<'_> {
        Bench {
            cluster,
            roles: Difference::of("roles"),
        }
    }

    fn hand(&self, sql: &str) {
        self.cluster.sql("postgres", sql);
    }

    fn converge(&self, desired: &Value) -> Vec<String> {
        self.roles.converge(self.cluster, desired, rows)
    }

    /// What is done after this was done by hand.
    fn repaired(&self, by_hand: &str, desired: &Value) -> Vec<String> {
        self.hand(by_hand);
        self.converge(desired)
    }

    fn found(&self, desired: &Value) -> Vec<String> {
        of_kind(&self.roles.plan(self.cluster, desired), "found")
    }

    fn blocked(&self, desired: &Value) -> Vec<String> {
        let steps = self.roles.plan(self.cluster, desired);
        steps
            .iter()
            .filter(|step| step.kind == "blocked")
            .map(|step| format!("{}: {}", step.object, step.why.as_deref().unwrap()))
            .collect()
    }

    fn role(&self, name: &str) -> String {
        let name = quote_literal(name);
        self.cluster.sql(
            "postgres",
            &format!(
                "SELECT concat_ws(' ',
                   CASE WHEN rolcanlogin THEN 'login' END, CASE WHEN rolsuper THEN 'superuser' END,
                   CASE WHEN rolcreatedb THEN 'createdb' END, CASE WHEN rolcreaterole THEN 'createrole' END,
                   CASE WHEN rolinherit THEN 'inherit' END, CASE WHEN rolreplication THEN 'replication' END,
                   CASE WHEN rolbypassrls THEN 'bypassrls' END, rolconnlimit,
                   to_char(rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), shobj_description(oid, 'pg_authid'))
                 FROM pg_authid WHERE rolname = {name}"
            ),
        )
    }

    /// The stored settings of a role.
    fn settings(&self, name: &str) -> String {
        self.cluster.sql(
            "postgres",
            &format!(
                "SELECT unnest(setconfig) FROM pg_db_role_setting
                 WHERE setdatabase = 0 AND setrole = '{name}'::regrole ORDER BY 1"
            ),
        )
    }

    /// Who is a member of what, by whose grant and with which options.
    fn memberships(&self) -> String {
        let options = if self.cluster.major < 16 {
            "CASE WHEN admin_option THEN 'admin' END"
        } else {
            "'by ' || grantor::regrole, CASE WHEN admin_option THEN 'admin' END,
             CASE WHEN inherit_option THEN 'inherit' END, CASE WHEN set_option THEN 'set' END"
        };
        self.cluster.sql(
            "postgres",
            &format!(
                "SELECT concat_ws(' ', member::regrole, 'in', roleid::regrole, {options})
                 FROM pg_auth_members WHERE member >= 16384 ORDER BY 1"
            ),
        )
    }
}

const EVERYTHING: [&str; 7] = [
    "login",
    "superuser",
    "createdb",
    "createrole",
    "inherit",
    "replication",
    "bypassrls",
];

#[test]
fn a_role_is_created_with_all_that_is_said() {
    each_quiet("a_role_is_created_with_all_that_is_said", |cluster| {
        let bench = Bench::new(cluster);
        let desired = additive(&json!([
            {"name": "plain", "attributes": {"login": false}},
            {"name": "all", "attributes": EVERYTHING.map(|name| (name, name != "inherit")).into_iter().collect::<std::collections::BTreeMap<_, _>>(),
             "connectionLimit": 7, "validUntil": "2031-01-31 12:00:00+00", "comment": "It's\n\\ a comment"},
            {"name": "silent"},
            {"name": "nulls", "attributes": {"login": true, "createdb": null}, "connectionLimit": null, "validUntil": null,
             "comment": null, "settings": null, "memberships": null, "password": null},
        ]));
        assert_eq!(
            bench.converge(&desired),
            [
                "CREATE ROLE \"all\" LOGIN SUPERUSER CREATEDB CREATEROLE NOINHERIT REPLICATION BYPASSRLS CONNECTION LIMIT 7 \
                 VALID UNTIL '2031-01-31 12:00:00+00'",
                "CREATE ROLE nulls LOGIN",
                "CREATE ROLE plain NOLOGIN",
                "CREATE ROLE silent",
                "COMMENT ON ROLE \"all\" IS E'It''s\n\\\\ a comment'",
            ]
        );
        assert_eq!(
            bench.role("all"),
            "login superuser createdb createrole replication bypassrls 7 2031-01-31 12:00 It's\n\\ a comment"
        );
        assert_eq!(bench.role("plain"), "inherit -1");
        assert_eq!(bench.role("silent"), "inherit -1");
        assert_eq!(bench.role("nulls"), "login inherit -1");
    });
}

#[test]
fn what_is_said_of_an_attribute_is_put_right() {
    each_quiet("what_is_said_of_an_attribute_is_put_right", |cluster| {
        let bench = Bench::new(cluster);
        let desired = additive(&json!([
            {"name": "on", "attributes": EVERYTHING.map(|name| (name, true)).into_iter().collect::<std::collections::BTreeMap<_, _>>()},
            {"name": "off", "attributes": EVERYTHING.map(|name| (name, false)).into_iter().collect::<std::collections::BTreeMap<_, _>>(),
             "connectionLimit": 3, "validUntil": "2031-01-31 00:00+00", "comment": "here"},
            {"name": "lasting", "attributes": {"login": true}, "connectionLimit": -1, "validUntil": "infinity", "comment": ""},
        ]));
        bench.converge(&desired);
        for name in EVERYTHING.map(str::to_uppercase) {
            assert_eq!(
                bench.repaired(
                    &format!("ALTER ROLE \"on\" NO{name}; ALTER ROLE off {name}"),
                    &desired
                ),
                [
                    format!("ALTER ROLE off NO{name}"),
                    format!("ALTER ROLE \"on\" {name}")
                ]
            );
        }
        assert_eq!(
            bench.repaired(
                "ALTER ROLE off LOGIN CREATEDB CONNECTION LIMIT 4 VALID UNTIL '2032-01-01'",
                &desired
            ),
            [
                "ALTER ROLE off NOLOGIN NOCREATEDB CONNECTION LIMIT 3 VALID UNTIL '2031-01-31 00:00+00'"
            ]
        );
        assert_eq!(
            bench.repaired(
                "ALTER ROLE off VALID UNTIL 'infinity'; COMMENT ON ROLE off IS NULL",
                &desired
            ),
            [
                "ALTER ROLE off VALID UNTIL '2031-01-31 00:00+00'",
                "COMMENT ON ROLE off IS 'here'"
            ]
        );
        assert_eq!(
            bench.repaired(
                "COMMENT ON ROLE off IS 'there'; COMMENT ON ROLE lasting IS 'x'",
                &desired
            ),
            [
                "COMMENT ON ROLE lasting IS ''",
                "COMMENT ON ROLE off IS 'here'"
            ]
        );
        // The same moment in another zone, and two ways to say never, are no difference.
        let zone = "ALTER ROLE off VALID UNTIL '2031-01-31 03:00+03'; ALTER ROLE lasting VALID UNTIL 'infinity'";
        assert_eq!(bench.repaired(zone, &desired), [""; 0]);
        assert_eq!(
            bench.repaired(
                "ALTER ROLE lasting CONNECTION LIMIT 0 VALID UNTIL '2031-01-01'",
                &desired
            ),
            ["ALTER ROLE lasting CONNECTION LIMIT -1 VALID UNTIL 'infinity'"]
        );
        assert_eq!(
            bench.repaired("DROP ROLE off", &desired),
            [
                "CREATE ROLE off NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS \
                 CONNECTION LIMIT 3 VALID UNTIL '2031-01-31 00:00+00'",
                "COMMENT ON ROLE off IS 'here'",
            ]
        );
        assert_eq!(bench.found(&desired), [""; 0]);
    });
}

#[test]
fn what_is_not_said_of_an_attribute_is_found() {
    each_quiet("what_is_not_said_of_an_attribute_is_found", |cluster| {
        let bench = Bench::new(cluster);
        let roles = json!([
            {"name": "a", "attributes": {"login": true, "createdb": false}},
            {"name": "postgres", "attributes": {"login": true}},
        ]);
        bench.hand(
            "CREATE ROLE a LOGIN SUPERUSER CREATEROLE NOINHERIT REPLICATION BYPASSRLS CONNECTION LIMIT 1 VALID UNTIL '2031-01-01 00:00+00';
             COMMENT ON ROLE a IS 'kept'; CREATE ROLE stranger; ALTER ROLE stranger SET work_mem TO '1MB'",
        );
        let reset = "ALTER ROLE a NOSUPERUSER NOCREATEROLE INHERIT NOREPLICATION NOBYPASSRLS CONNECTION LIMIT -1 VALID UNTIL 'infinity'";
        assert_eq!(bench.converge(&additive(&roles)), [""; 0]);
        assert_eq!(bench.found(&additive(&roles)), [reset, "role stranger"]);
        assert_eq!(bench.converge(&authoritative(&roles)), [reset]);
        // Never a role, and never what is needed to go on.
        assert_eq!(bench.found(&authoritative(&roles)), ["role stranger"]);
        assert_eq!(bench.role("a"), "login inherit -1 kept");
        assert_eq!(bench.settings("stranger"), "work_mem=1MB");
        assert_eq!(
            bench.role("postgres"),
            "login superuser createdb createrole inherit replication bypassrls -1"
        );
    });
}

#[test]
fn neither_the_servers_superuser_nor_the_role_at_work_is_shut_out() {
    each_quiet(
        "neither_the_servers_superuser_nor_the_role_at_work_is_shut_out",
        |cluster| {
            let bench = Bench::new(cluster);
            bench.hand("CREATE ROLE worker LOGIN SUPERUSER CREATEDB; CREATE ROLE g; GRANT g TO worker, postgres");
            let desired = json!({"converge": "authoritative", "roles": [
                {"name": "postgres", "attributes": {"login": false, "superuser": false}, "comment": "the first"},
                {"name": "worker", "attributes": {"login": false, "superuser": false}}, {"name": "g"},
            ]});
            let output = bench.roles.run_as(cluster, "worker", "apply", &desired);
            let steps: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
            let seen: Vec<String> = steps
                .iter()
                .map(|step| format!("{} {} {}", step["kind"], step["object"], step["sql"]))
                .collect();
            assert_eq!(
                seen,
                [
                    "\"change\" \"role postgres\" \"COMMENT ON ROLE postgres IS 'the first'\"",
                    "\"blocked\" \"role postgres\" null",
                    "\"blocked\" \"role worker\" null",
                ]
            );
            assert_eq!(bench.role("worker"), "login superuser createdb inherit -1");
            assert!(bench.role("postgres").starts_with("login superuser "));
        },
    );
}

#[test]
fn settings_become_what_is_declared() {
    each_quiet("settings_become_what_is_declared", |cluster| {
        let bench = Bench::new(cluster);
        let with = |settings: Value| {
            additive(&json!([{"name": "a", "attributes": {"login": true}, "settings": settings}]))
        };
        let all = with(json!([
            {"parameter": "app.Note", "values": ["it's \\ $$ \" é\n"], "names": false},
            {"parameter": "DateStyle", "values": ["ISO", "DMY"], "names": false},
            {"parameter": "search_path", "values": ["$user", "a b", "plain", "sel\"ect", "select"], "names": true},
            {"parameter": "statement_timeout", "values": ["90s"], "names": false},
            {"parameter": "work_mem", "values": ["64MB"], "names": false},
        ]));
        assert_eq!(
            bench.converge(&all),
            [
                "CREATE ROLE a LOGIN",
                "ALTER ROLE a SET app.\"Note\" TO E'it''s \\\\ $$ \" é\n'",
                "ALTER ROLE a SET \"DateStyle\" TO 'ISO', 'DMY'",
                "ALTER ROLE a SET search_path TO '$user', 'a b', 'plain', 'sel\"ect', 'select'",
                "ALTER ROLE a SET statement_timeout TO '90s'",
                "ALTER ROLE a SET work_mem TO '64MB'",
                "ALTER ROLE a SET dbgen.managed TO 'app.Note, DateStyle, search_path, statement_timeout, work_mem'",
            ]
        );
        assert_eq!(
            bench.settings("a"),
            "DateStyle=ISO, DMY\napp.Note=it's \\ $$ \" é\n\n\
             dbgen.managed=app.Note, DateStyle, search_path, statement_timeout, work_mem\n\
             search_path=\"$user\", \"a b\", plain, \"sel\"\"ect\", \"select\"\nstatement_timeout=90s\nwork_mem=64MB"
        );
        // What comes into force is what was declared, not only what is stored.
        let output = cluster.psql(
            "postgres",
            "a",
            None,
            "SHOW work_mem; SHOW search_path; SHOW app.note",
        );
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "64MB\n\"$user\", \"a b\", plain, \"sel\"\"ect\", \"select\"\nit's \\ $$ \" é\n\n"
        );
        assert_eq!(
            bench.repaired(
                "ALTER ROLE a SET work_mem TO '1MB'; ALTER ROLE a RESET statement_timeout",
                &all
            ),
            [
                "ALTER ROLE a SET statement_timeout TO '90s'",
                "ALTER ROLE a SET work_mem TO '64MB'"
            ]
        );
        assert_eq!(
            bench.repaired(
                "ALTER ROLE a RESET ALL",
                &with(json!([{"parameter": "WORK_MEM", "values": ["64MB"]}]))
            ),
            [
                "ALTER ROLE a SET \"WORK_MEM\" TO '64MB'",
                "ALTER ROLE a SET dbgen.managed TO 'WORK_MEM'"
            ]
        );
        assert_eq!(bench.settings("a"), "dbgen.managed=WORK_MEM\nwork_mem=64MB");
    });
}

#[test]
fn only_what_was_set_from_here_is_reset() {
    each_quiet("only_what_was_set_from_here_is_reset", |cluster| {
        let bench = Bench::new(cluster);
        let with = |settings: Value| json!([{"name": "a b", "attributes": {"login": true}, "settings": settings}]);
        let memory = json!({"parameter": "work_mem", "values": ["64MB"]});
        let path = json!({"parameter": "search_path", "values": [""], "names": true});
        let custom = json!({"parameter": "app.x", "values": [""]});
        bench.hand("CREATE ROLE \"a b\" LOGIN; ALTER ROLE \"a b\" SET work_mem TO '64MB'; ALTER ROLE \"a b\" SET app.y TO 'z'");
        let two = with(json!([custom, path]));
        assert_eq!(
            bench.converge(&additive(&two)),
            [
                "ALTER ROLE \"a b\" SET app.x TO ''",
                "ALTER ROLE \"a b\" SET search_path TO ''",
                "ALTER ROLE \"a b\" SET dbgen.managed TO 'app.x, search_path'",
            ]
        );
        let foreign = [
            "ALTER ROLE \"a b\" RESET app.y",
            "ALTER ROLE \"a b\" RESET work_mem",
        ];
        assert_eq!(bench.found(&additive(&two)), foreign);
        // Declared as it is: taken over, so that it goes with its declaration.
        let three = with(json!([custom, path, memory]));
        assert_eq!(
            bench.converge(&additive(&three)),
            ["ALTER ROLE \"a b\" SET dbgen.managed TO 'app.x, search_path, work_mem'"]
        );
        assert_eq!(
            bench.converge(&additive(&with(json!([path])))),
            [
                "ALTER ROLE \"a b\" RESET app.x",
                "ALTER ROLE \"a b\" RESET work_mem",
                "ALTER ROLE \"a b\" SET dbgen.managed TO 'search_path'",
            ]
        );
        assert_eq!(
            bench.found(&additive(&with(json!([path])))),
            ["ALTER ROLE \"a b\" RESET app.y"]
        );
        assert_eq!(
            bench.converge(&additive(&with(json!([])))),
            [
                "ALTER ROLE \"a b\" RESET search_path",
                "ALTER ROLE \"a b\" RESET dbgen.managed"
            ]
        );
        assert_eq!(bench.settings("\"a b\""), "app.y=z");
        assert_eq!(
            bench.found(&additive(&with(json!([])))),
            ["ALTER ROLE \"a b\" RESET app.y"]
        );
        assert_eq!(
            bench.converge(&authoritative(&with(Value::Null))),
            ["ALTER ROLE \"a b\" RESET app.y"]
        );
        assert_eq!(bench.settings("\"a b\""), "");
        // Reset by hand and no longer declared: only forgotten.
        bench.converge(&additive(&two));
        assert_eq!(
            bench.repaired(
                "ALTER ROLE \"a b\" RESET search_path",
                &additive(&with(json!([custom])))
            ),
            ["ALTER ROLE \"a b\" SET dbgen.managed TO 'app.x'"]
        );
        // What a role has in one database is another difference.
        bench.hand("ALTER ROLE \"a b\" IN DATABASE postgres SET work_mem TO '2MB'");
        assert_eq!(
            bench.converge(&authoritative(&with(json!([custom])))),
            [""; 0]
        );
    });
}

#[test]
fn names_are_only_names() {
    let names = [
        "a\"b'c`d$e\\f",
        "$dbgen$",
        "'; ALTER ROLE x SUPERUSER; --",
        "select",
        "current_user",
        "Größe 表 🐘",
        ":mode",
        "%I%s%L",
        " ",
        "x",
        &"é".repeat(31),
        &"n".repeat(63),
    ];
    each_quiet("names_are_only_names", |cluster| {
        let bench = Bench::new(cluster);
        let roles: Vec<Value> = names
            .iter()
            .enumerate()
            .map(|(nr, name)| {
                json!({
                    "name": name, "attributes": {"login": true}, "comment": name, "connectionLimit": 2,
                    "settings": [{"parameter": "search_path", "values": names, "names": true},
                                 {"parameter": "work_mem", "values": ["1MB"]}],
                    // A chain: each is a member of the one before.
                    "memberships": names[..nr].last().map(|of| json!([{"role": of, "admin": true}])),
                })
            })
            .collect();
        let desired = additive(&Value::Array(roles));
        let done = bench.converge(&desired);
        assert_eq!(done.len(), 6 * names.len() - 1);
        for name in names {
            assert_eq!(bench.role(name), format!("login inherit 2 {name}"));
        }
        let quoted: Vec<String> = names
            .iter()
            .map(|name| format!("\"{}\"", name.replace('"', "\"\"")))
            .collect();
        for name in &quoted {
            bench.hand(&format!(
                "ALTER ROLE {name} NOLOGIN CONNECTION LIMIT 1; ALTER ROLE {name} RESET ALL; COMMENT ON ROLE {name} IS 'drift'"
            ));
        }
        for pair in quoted.windows(2) {
            bench.hand(&format!("REVOKE {} FROM {}", pair[0], pair[1]));
        }
        assert_eq!(bench.converge(&desired).len(), 6 * names.len() - 1);
        // Found: the same names where they are not declared.
        let nothing: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
        bench.converge(&authoritative(&Value::Array(nothing)));
        assert_eq!(bench.memberships(), "");
        let none = bench.found(&authoritative(&json!([])));
        assert_eq!(none.len(), names.len());
        let supers = "SELECT rolname FROM pg_roles WHERE rolsuper";
        assert_eq!(cluster.sql("postgres", supers), "postgres");
    });
}

fn member(name: &str, memberships: &Value) -> Value {
    json!({"name": name, "attributes": {"login": true}, "memberships": memberships})
}

#[test]
fn memberships_become_what_is_declared() {
    each_quiet("memberships_become_what_is_declared", |cluster| {
        let bench = Bench::new(cluster);
        let old = cluster.major < 16;
        let desired = additive(&json!([
            // Before its role, by name and in the document.
            member("a", &json!([{"role": "g"}, {"role": "pg_monitor"}])),
            member("b", &json!([{"role": "g", "admin": true}])),
            member("c", &json!([{"role": "g", "admin": false}])),
            {"name": "g"},
        ]));
        let option = if old { "ADMIN OPTION" } else { "ADMIN TRUE" };
        let plain = if old { "" } else { " WITH ADMIN FALSE" };
        assert_eq!(
            bench.converge(&desired)[4..],
            [
                "GRANT g TO a".to_owned(),
                format!("GRANT g TO b WITH {option}"),
                format!("GRANT g TO c{plain}"),
                "GRANT pg_monitor TO a".to_owned(),
            ]
        );
        let by = if old { "" } else { " GRANTED BY postgres" };
        assert_eq!(
            bench.repaired(
                "REVOKE g FROM a; REVOKE ADMIN OPTION FOR g FROM b; GRANT g TO c WITH ADMIN OPTION",
                &desired
            ),
            [
                format!("REVOKE ADMIN OPTION FOR g FROM c{by}"),
                "GRANT g TO a".to_owned(),
                format!("GRANT g TO b WITH {option}"),
            ]
        );
        // ADMIN is not said of a, and means that it has none: told, and left.
        assert_eq!(
            bench.repaired("GRANT g TO a WITH ADMIN OPTION", &desired),
            [""; 0]
        );
        assert_eq!(
            bench.found(&desired),
            [format!("REVOKE ADMIN OPTION FOR g FROM a{by}")]
        );
        let shown = if old {
            "a in g admin\na in pg_monitor\nb in g admin\nc in g"
        } else {
            "a in g by postgres admin inherit set\na in pg_monitor by postgres inherit set\n\
             b in g by postgres admin inherit set\nc in g by postgres inherit set"
        };
        assert_eq!(bench.memberships(), shown);
    });
}

#[test]
fn memberships_that_are_not_declared_are_found() {
    each_quiet("memberships_that_are_not_declared_are_found", |cluster| {
        let bench = Bench::new(cluster);
        bench.hand(
            "CREATE ROLE stranger; CREATE ROLE other; CREATE ROLE a; CREATE ROLE g; GRANT g TO a WITH ADMIN OPTION;
             GRANT g TO stranger; GRANT stranger TO a; GRANT other TO stranger; GRANT pg_monitor TO a; GRANT g TO postgres",
        );
        let roles = json!([{"name": "a"}, {"name": "g"}]);
        let by = if cluster.major < 16 {
            ""
        } else {
            " GRANTED BY postgres"
        };
        let revokes = [
            format!("REVOKE g FROM a{by}"),
            format!("REVOKE g FROM stranger{by}"),
            format!("REVOKE pg_monitor FROM a{by}"),
            format!("REVOKE stranger FROM a{by}"),
        ];
        let mut found = vec!["role other".to_owned(), "role stranger".to_owned()];
        found.extend(revokes.clone());
        assert_eq!(bench.converge(&additive(&roles)), [""; 0]);
        assert_eq!(bench.found(&additive(&roles)), found);
        assert_eq!(bench.converge(&authoritative(&roles)), revokes);
        // Neither what strangers are to each other, nor what the server's superuser is.
        assert_eq!(bench.found(&authoritative(&roles)), found[..2]);
        let postgres = "SELECT pg_get_userbyid(roleid) FROM pg_auth_members WHERE member = 10";
        assert_eq!(cluster.sql("postgres", postgres), "g");
        assert_eq!(
            cluster.sql(
                "postgres",
                "SELECT pg_has_role('stranger', 'other', 'MEMBER')"
            ),
            "t"
        );
    });
}

#[test]
fn options_of_memberships_are_converged_from_16() {
    each_quiet("options_of_memberships_are_converged_from_16", |cluster| {
        if cluster.major < 16 {
            return;
        }
        let bench = Bench::new(cluster);
        let values = [Value::Null, json!(true), json!(false)];
        let mut wanted = Vec::new();
        for admin in &values {
            for inherit in &values {
                for set in &values {
                    wanted
                        .push(json!({"role": "g", "admin": admin, "inherit": inherit, "set": set}));
                }
            }
        }
        let members: Vec<Value> = wanted
            .iter()
            .enumerate()
            .flat_map(|(nr, membership)| {
                [true, false].map(|inherits| {
                    json!({"name": format!("m{nr}_{inherits}"), "attributes": {"login": true, "inherit": inherits},
                           "memberships": [membership]})
                })
            })
            .chain([json!({"name": "g"}), json!({"name": "h", "memberships": [{"role": "g", "admin": true}]})])
            .collect();
        let desired = additive(&Value::Array(members.clone()));
        let check = |what: &str| {
            let held = bench.memberships();
            for role in &members {
                let (name, of) = (role["name"].as_str().unwrap(), &role["memberships"][0]);
                if of.is_null() {
                    continue;
                }
                let rows: Vec<&str> = held
                    .lines()
                    .filter(|row| row.starts_with(&format!("{name} in")))
                    .collect();
                let has = |option: &str| {
                    rows.iter()
                        .any(|row| row.split(' ').any(|word| word == option))
                };
                for option in ["admin", "inherit", "set"] {
                    // This can't be told from what the server grants by itself.
                    let automatic = [format!("{name} in g by postgres admin")];
                    if let Some(said) = of[option].as_bool()
                        && rows != automatic
                    {
                        assert_eq!(has(option), said, "{what}: {name} {option}\n{held}");
                    }
                }
                assert!(!rows.is_empty(), "{what}: {name}");
                let plain = of["inherit"]
                    .as_bool()
                    .unwrap_or(role["attributes"]["inherit"] == json!(true))
                    || of["set"].as_bool().unwrap_or(true);
                // What is not said may be there.
                assert!(
                    has("inherit") || has("set") || !plain,
                    "{what}: {name}\n{held}"
                );
            }
        };
        bench.converge(&desired);
        check("created");
        // Every state that one grant, or two grants of two roles, may have left.
        let names = members
            .iter()
            .filter_map(|role| role["name"].as_str())
            .filter(|name| name.starts_with('m'));
        let names: Vec<&str> = names.collect();
        for mask in 0..16 {
            let on = |bit: u8| {
                if mask >> bit & 1 == 1 {
                    "TRUE"
                } else {
                    "FALSE"
                }
            };
            let options = format!("ADMIN {}, INHERIT {}, SET {}", on(0), on(1), on(2));
            let by = if mask >> 3 & 1 == 1 {
                "GRANTED BY h"
            } else {
                "GRANTED BY postgres"
            };
            let grants: Vec<String> = names
                .iter()
                .map(|name| format!("GRANT g TO {name} WITH {options} {by};"))
                .collect();
            bench.hand(&grants.concat());
            bench.converge(&desired);
            check(&options);
        }
    });
}

#[test]
fn what_the_server_grants_by_itself_is_left_alone() {
    each_quiet(
        "what_the_server_grants_by_itself_is_left_alone",
        |cluster| {
            let bench = Bench::new(cluster);
            bench.hand("CREATE ROLE creator LOGIN CREATEROLE; SET ROLE creator; CREATE ROLE made; CREATE ROLE joined");
            let roles = json!([
                {"name": "creator", "attributes": {"createrole": true, "login": true}, "memberships": [{"role": "joined"}]},
                {"name": "made"}, {"name": "joined"},
            ]);
            let before = bench.memberships();
            let desired = authoritative(&roles);
            if cluster.major < 16 {
                assert_eq!(before, "");
                assert_eq!(bench.converge(&desired), ["GRANT joined TO creator"]);
                return;
            }
            assert_eq!(
                before,
                "creator in joined by postgres admin\ncreator in made by postgres admin"
            );
            // It is no membership as one is declared.
            assert_eq!(
                bench.converge(&desired),
                ["GRANT joined TO creator WITH INHERIT TRUE, SET TRUE"]
            );
            assert_eq!(
                bench.memberships(),
                "creator in joined by postgres admin inherit set\ncreator in made by postgres admin"
            );
            assert_eq!(bench.found(&desired), [""; 0]);
            // What it then gives itself is told, and taken by nobody: it could take it again.
            bench.hand("SET ROLE creator; GRANT made TO creator");
            assert_eq!(bench.converge(&desired), [""; 0]);
            assert_eq!(
                bench.found(&desired),
                ["REVOKE made FROM creator GRANTED BY creator"]
            );
            bench.hand("REVOKE made FROM creator GRANTED BY creator");
            // A role created here, by a superuser who is not the first.
            bench.hand("CREATE ROLE second LOGIN SUPERUSER");
            let more = authoritative(&json!([
                {"name": "creator", "attributes": {"createrole": true, "login": true},
                 "memberships": [{"role": "joined"}, {"role": "made", "admin": true, "inherit": false, "set": false}]},
                {"name": "made"}, {"name": "joined"}, {"name": "second", "attributes": {"login": true, "superuser": true}},
            ]));
            assert_eq!(bench.converge(&more), [""; 0]);
        },
    );
}

#[test]
fn a_membership_that_was_passed_on_is_not_torn_away() {
    each_quiet(
        "a_membership_that_was_passed_on_is_not_torn_away",
        |cluster| {
            if cluster.major < 16 {
                return;
            }
            let bench = Bench::new(cluster);
            bench.hand(
            "CREATE ROLE g; CREATE ROLE a; CREATE ROLE b; CREATE ROLE c; GRANT g TO a WITH ADMIN OPTION;
             GRANT g TO b WITH ADMIN OPTION GRANTED BY a; GRANT g TO c GRANTED BY b",
        );
            let told = authoritative(
                &json!([{"name": "a", "memberships": [{"role": "g", "admin": false}]}, {"name": "g"},
            {"name": "b", "memberships": [{"role": "g"}]}, {"name": "c", "memberships": [{"role": "g"}]}]),
            );
            assert_eq!(bench.converge(&told), [""; 0]);
            assert_eq!(
                bench.blocked(&told),
                [
                    "role a: declared without ADMIN for the membership in g, but it has granted that to others; revoke those first"
                ]
            );
            // The last one first, round by round.
            let none =
                authoritative(&json!([{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "g"}]));
            assert_eq!(bench.found(&none), ["role a", "role b"],);
            let steps = bench.roles.apply(cluster, &none);
            assert_eq!(
                changes(&steps),
                [
                    "REVOKE g FROM c GRANTED BY b",
                    "REVOKE g FROM b GRANTED BY a",
                    "REVOKE g FROM a GRANTED BY postgres",
                ]
            );
            assert_eq!(bench.memberships(), "");
        },
    );
}

#[test]
fn what_cannot_be_is_blocked_and_the_rest_is_done() {
    each_quiet(
        "what_cannot_be_is_blocked_and_the_rest_is_done",
        |cluster| {
            let bench = Bench::new(cluster);
            bench.hand("CREATE ROLE top; CREATE ROLE middle; CREATE ROLE low; GRANT middle TO low; GRANT top TO middle");
            let desired = additive(&json!([
                {"name": "low"}, {"name": "middle", "memberships": [{"role": "top"}]},
                {"name": "top", "memberships": [{"role": "low"}, {"role": "absent"}, {"role": "pg_of_tomorrow"}, {"role": "g"}]},
                {"name": "inheriting", "attributes": {"inherit": true}, "memberships": [{"role": "g", "inherit": false}]},
                {"name": "bare", "attributes": {"inherit": false}, "memberships": [{"role": "g", "inherit": false, "set": true}]},
                {"name": "unset", "memberships": [{"role": "g", "set": false}]},
                {"name": "g"},
            ]));
            let done = bench.converge(&desired);
            assert!(done.contains(&"GRANT g TO top".to_owned()), "{done:#?}");
            let old = |name: &str| {
                bench.blocked(&desired).iter().any(|why| {
                    why.starts_with(&format!("role {name}: ")) && why.contains("from 16")
                })
            };
            let before_16 = cluster.major < 16;
            assert_eq!(
                ["inheriting", "bare", "unset"].map(old),
                [before_16, false, before_16]
            );
            let blocked = bench.blocked(&desired);
            let has = |text: &str| blocked.iter().any(|why| why == text);
            assert!(
                has(
                    "role top: declared to be a member of low, which is a member of this role, directly or not; revoke that first"
                ),
                "{blocked:#?}"
            );
            assert!(
                has(
                    "role top: declared to be a member of pg_of_tomorrow, which this server lacks; remove the membership, or \
                 move to a newer server"
                ),
                "{blocked:#?}"
            );
            let plan = bench.roles.plan(cluster, &desired);
            assert_eq!(of_kind(&plan, "pending"), ["GRANT absent TO top"]);
            let members = bench.memberships();
            for name in ["inheriting", "unset"] {
                assert_eq!(
                    members.contains(&format!("{name} in g")),
                    !before_16,
                    "{members}"
                );
            }
            assert!(members.contains("bare in g"), "{members}");
        },
    );
}
