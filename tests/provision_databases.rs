//! The part of the provisioning program that makes databases what is declared, on real servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/difference.rs"]
mod difference;
mod support;

use dbgen::postgres::quote::quote_literal;
use difference::{Difference, each_quiet as each};
use serde_json::{Value, json};
use support::postgres::Cluster;

/// Before this text the difference has chosen what to look at closely.
const CHOSEN: &str = "\n  IF absent IS NOT NULL THEN\n";

/// Looks at everything closely.
const THOROUGH: &str = "
  SELECT array_agg(name), array_agg(name), array_agg(name) INTO differing, granted, configured
  FROM jsonb_to_recordset(desired -> 'databases') AS declared(name text);";

/// Names that would be something else if they were not quoted, or not rightly.
const HOSTILE: &[&str] = &[
    "all",
    "PUBLIC",
    "public ",
    "a'b\"c`id`$x$ \\; DROP DATABASE postgres; --",
    "%I %1$s {}=,()",
    "Größe",
    "select",
    "\u{202e}x\u{1F418}",
    "\"",
    "63 bytes 63 bytes 63 bytes 63 bytes 63 bytes 63 bytes 63 bytes!",
];

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn databases() -> Difference {
    Difference::of("databases")
}

/// The steps of one run of the program.
fn run(cluster: &Cluster, mode: &str, desired: &Value) -> Vec<Value> {
    steps(cluster, &databases().script(mode, desired))
}

/// The steps of what can't be done in a transaction, once they are done.
fn create(cluster: &Cluster, desired: &Value) -> Vec<Value> {
    let script = databases().script("plan", desired);
    steps(
        cluster,
        &format!(
            "SELECT set_config('dbgen.only', 'create', false) AS done \\gset\n{script}
            SELECT value->>'sql' FROM jsonb_array_elements(current_setting('dbgen.steps')::jsonb)
            WHERE value->>'kind' = 'change' \\gexec"
        ),
    )
}

fn steps(cluster: &Cluster, script: &str) -> Vec<Value> {
    let output = cluster.psql("postgres", "postgres", None, script);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        script.ends_with("\\gexec") || output.status.success(),
        "PostgreSQL {}: {stderr}\n{stdout}",
        cluster.major
    );
    let line = stdout.lines().next().unwrap_or_else(|| panic!("{stderr}"));
    let mut steps: Vec<Value> = serde_json::from_str(line).unwrap();
    for step in &mut steps {
        let step = step.as_object_mut().unwrap();
        step.remove("pass");
        step.remove("of");
    }
    steps
}

/// A plan, which is the same when nothing is passed over at the first glance.
fn plan(cluster: &Cluster, desired: &Value) -> Vec<Value> {
    let planned = run(cluster, "plan", desired);
    let thorough = databases().with(CHOSEN, &format!("{THOROUGH}{CHOSEN}"));
    let thorough = steps(cluster, &thorough.script("plan", desired));
    assert_eq!(planned, thorough, "PostgreSQL {}", cluster.major);
    planned
}

fn apply(cluster: &Cluster, desired: &Value) -> Vec<Value> {
    let mut steps = create(cluster, desired);
    assert!(steps.iter().all(|step| step["outside"] == true));
    steps.extend(run(cluster, "apply", desired));
    steps
}

/// Plans and applies, and wants both to tell the same, then a second run without a trace.
fn converge(cluster: &Cluster, desired: &Value) -> Vec<Value> {
    let planned = plan(cluster, desired);
    let applied = apply(cluster, desired);
    assert_eq!(
        changes(&planned),
        changes(&applied),
        "PostgreSQL {}: what is planned and what is done",
        cluster.major
    );
    silent(cluster, desired);
    applied
}

/// Wants a run to execute nothing and to write nothing.
fn silent(cluster: &Cluster, desired: &Value) {
    assert_eq!(
        changes(&plan(cluster, desired)),
        Vec::<String>::new(),
        "PostgreSQL {}",
        cluster.major
    );
    let before = trace(cluster);
    assert_eq!(changes(&apply(cluster, desired)), Vec::<String>::new());
    assert_eq!(before, trace(cluster), "PostgreSQL {}", cluster.major);
}

/// What every write changes.
fn trace(cluster: &Cluster) -> String {
    let rows = "(SELECT string_agg(concat(xmin, ctid), ' ' ORDER BY ctid) FROM ";
    cluster.sql(
        "postgres",
        &format!(
            "SELECT pg_current_wal_insert_lsn(), {rows}pg_database), {rows}pg_db_role_setting), {rows}pg_tablespace),
            {rows}pg_shdescription)"
        ),
    )
}

fn kind(steps: &[Value], kind: &str) -> Vec<Value> {
    let of_kind = steps.iter().filter(|step| step["kind"] == kind);
    of_kind.cloned().collect()
}

fn changes(steps: &[Value]) -> Vec<String> {
    let sql = kind(steps, "change").into_iter();
    sql.map(|step| step["sql"].as_str().unwrap().to_owned())
        .collect()
}

/// `object: sql` of what is found, in which no statement is a dash.
fn found(steps: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let found = kind(steps, "found").into_iter();
    found
        .map(|step| format!("{}: {}", text(&step["object"]), text(&step["sql"])))
        .collect()
}

/// Why something is blocked, one text per step.
fn blocked(steps: &[Value]) -> Vec<String> {
    let blocked = kind(steps, "blocked").into_iter();
    blocked
        .map(|step| {
            assert_eq!(step["sql"], Value::Null);
            step["why"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn document(databases: Value) -> Value {
    json!({ "converge": "additive", "databases": databases })
}

fn authoritative(databases: Value) -> Value {
    json!({ "converge": "authoritative", "databases": databases })
}

fn acl(cluster: &Cluster, database: &str) -> String {
    cluster.sql(
        "postgres",
        &format!(
            "SELECT string_agg(item, ' ' ORDER BY item) FROM (
                SELECT unnest(datacl)::text FROM pg_database WHERE datname = {}) AS items(item)",
            quote_literal(database)
        ),
    )
}

/// A tablespace in a directory of the server.
fn tablespace(cluster: &Cluster, name: &str) {
    let place = cluster.folder("tablespace");
    cluster.sql(
        "postgres",
        &format!(
            "CREATE TABLESPACE {} LOCATION '{}'",
            identifier(name),
            place.display()
        ),
    );
}

#[test]
fn a_database_is_created_with_each_attribute() {
    each("a_database_is_created_with_each_attribute", |cluster| {
        tablespace(cluster, "fast");
        let mut databases = vec![
            json!({ "name": "copy", "owner": "app", "template": "pattern" }),
            json!({ "name": "pattern", "owner": "app" }),
            json!({ "name": "whole", "owner": "app", "encoding": "utf-8", "collate": "C", "ctype": "C.UTF-8",
                "tablespace": "fast", "connectionLimit": 7, "comment": "it's all", "public": "revoke",
                "settings": [
                    { "parameter": "search_path", "values": ["A b", "public"], "names": true },
                    { "parameter": "work_mem", "values": ["64MB"], "names": false } ],
                "roleSettings": [ { "role": "reader", "settings": [ { "parameter": "TimeZone", "values": ["UTC"], "names": false } ] } ],
                "grants": [
                    { "grantee": "reader", "privileges": ["CONNECT", "TEMP"], "grantable": false },
                    { "grantee": "keeper", "privileges": null, "grantable": true },
                    { "grantee": "app", "privileges": ["CONNECT"], "grantable": false } ] }),
            json!({ "name": "latin", "owner": "app", "encoding": "LATIN1", "collate": "POSIX", "ctype": "POSIX" }),
        ];
        if cluster.major >= 15 {
            databases.push(json!({ "name": "of_icu", "owner": "app", "localeProvider": "icu", "icuLocale": "de_DE",
                "collate": "C", "ctype": "C" }));
        }
        if cluster.major >= 16 {
            databases.push(
                json!({ "name": "ruled", "owner": "app", "localeProvider": "icu",
                "icuLocale": "de@collation=phonebook", "icuRules": "&a < g" }),
            );
        }
        if cluster.major >= 17 {
            databases.push(
                json!({ "name": "builtin", "owner": "app", "localeProvider": "builtin",
                "builtinLocale": "C.UTF8" }),
            );
        }
        let desired = document(json!(databases));
        // A plan tells all of it while neither the databases nor the roles exist.
        let planned = plan(cluster, &desired);
        assert_eq!(planned.len(), kind(&planned, "change").len(), "{planned:?}");
        cluster.sql(
            "postgres",
            "CREATE ROLE app; CREATE ROLE reader; CREATE ROLE keeper",
        );
        let applied = converge(cluster, &desired);
        assert_eq!(changes(&planned), changes(&applied));

        let attributes = cluster.sql(
            "postgres",
            "SELECT datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, spcname, datconnlimit,
                shobj_description(d.oid, 'pg_database')
            FROM pg_database AS d JOIN pg_tablespace AS t ON t.oid = dattablespace
            WHERE datname IN ('whole', 'latin', 'copy') ORDER BY 1",
        );
        assert_eq!(
            attributes,
            "copy|app|UTF8|C|C|pg_default|-1|\nlatin|app|LATIN1|C|C|pg_default|-1|\n\
             whole|app|UTF8|C|C.UTF-8|fast|7|it's all"
        );
        if cluster.major >= 17 {
            let locales = cluster.sql(
                "postgres",
                "SELECT datname, datlocprovider, datlocale, daticurules FROM pg_database WHERE datlocprovider <> 'c' ORDER BY 1",
            );
            assert_eq!(
                locales,
                "builtin|b|C.UTF-8|\nof_icu|i|de-DE|\nruled|i|de-u-co-phonebk|&a < g"
            );
        }
        let settings = cluster.sql(
            "postgres",
            "SELECT setrole <> 0, setconfig FROM pg_db_role_setting ORDER BY 1",
        );
        assert_eq!(
            settings,
            "f|{\"search_path=\\\"A b\\\", public\",work_mem=64MB,\"dbgen.managed=search_path, work_mem\"}\n\
             t|{TimeZone=UTC,dbgen.managed=timezone}"
        );
        // PUBLIC may neither connect nor have temporary tables, also where nothing else is declared.
        assert_eq!(
            acl(cluster, "whole"),
            "app=CTc/app keeper=C*T*c*/app reader=Tc/app"
        );
        assert_eq!(acl(cluster, "copy"), "app=CTc/app");
        cluster.sql("postgres", "CREATE ROLE stranger LOGIN");
        assert!(
            !cluster
                .psql("copy", "stranger", None, "SELECT 1")
                .status
                .success()
        );
    });
}

#[test]
fn what_was_fixed_at_creation_is_told_and_left_alone() {
    each(
        "what_was_fixed_at_creation_is_told_and_left_alone",
        |cluster| {
            tablespace(cluster, "fast");
            cluster.sql("postgres", "CREATE ROLE app");
            cluster.sql(
            "postgres",
            "CREATE DATABASE old OWNER app TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'",
        );
            cluster.sql("old", "CREATE TABLE precious AS SELECT 42 AS answer");
            let base = || json!({ "name": "old", "owner": "app", "public": "keep" });
            let with = |field: &str, value: &str| {
                let mut database = base();
                database[field] = json!(value);
                document(json!([database]))
            };
            let before = cluster.sql("postgres", "SELECT oid FROM pg_database ORDER BY 1");
            for (field, value, told) in [
                (
                    "encoding",
                    "LATIN1",
                    "ENCODING 'LATIN1' is declared, and it is 'UTF8'; ",
                ),
                (
                    "collate",
                    "C.UTF-8",
                    "LC_COLLATE 'C.UTF-8' is declared, and it is 'C'; ",
                ),
                (
                    "ctype",
                    "C",
                    "LC_CTYPE 'C' is declared, and it is 'C.UTF-8'; ",
                ),
                (
                    "localeProvider",
                    "icu",
                    "LOCALE_PROVIDER 'icu' is declared, and it is 'libc'; ",
                ),
                (
                    "localeProvider",
                    "builtin",
                    "LOCALE_PROVIDER 'builtin' is declared, and it is 'libc'; ",
                ),
                ("icuLocale", "de", "ICU_LOCALE 'de' is declared, and it is "),
                (
                    "icuRules",
                    "&a < g",
                    "ICU_RULES '&a < g' is declared, and it is ",
                ),
                (
                    "builtinLocale",
                    "C",
                    "BUILTIN_LOCALE 'C' is declared, and it is ",
                ),
            ] {
                let steps = apply(cluster, &with(field, value));
                assert_eq!(changes(&steps), Vec::<String>::new(), "{field}");
                let [why] = &blocked(&steps)[..] else {
                    panic!("PostgreSQL {}: {field}: {steps:?}", cluster.major)
                };
                assert!(why.starts_with(told), "{why}");
                assert!(
                    why.contains("pg_dump") && !why.contains("DROP DATABASE"),
                    "{why}"
                );
            }
            for (space, told) in [
                ("fast", "moves it"),
                ("gone", "once the tablespace exists (CREATE TABLESPACE)"),
            ] {
                let steps = apply(cluster, &with("tablespace", space));
                assert_eq!(changes(&steps), Vec::<String>::new());
                let told = |why: &String| {
                    why.starts_with(&format!(
                        "TABLESPACE {space} is declared, and it is pg_default; "
                    )) && why.ends_with(told)
                };
                let why = blocked(&steps);
                assert!(
                    why.len() == 1
                        && told(&why[0])
                        && why[0].contains("ALTER DATABASE old SET TABLESPACE"),
                    "{why:?}"
                );
            }
            // The rest of a database that is blocked converges.
            let mut database = with("encoding", "LATIN1");
            database["databases"][0]["comment"] = json!("kept");
            assert_eq!(
                changes(&apply(cluster, &database)),
                ["COMMENT ON DATABASE old IS 'kept'"]
            );
            assert_eq!(
                cluster.sql("postgres", "SELECT oid FROM pg_database ORDER BY 1"),
                before
            );
            assert_eq!(cluster.sql("old", "SELECT answer FROM precious"), "42");
            // Other spellings of what is there.
            for (field, value) in [
                ("encoding", "Unicode"),
                ("encoding", "utf-8"),
                ("collate", "POSIX"),
                ("ctype", "C.utf8"),
                ("localeProvider", "libc"),
                ("tablespace", "pg_default"),
            ] {
                let steps = apply(cluster, &with(field, value));
                assert!(
                    steps.is_empty(),
                    "PostgreSQL {}: {field} {value}: {steps:?}",
                    cluster.major
                );
            }
        },
    );
}

#[test]
fn icu_locales_are_compared_as_language_tags() {
    each("icu_locales_are_compared_as_language_tags", |cluster| {
        if cluster.major < 15 {
            return;
        }
        cluster.sql("postgres", "CREATE ROLE app");
        for (there, same, other) in [
            ("de_DE", &["de-DE", "DE_de", "de_DE.utf8"][..], "de-AT"),
            ("", &["und", "root"][..], "de"),
            (
                "en-US-u-va-posix",
                &["C", "POSIX", "en_US_POSIX"][..],
                "en-US",
            ),
            (
                "de@collation=phonebook;colstrength=secondary",
                &["de-u-co-phonebk-ks-level2", "de-u-ks-level2-co-phonebk"][..],
                "de-u-co-phonebk",
            ),
            (
                "en-u-kn-true",
                &["en-u-kn", "en@colnumeric=yes"][..],
                "en-u-kn-false",
            ),
            // From 16 on the server has `he`, `en` and `sr-Latn-BA`.
            ("iw", &["he", "heb"][..], "yi"),
            ("eng-US", &["en_US"][..], "en-BU"),
            ("srp_Latn_BA", &["sr-Latn-BA"][..], "sr-BA"),
            ("en-MM", &["en-BU"][..], "en-MMR"),
        ] {
            cluster.sql(
                "postgres",
                &format!("CREATE DATABASE x OWNER app TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE {} LOCALE 'C'", quote_literal(there)),
            );
            let desired = |locale: &str| {
                document(
                    json!([{ "name": "x", "owner": "app", "public": "keep", "localeProvider": "icu", "icuLocale": locale }]),
                )
            };
            for locale in same.iter().chain([&there]) {
                let steps = plan(cluster, &desired(locale));
                assert!(
                    steps.is_empty(),
                    "PostgreSQL {}: {locale}: {steps:?}",
                    cluster.major
                );
            }
            let why = blocked(&plan(cluster, &desired(other)));
            assert!(
                why.len() == 1 && why[0].starts_with("ICU_LOCALE"),
                "{other}: {why:?}"
            );
            cluster.sql("postgres", "DROP DATABASE x");
        }
    });
}

#[test]
fn a_server_that_lacks_a_provider_is_told() {
    each("a_server_that_lacks_a_provider_is_told", |cluster| {
        cluster.sql("postgres", "CREATE ROLE app");
        let desired = document(json!([
            { "name": "a", "owner": "app", "localeProvider": "icu", "icuLocale": "de" },
            { "name": "b", "owner": "app", "localeProvider": "icu", "icuLocale": "de", "icuRules": "&a < g" },
            { "name": "c", "owner": "app", "localeProvider": "builtin", "builtinLocale": "C.UTF-8" },
            { "name": "d", "owner": "app", "template": "c" },
            { "name": "e", "owner": "app", "comment": "is made" } ]));
        let steps = converge(cluster, &desired);
        let lacking = match cluster.major {
            14 => 4,
            15 => 3,
            16 => 2,
            _ => 0,
        };
        assert_eq!(blocked(&steps).len(), lacking, "{steps:?}");
        for (major, needs) in [
            (15, "locale provider icu needs PostgreSQL 15"),
            (16, "ICU rules of a database need PostgreSQL 16"),
            (17, "provider builtin needs PostgreSQL 17"),
            (17, "its template c can't be created"),
        ] {
            let told = blocked(&steps).iter().any(|why| why.contains(needs));
            assert_eq!(told, cluster.major < major, "{needs}: {steps:?}");
        }
        let made = cluster.sql(
            "postgres",
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'e'",
        );
        assert_eq!(made, "is made");
    });
}

#[test]
fn what_cannot_be_created_does_not_keep_the_rest() {
    each("what_cannot_be_created_does_not_keep_the_rest", |cluster| {
        cluster.sql(
            "postgres",
            "CREATE ROLE app; CREATE DATABASE there OWNER app",
        );
        let desired = document(json!([
            { "name": "no_space", "owner": "app", "tablespace": "gone" },
            { "name": "no_template", "owner": "app", "template": "gone" },
            { "name": "no_encoding", "owner": "app", "encoding": "EBCDIC" },
            { "name": "copy", "owner": "app", "template": "no_template" },
            { "name": "circle", "owner": "app", "template": "round" },
            { "name": "round", "owner": "app", "template": "circle" },
            { "name": "refused", "owner": "app", "collate": "xx_XX.UTF-8", "ctype": "xx_XX.UTF-8", "comment": "x" },
            { "name": "there", "owner": "app", "comment": "rest" } ]));
        let planned = plan(cluster, &desired);
        assert_eq!(blocked(&planned).len(), 6, "{planned:?}");
        let steps = apply(cluster, &desired);
        let told = blocked(&steps);
        assert_eq!(told.len(), 7, "{told:?}");
        for part in [
            "the tablespace gone does not exist: create it first",
            "its template gone does not exist",
            "does not know the encoding 'EBCDIC'",
            "its template no_template can't be created",
            "its template round can't be created",
            "its creation was not tried",
        ] {
            assert!(
                told.iter().any(|why| why.contains(part)),
                "{part}: {told:?}"
            );
        }
        assert_eq!(acl(cluster, "there"), "app=CTc/app");
        let made =
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'there'";
        assert_eq!(cluster.sql("postgres", made), "rest");
    });
}

#[test]
fn owner_limit_and_comment_are_put_right() {
    each("owner_limit_and_comment_are_put_right", |cluster| {
        cluster.sql(
            "postgres",
            "CREATE ROLE app; CREATE ROLE other; CREATE ROLE reader",
        );
        let desired = document(
            json!([{ "name": "x", "owner": "app", "connectionLimit": 5, "comment": "mine",
            "grants": [ { "grantee": "reader", "privileges": ["CONNECT"], "grantable": false },
                { "grantee": "other", "privileges": ["TEMPORARY"], "grantable": false } ] }]),
        );
        converge(cluster, &desired);
        let whole = acl(cluster, "x");
        cluster.sql(
            "postgres",
            "ALTER DATABASE x OWNER TO other; ALTER DATABASE x CONNECTION LIMIT 3; COMMENT ON DATABASE x IS 'theirs'",
        );
        let steps = converge(cluster, &desired);
        // The old owner's privileges go to the new one, also those that it was granted.
        assert_eq!(
            changes(&steps),
            [
                "ALTER DATABASE x OWNER TO app",
                "ALTER DATABASE x CONNECTION LIMIT 5",
                "COMMENT ON DATABASE x IS 'mine'",
                "GRANT TEMPORARY ON DATABASE x TO other",
            ]
        );
        assert_eq!(acl(cluster, "x"), whole);
        let row = cluster.sql(
            "postgres",
            "SELECT pg_get_userbyid(datdba), datconnlimit, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'x'",
        );
        assert_eq!(row, "app|5|mine");
        // What is not said: a limit is told of, a comment is nobody's business, an empty one is none.
        let unsaid = document(
            json!([{ "name": "x", "owner": "app", "grants": desired["databases"][0]["grants"] }]),
        );
        let steps = converge(cluster, &unsaid);
        assert_eq!(
            found(&steps),
            ["database x: ALTER DATABASE x CONNECTION LIMIT -1"]
        );
        assert_eq!(steps.len(), 1);
        let empty = document(
            json!([{ "name": "x", "owner": "app", "comment": "", "connectionLimit": 5,
            "grants": desired["databases"][0]["grants"] }]),
        );
        assert_eq!(
            changes(&converge(cluster, &empty)),
            ["COMMENT ON DATABASE x IS NULL"]
        );
    });
}

#[test]
fn settings_are_reset_only_by_who_set_them() {
    each("settings_are_reset_only_by_who_set_them", |cluster| {
        cluster.sql(
            "postgres",
            "CREATE ROLE app; CREATE ROLE reader; CREATE ROLE byhand; CREATE DATABASE x OWNER app",
        );
        cluster.sql(
            "postgres",
            "ALTER DATABASE x SET enable_seqscan = off; ALTER ROLE byhand IN DATABASE x SET jit = off;
            ALTER ROLE reader SET work_mem = '1MB'",
        );
        let of = |settings: Value, role_settings: Value| json!({ "name": "x", "owner": "app", "settings": settings, "roleSettings": role_settings });
        let full = document(json!([of(
            json!([
                { "parameter": "datestyle", "values": ["ISO", "DMY"], "names": false },
                { "parameter": "my.note", "values": ["a, b='c'\n\"d\""], "names": false },
                { "parameter": "search_path", "values": ["$user", "A"], "names": true },
                { "parameter": "statement_timeout", "values": ["5s"], "names": false } ]),
            json!([{ "role": "reader", "settings": [ { "parameter": "work_mem", "values": ["2MB"], "names": false } ] }])
        )]));
        let steps = converge(cluster, &full);
        let by_hand = [
            "database x: ALTER DATABASE x RESET enable_seqscan",
            "role byhand in database x: ALTER ROLE byhand IN DATABASE x RESET jit",
        ];
        assert_eq!(found(&steps), by_hand);
        assert_eq!(
            cluster.sql(
                "x",
                "SHOW search_path; SHOW statement_timeout; SHOW my.note"
            ),
            "\"$user\", \"A\"\n5s\na, b='c'\n\"d\""
        );

        // By hand: one changed, one taken away.
        cluster.sql(
            "postgres",
            "ALTER DATABASE x SET statement_timeout = '7s'; ALTER DATABASE x RESET my.note",
        );
        let steps = converge(cluster, &full);
        assert_eq!(
            changes(&steps),
            [
                "ALTER DATABASE x SET my.note TO 'a, b=''c''\n\"d\"'",
                "ALTER DATABASE x SET statement_timeout TO '5s'"
            ]
        );

        // Another list, which also tells what is no longer dbgen's: it resets what it set, and nothing else.
        let less = document(json!([of(
            json!([{ "parameter": "statement_timeout", "values": ["5s"], "names": false }]),
            json!([])
        )]));
        let steps = converge(cluster, &less);
        assert_eq!(
            changes(&steps),
            [
                "ALTER DATABASE x RESET \"DateStyle\"",
                "ALTER DATABASE x RESET my.note",
                "ALTER DATABASE x RESET search_path",
                "ALTER DATABASE x SET dbgen.managed TO 'statement_timeout'",
                "ALTER ROLE reader IN DATABASE x RESET work_mem",
                "ALTER ROLE reader IN DATABASE x RESET dbgen.managed",
            ]
        );
        assert_eq!(found(&steps), by_hand);

        // Authoritative: what was set by hand goes too, here for one database only.
        let mut strict = less.clone();
        strict["databases"][0]["converge"] = json!("authoritative");
        let steps = converge(cluster, &strict);
        assert_eq!(
            changes(&steps),
            by_hand.map(|text| text.split_once(": ").unwrap().1)
        );
        assert_eq!(found(&converge(cluster, &strict)), Vec::<String>::new());

        // Nothing is left behind.
        converge(cluster, &document(json!([{ "name": "x", "owner": "app" }])));
        let rows = "SELECT setdatabase, setrole::regrole, setconfig FROM pg_db_role_setting";
        assert_eq!(cluster.sql("postgres", rows), "0|reader|{work_mem=1MB}");
        cluster.sql("postgres", "ALTER ROLE byhand IN DATABASE x SET jit = off");
        let steps = converge(cluster, &document(json!([{ "name": "x", "owner": "app" }])));
        assert_eq!(found(&steps), by_hand[1..]);
    });
}

#[test]
fn privileges_on_a_database_are_as_declared() {
    each("privileges_on_a_database_are_as_declared", |cluster| {
        cluster.sql(
            "postgres",
            "CREATE ROLE app; CREATE ROLE a; CREATE ROLE b; CREATE ROLE c; CREATE ROLE d; CREATE DATABASE x OWNER app;
            GRANT CREATE, CONNECT ON DATABASE x TO a WITH GRANT OPTION; GRANT TEMPORARY ON DATABASE x TO PUBLIC;
            SET ROLE a; GRANT CONNECT ON DATABASE x TO b WITH GRANT OPTION; GRANT CREATE ON DATABASE x TO PUBLIC;
            SET ROLE b; GRANT CONNECT ON DATABASE x TO c; GRANT CONNECT ON DATABASE x TO PUBLIC",
        );
        let grants = json!([
            { "grantee": "a", "privileges": ["CONNECT"], "grantable": false },
            { "grantee": "d", "privileges": ["temp", "CONNECT"], "grantable": true },
            { "grantee": "d", "privileges": ["CONNECT"], "grantable": false } ]);
        let databases = json!([{ "name": "x", "owner": "app", "grants": grants }]);
        let steps = converge(cluster, &document(databases.clone()));
        assert_eq!(
            changes(&steps),
            [
                "SET LOCAL ROLE b; REVOKE CONNECT ON DATABASE x FROM PUBLIC; SET LOCAL ROLE NONE",
                "SET LOCAL ROLE a; REVOKE CREATE ON DATABASE x FROM PUBLIC; SET LOCAL ROLE NONE",
                "REVOKE CONNECT, TEMPORARY ON DATABASE x FROM PUBLIC",
                "GRANT CONNECT, TEMPORARY ON DATABASE x TO d WITH GRANT OPTION",
            ]
        );
        let hand = [
            "database x: SET LOCAL ROLE b; REVOKE CONNECT ON DATABASE x FROM c; SET LOCAL ROLE NONE",
            "database x: SET LOCAL ROLE a; REVOKE CONNECT ON DATABASE x FROM b; SET LOCAL ROLE NONE",
            "database x: REVOKE CREATE ON DATABASE x FROM a",
            "database x: REVOKE GRANT OPTION FOR CONNECT ON DATABASE x FROM a",
        ];
        assert_eq!(found(&steps), hand);
        assert_eq!(
            acl(cluster, "x"),
            "a=C*c*/app app=CTc/app b=c*/a c=c/b d=T*c*/app"
        );
        let steps = converge(cluster, &authoritative(databases.clone()));
        assert_eq!(
            changes(&steps),
            hand.map(|text| text.split_once(": ").unwrap().1)
        );
        assert_eq!(found(&steps), Vec::<String>::new());
        assert_eq!(acl(cluster, "x"), "a=c/app app=CTc/app d=T*c*/app");

        // A superuser's word counts as the owner's, so what one gave before is not taken back by it.
        cluster.sql(
            "postgres",
            "SET ROLE d; GRANT CONNECT ON DATABASE x TO PUBLIC; RESET ROLE; ALTER ROLE d SUPERUSER",
        );
        let steps = converge(cluster, &document(databases));
        let [why] = &blocked(&steps)[..] else {
            panic!("{steps:?}")
        };
        assert!(
            why.contains(", granted by d, which has the rights of a superuser"),
            "{why}"
        );

        // The owner's own are given back and never revoked, and PUBLIC keeps what it is said to keep.
        cluster.sql(
            "postgres",
            "CREATE DATABASE y OWNER app; REVOKE CREATE ON DATABASE y FROM app; GRANT CREATE ON DATABASE y TO PUBLIC",
        );
        let keep = document(json!([{ "name": "y", "owner": "app", "public": "keep" },
            { "name": "x", "owner": "app", "public": "keep", "grants": grants }]));
        let steps = plan(cluster, &keep);
        assert_eq!(
            found(&steps),
            ["database y: REVOKE CREATE ON DATABASE y FROM PUBLIC"]
        );
        assert_eq!(changes(&steps), ["GRANT CREATE ON DATABASE y TO app"]);
        let all = document(json!([{ "name": "y", "owner": "app",
            "grants": [ { "grantee": null, "privileges": ["CONNECT"], "grantable": false },
                { "grantee": "app", "privileges": null, "grantable": false } ] }]));
        assert_eq!(
            changes(&converge(cluster, &all)),
            [
                "REVOKE CREATE, TEMPORARY ON DATABASE y FROM PUBLIC",
                "GRANT CREATE ON DATABASE y TO app"
            ]
        );
        assert_eq!(acl(cluster, "y"), "=c/app app=CTc/app");

        let more = document(json!([{ "name": "y", "owner": "app",
            "grants": [ { "grantee": "a", "privileges": ["CONNECT"], "grantable": true } ] }]));
        cluster.sql(
            "postgres",
            "REVOKE ALL ON DATABASE y FROM PUBLIC; GRANT CONNECT ON DATABASE y TO a",
        );
        assert_eq!(
            changes(&converge(cluster, &more)),
            ["GRANT CONNECT ON DATABASE y TO a WITH GRANT OPTION"]
        );
        cluster.sql(
            "postgres",
            "REVOKE GRANT OPTION FOR CONNECT ON DATABASE y FROM a",
        );

        // A grant that is declared twice does not hide another one.
        let once = json!({ "grantee": "a", "privileges": ["CONNECT"], "grantable": false });
        let twice = document(json!([{ "name": "y", "owner": "app", "grants": [once, once] }]));
        converge(cluster, &twice);
        cluster.sql("postgres", "GRANT CONNECT ON DATABASE y TO b");
        assert_eq!(
            found(&plan(cluster, &twice)),
            [
                "database x: -",
                "database y: REVOKE CONNECT ON DATABASE y FROM b"
            ]
        );
    });
}

#[test]
fn privileges_on_tablespaces_and_parameters_are_as_declared() {
    each(
        "privileges_on_tablespaces_and_parameters_are_as_declared",
        |cluster| {
            tablespace(cluster, "fast");
            cluster.sql("postgres", "CREATE ROLE a; CREATE ROLE b");
            // Where nobody has any yet.
            let first = json!({ "converge": "additive", "databases": [],
                "tablespaces": [ { "name": "fast", "grantee": "b", "privileges": ["CREATE"], "grantable": false } ] });
            assert_eq!(
                changes(&converge(cluster, &first)),
                ["GRANT CREATE ON TABLESPACE fast TO b"]
            );
            let mut desired = json!({ "converge": "additive", "databases": [],
            "tablespaces": [ { "name": "fast", "grantee": "a", "privileges": ["CREATE"], "grantable": true },
                { "name": "pg_default", "grantee": "a", "privileges": null, "grantable": false },
                { "name": "gone", "grantee": "a", "privileges": null, "grantable": false } ] });
            let steps = converge(cluster, &desired);
            assert_eq!(
                changes(&steps),
                [
                    "GRANT CREATE ON TABLESPACE fast TO a WITH GRANT OPTION",
                    "GRANT CREATE ON TABLESPACE pg_default TO a",
                ]
            );
            assert_eq!(
                found(&steps),
                ["tablespace fast: REVOKE CREATE ON TABLESPACE fast FROM b"]
            );
            let pending = kind(&steps, "pending");
            assert_eq!(pending.len(), 1);
            assert_eq!(pending[0]["object"], "tablespace gone");

            let parameters = json!([
            { "name": "Work_Mem", "grantee": "a", "privileges": ["SET"], "grantable": false },
            { "name": "my.Odd name", "grantee": "a", "privileges": null, "grantable": true } ]);
            if cluster.major < 15 {
                desired["parameters"] = parameters;
                let why = blocked(&converge(cluster, &desired));
                assert!(
                    why.iter().all(|why| why.contains("need PostgreSQL 15")) && why.len() == 2,
                    "{why:?}"
                );
                return;
            }
            cluster.sql(
                "postgres",
                "GRANT ALTER SYSTEM ON PARAMETER work_mem TO b; GRANT SET ON PARAMETER jit TO PUBLIC",
            );
            desired["parameters"] = json!([parameters[0]]);
            let steps = converge(cluster, &desired);
            assert_eq!(changes(&steps), ["GRANT SET ON PARAMETER work_mem TO a"]);
            let stray = [
                "parameter jit: REVOKE SET ON PARAMETER jit FROM PUBLIC",
                "parameter work_mem: REVOKE ALTER SYSTEM ON PARAMETER work_mem FROM b",
                "tablespace fast: REVOKE CREATE ON TABLESPACE fast FROM b",
            ];
            assert_eq!(found(&steps), stray);
            desired["converge"] = json!("authoritative");
            let steps = converge(cluster, &desired);
            assert_eq!(
                changes(&steps),
                stray.map(|text| text.split_once(": ").unwrap().1)
            );
            desired["parameters"] = json!([]);
            desired["tablespaces"] = json!([]);
            converge(cluster, &desired);
            assert_eq!(
                cluster.sql("postgres", "SELECT count(*) FROM pg_parameter_acl"),
                "0"
            );
        },
    );
}

#[test]
fn undeclared_and_unusable_databases_are_told() {
    each("undeclared_and_unusable_databases_are_told", |cluster| {
        cluster.sql(
            "postgres",
            "CREATE ROLE app; CREATE ROLE b; CREATE DATABASE \"Un declared\"; CREATE DATABASE shut OWNER app;
            CREATE DATABASE broken OWNER b; CREATE DATABASE lost; CREATE DATABASE template IS_TEMPLATE true;
            ALTER DATABASE shut ALLOW_CONNECTIONS false;
            UPDATE pg_database SET datconnlimit = -2 WHERE datname IN ('broken', 'lost');
            GRANT CONNECT ON DATABASE \"Un declared\" TO app; ALTER DATABASE \"Un declared\" SET jit = off",
        );
        let desired = authoritative(json!([
            { "name": "shut", "owner": "app", "comment": "x" },
            { "name": "broken", "owner": "app", "comment": "x", "connectionLimit": 2, "encoding": "LATIN1",
                "settings": [ { "parameter": "jit", "values": ["off"], "names": false } ] } ]));
        let steps = converge(cluster, &desired);
        assert_eq!(
            found(&steps),
            [
                "database Un declared: -".replace("Un declared", "\"Un declared\""),
                "database lost: -".into()
            ]
        );
        let why = blocked(&steps);
        assert_eq!(why.len(), 2, "{why:?}");
        assert!(
            why[0].contains("ALTER DATABASE shut ALLOW_CONNECTIONS true"),
            "{why:?}"
        );
        assert!(why[1].contains("DROP DATABASE was interrupted"), "{why:?}");
        // What is possible is done all the same.
        assert_eq!(
            changes(&steps),
            [
                "COMMENT ON DATABASE shut IS 'x'",
                "REVOKE CONNECT, TEMPORARY ON DATABASE shut FROM PUBLIC"
            ]
        );
    });
}

#[test]
fn any_name_is_only_a_name() {
    each("any_name_is_only_a_name", |cluster| {
        let roles: Vec<String> = HOSTILE
            .iter()
            .map(|name| format!("role {name}").chars().take(40).collect())
            .collect();
        let mut databases = Vec::new();
        for (name, role) in HOSTILE.iter().zip(&roles) {
            cluster.sql("postgres", &format!("CREATE ROLE {}", identifier(role)));
            databases.push(json!({ "name": name, "owner": role, "comment": name, "connectionLimit": 9,
                "settings": [ { "parameter": "my.note", "values": [name], "names": false },
                    { "parameter": "search_path", "values": [name, role], "names": true } ],
                "roleSettings": [ { "role": roles[0], "settings": [ { "parameter": "my.note", "values": [role], "names": false } ] } ],
                "grants": [ { "grantee": roles[3], "privileges": ["CONNECT"], "grantable": true },
                    { "grantee": roles[4], "privileges": null, "grantable": false } ] }));
        }
        let mut desired = document(json!(databases));
        converge(cluster, &desired);
        for (name, role) in HOSTILE.iter().zip(&roles) {
            let row = format!(
                "SELECT pg_get_userbyid(datdba) = {role} AND shobj_description(oid, 'pg_database') = datname
                    AND has_database_privilege({other}, oid, 'CONNECT WITH GRANT OPTION') AND datconnlimit = 9
                FROM pg_database WHERE datname = {name}",
                name = quoted_plainly(name), role = quoted_plainly(role), other = quoted_plainly(&roles[3]),
            );
            assert_eq!(
                cluster.sql("postgres", &row),
                "t",
                "PostgreSQL {}: {name}",
                cluster.major
            );
            assert_eq!(cluster.sql(name, "SHOW my.note"), *name);
        }
        // Privileges that such a role gave, an owner by hand, and everything undeclared again.
        let odd = identifier(HOSTILE[3]);
        cluster.sql(
            "postgres",
            &format!(
                "SET ROLE {giver}; GRANT CONNECT ON DATABASE {odd} TO PUBLIC, {taker}; RESET ROLE; ALTER DATABASE {odd} OWNER TO {taker};
                ALTER ROLE {taker} IN DATABASE {odd} SET my.other = 'x'",
                giver = identifier(&roles[3]),
                taker = identifier(&roles[5]),
            ),
        );
        desired["converge"] = json!("authoritative");
        for database in desired["databases"].as_array_mut().unwrap() {
            database["grants"] = json!([]);
            database["settings"] = json!([]);
        }
        converge(cluster, &desired);
        let count = "SELECT count(*) FROM pg_database AS d, aclexplode(datacl) AS a WHERE grantee <> datdba AND NOT datistemplate";
        assert_eq!(cluster.sql("postgres", count), "0");
    });
}

/// A literal for a session in which backslashes are escapes in plain quotes.
fn quoted_plainly(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
