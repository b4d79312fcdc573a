//! What dbgen knows of names, quoting, privileges, extensions and locales is what real servers do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/cluster.rs"]
mod cluster;

use std::collections::BTreeSet;

use cluster::each;
use dbgen::postgres::extension;
use dbgen::postgres::identifier::{self, Identifier};
use dbgen::postgres::locale::{
    BuiltinLocale, Encoding, Localization, Provider, libc_locale_supports,
};
use dbgen::postgres::pattern::Pattern;
use dbgen::postgres::privilege::{ObjectKind, Privilege};
use dbgen::postgres::quote::{quote_identifier, quote_literal};
use dbgen::postgres::version::Version;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

#[test]
fn reserved_names_are_those_that_servers_refuse() {
    each(
        "reserved_names_are_those_that_servers_refuse",
        &[],
        |server| {
            let names = [
                "public",
                "Public",
                "none",
                "None",
                "user",
                "current_user",
                "current_role",
                "session_user",
                "system_user",
                "all",
                "replication",
                "default",
                "pg_x",
                "PG_x",
                "pgx",
                "information_schema",
            ];
            let create = |kind: &str| -> Vec<bool> {
                server.verdicts(
                    &names.map(|name| format!("create {kind} {}", quote_identifier(name))),
                )
            };
            for (name, created) in names.iter().zip(create("role")) {
                assert_eq!(
                    identifier::is_reserved_role(name),
                    !created,
                    "role {name} on {}",
                    server.major
                );
            }
            for (name, created) in names.iter().zip(create("schema")) {
                // These two are there already; the second, once gone, could not be made again by dbgen's rule.
                if !matches!(*name, "public" | "information_schema") {
                    assert_eq!(
                        identifier::is_reserved_schema(name),
                        !created,
                        "schema {name} on {}",
                        server.major
                    );
                }
            }
            let databases = server.psql("select datname from pg_database order by 1");
            assert!(databases.lines().all(identifier::is_system_database));
            assert_eq!(databases.lines().count(), 3);
        },
    );
}

#[test]
fn long_names_are_cut_where_the_server_cuts_them() {
    each(
        "long_names_are_cut_where_the_server_cuts_them",
        &[],
        |server| {
            for name in [
                "a".repeat(70),
                "é".repeat(40),
                format!("a{}", "日本".repeat(20)),
                "x".repeat(63),
            ] {
                let cut = server.psql(&format!("select {}::name", quote_literal(&name)));
                assert_eq!(cut.trim_end(), identifier::truncate(&name));
                assert_eq!(Identifier::new(&name).is_ok(), cut.trim_end() == name);
            }
        },
    );
}

#[test]
fn whatever_is_quoted_is_read_back() {
    each("whatever_is_quoted_is_read_back", &[], |server| {
        let mut runner = TestRunner::deterministic();
        let text = "['\"\\\\$`;:a{}%-é日 ]{1,20}";
        let texts: Vec<String> = (0..300)
            .map(|_| text.new_tree(&mut runner).unwrap().current())
            .collect();
        for conforming in ["on", "off"] {
            let mut script = format!(
                "set standard_conforming_strings = {conforming}; set escape_string_warning = off;\n"
            );
            for text in &texts {
                script.push_str(&format!("select {};\n", quote_literal(text)));
            }
            assert_eq!(
                server.psql(&script).lines().collect::<Vec<_>>(),
                texts,
                "{conforming}"
            );
        }
        let script: String = texts
            .iter()
            .filter(|text| text.len() <= identifier::MAX_BYTES)
            .map(|text| format!("create temporary table {} (); select relname from pg_class where oid = {}::regclass; drop table {};\n",
                quote_identifier(text), quote_literal(&quote_identifier(text)), quote_identifier(text)))
            .collect();
        let kept: Vec<_> = texts
            .iter()
            .filter(|text| text.len() <= identifier::MAX_BYTES)
            .collect();
        assert_eq!(server.psql(&script).lines().collect::<Vec<_>>(), kept);
    });
}

#[test]
fn privileges_are_grantable_where_dbgen_says() {
    each("privileges_are_grantable_where_dbgen_says", &[], |server| {
        server.psql(
            "create role r; create table t (c int); create sequence s; create function f() returns int language sql as 'select 1';
             create procedure p() language sql as 'select 1'; create type y as (a int); create domain d as int;
             create foreign data wrapper w; create server v foreign data wrapper w; select lo_create(4711)",
        );
        let version = Version::new(server.major.into()).unwrap();
        let mut cases = Vec::new();
        for kind in ObjectKind::ALL {
            let name = match kind {
                ObjectKind::Database => "postgres",
                ObjectKind::Schema => "public",
                ObjectKind::Table | ObjectKind::Column => "t",
                ObjectKind::Sequence => "s",
                ObjectKind::Function | ObjectKind::Routine => "f()",
                ObjectKind::Procedure => "p()",
                ObjectKind::Type => "y",
                ObjectKind::Domain => "d",
                ObjectKind::Language => "plpgsql",
                ObjectKind::ForeignDataWrapper => "w",
                ObjectKind::ForeignServer => "v",
                ObjectKind::Tablespace => "pg_default",
                ObjectKind::Parameter => "log_statement",
                ObjectKind::LargeObject => "4711",
            };
            let column = if kind == ObjectKind::Column {
                "(c)"
            } else {
                ""
            };
            for privilege in Privilege::ALL {
                let known = privilege.since(kind).is_some_and(|since| since <= version);
                cases.push((
                    format!("grant {privilege}{column} on {} {name} to r", kind.as_sql()),
                    known,
                ));
            }
        }
        let statements: Vec<_> = cases
            .iter()
            .map(|(statement, _)| statement.clone())
            .collect();
        for ((statement, known), granted) in cases.iter().zip(server.verdicts(&statements)) {
            assert_eq!(*known, granted, "{statement} on {}", server.major);
        }
    });
}

#[test]
fn a_pattern_names_the_same_routine_in_sql() {
    each("a_pattern_names_the_same_routine_in_sql", &[], |server| {
        server.psql("create type \"My.T\" as (a int); create function f(integer, character varying, timestamp with time zone[], \"My.T\") returns int language sql as 'select 1'");
        let pattern = Pattern::routine(
            "public.f(integer, character varying, timestamp with time zone[], public.\"My.T\")",
        )
        .unwrap();
        assert_eq!(
            server.psql(&format!(
                "select {}::regprocedure is not null",
                quote_literal(&pattern.to_string())
            )),
            "t\n"
        );
    });
}

/// `to_regtype` raises an error for what is no name of a type, which would end the provisioning of the whole database.
#[test]
fn every_type_that_a_pattern_takes_is_one_to_the_server() {
    let words = "int integer text double precision character varying national char bit time timestamp with without zone interval \
        year to month second (3) (10,2) ( ) [] [3] [ ] array json float numeric app public . . app.t \"My.T\" \"select\" select table any \
        NULL user variadic in out setof a $x 1 system_user json_value json_array xmltable é _b % ' ; -- /* */ \\"
        .split_whitespace();
    let words = proptest::sample::select(words.collect::<Vec<_>>());
    let spaced = (words, proptest::bool::weighted(0.7))
        .prop_map(|(word, space)| format!("{word}{}", if space { " " } else { "" }));
    let random = proptest::collection::vec(spaced, 1..6).prop_map(|words| words.concat());
    let mut runner = TestRunner::deterministic();
    let random = (0..60_000).map(|_| random.new_tree(&mut runner).unwrap().current());
    let known = [
        "double precision",
        "character varying",
        "bit varying",
        "national character varying",
        "national char",
        "nchar varying",
        "timestamp with time zone",
        "timestamp(3) without time zone",
        "time with time zone[]",
        "interval day to second",
        "interval(3)",
        "integer array",
        "integer array[3]",
        "int[][4]",
        "numeric(10,2)",
        "varchar(10)",
        "float(24)",
        "pg_catalog.int4",
        "app.select",
        "\"select\"",
        "\"char\"",
        "dec",
        "json",
        "bigint",
        "smallint",
        "boolean",
        "real",
        "decimal",
        "double",
        "record",
        "anyelement",
    ]
    .map(str::to_owned);
    let taken: BTreeSet<String> = known
        .iter()
        .cloned()
        .chain(random)
        .filter_map(|name| Some((Pattern::routine(&format!("a.f({name})")).ok()?, name)))
        .flat_map(|(pattern, name)| {
            let sql = pattern.to_string();
            let sql = sql
                .strip_prefix("a.f(")
                .and_then(|rest| rest.strip_suffix(')'));
            [
                Some(sql.unwrap().to_owned()),
                known.contains(&name).then_some(name),
            ]
        })
        .flatten()
        .collect();
    assert!(taken.len() > 300 && known.iter().all(|name| taken.contains(name)));
    each(
        "every_type_that_a_pattern_takes_is_one_to_the_server",
        &[],
        |server| {
            let ask = |name: &String| format!("select to_regtype({})", quote_literal(name));
            let asked: Vec<String> = taken.iter().map(ask).collect();
            let asked: Vec<String> = asked
                .iter()
                .map(|query| format!("do $do$ begin perform ({query}); end $do$"))
                .collect();
            let fine = server.verdicts(&asked);
            assert_eq!(fine.len(), asked.len());
            for (asked, fine) in asked.iter().zip(fine) {
                assert!(fine, "{asked} on {}", server.major);
            }
        },
    );
}

#[test]
fn supplied_extensions_are_those_of_the_servers() {
    each(
        "supplied_extensions_are_those_of_the_servers",
        &[],
        |server| {
            let version = Version::new(server.major.into()).unwrap();
            let rows = server.psql(
            "select name, trusted, coalesce(array_to_string(requires, ' '), '') from pg_available_extension_versions v
             where version = (select default_version from pg_available_extensions e where e.name = v.name) order by name",
        );
            let mut available = BTreeSet::new();
            for row in rows.lines() {
                let [name, trusted, requires] = row.split('\t').collect::<Vec<_>>()[..] else {
                    panic!("{row}")
                };
                // PL/Python 2 went away with PostgreSQL 15; nixpkgs never builds it.
                if name.contains("plpythonu") || name.contains("plpython2u") {
                    continue;
                }
                let Some(known) = extension::lookup(name) else {
                    panic!("{name} of {} is not known", server.major)
                };
                assert!(
                    (known.since..=known.until).contains(&version),
                    "{name} {version}"
                );
                assert_eq!(
                    (known.trusted, known.requires.join(" ")),
                    (trusted == "t", requires.to_owned()),
                    "{name}"
                );
                available.insert(name.to_owned());
            }
            let language = |name: &str| {
                name.contains("plperl") || name.contains("plpython") || name.contains("pltcl")
            };
            for known in extension::all().iter().filter(|known| {
                known.package.is_none() && (known.since..=known.until).contains(&version)
            }) {
                // Debian has the languages in packages of their own.
                assert!(
                    available.contains(known.name) || language(known.name),
                    "{} on {}",
                    known.name,
                    server.major
                );
            }
        },
    );
}

#[test]
fn encodings_are_those_of_the_servers() {
    each("encodings_are_those_of_the_servers", &[], |server| {
        let mut runner = TestRunner::deterministic();
        let mut names: Vec<String> = server
            .psql("select pg_encoding_to_char(i) from generate_series(0, 60) i where pg_encoding_to_char(i) <> ''")
            .lines()
            .map(str::to_owned)
            .collect();
        names.extend(
            [
                "utf-8",
                "unicode",
                "iso-8859-1",
                "iso_8859_16",
                "iso885910",
                "win",
                "alt",
                "koi8",
                "tcvn",
                "tcvn5712",
                "vscii",
                "abc",
                "shiftjis",
                "mskanji",
                "win932",
                "windows932",
                "windows936",
                "win949",
                "windows950",
                "windows1258",
                "windows866",
                "sqlascii",
                "ascii",
                "utf16",
                "latin11",
                "",
                "mule",
                "x",
                "iso88595",
            ]
            .map(str::to_owned),
        );
        names.extend((0..200).map(|_| {
            "(iso|win|windows|latin|koi8|utf|euc)[-_ ]?[0-9rujpc]{0,6}"
                .new_tree(&mut runner)
                .unwrap()
                .current()
        }));
        let script: String = names
            .iter()
            .map(|name| {
                format!(
                    "with e as (select pg_char_to_encoding({}) as e) select e >= 0, e between 0 and 34, pg_encoding_to_char(e) from e;\n",
                    quote_literal(name)
                )
            })
            .collect();
        let rows = server.psql(&script);
        assert_eq!(rows.lines().count(), names.len());
        for (name, row) in names.iter().zip(rows.lines()) {
            let [client, of_server, own] = row.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{row}")
            };
            assert_eq!(Encoding::client(name).is_some(), client == "t", "{name}");
            assert_eq!(
                Encoding::server(name).map(Encoding::as_str),
                (of_server == "t").then_some(own),
                "{name}"
            );
        }
    });
}

#[test]
fn databases_can_be_made_with_what_goes_together() {
    each(
        "databases_can_be_made_with_what_goes_together",
        &[],
        |server| {
            let version = Version::new(server.major.into()).unwrap();
            let has_icu = server
                .psql("select count(*) > 0 from pg_collation where collprovider = 'i'")
                == "t\n";
            let mut cases = Vec::new();
            for encoding in Encoding::of_servers().filter_map(Encoding::server) {
                for locale in ["C", "POSIX"] {
                    let fits = libc_locale_supports(locale, encoding).unwrap();
                    cases.push((
                        format!("template template0 encoding '{encoding}' locale '{locale}'"),
                        fits,
                    ));
                }
                if has_icu && version >= Provider::Icu.since() {
                    cases.push((format!("template template0 encoding '{encoding}' locale 'C' locale_provider icu icu_locale 'en'"), Provider::Icu.supports(encoding)));
                }
                if !matches!(encoding.as_str(), "UTF8" | "SQL_ASCII" | "LATIN1") {
                    continue;
                }
                for name in ["C", "C.UTF-8", "C.UTF8", "PG_UNICODE_FAST", "POSIX", "c"] {
                    let locale = BuiltinLocale::new(name);
                    let fits = locale.is_some_and(|locale| {
                        locale.since() <= version && locale.supports(encoding)
                    });
                    cases.push((format!("template template0 encoding '{encoding}' locale 'C' locale_provider builtin builtin_locale '{name}'"), fits));
                }
            }
            let other = Localization {
                encoding: Encoding::server("LATIN1"),
                ..Localization::default()
            };
            cases.push(("encoding 'LATIN1'".to_owned(), !other.needs_template0()));
            cases.push((String::new(), !Localization::default().needs_template0()));
            let statements: Vec<_> = cases
                .iter()
                .flat_map(|(options, _)| {
                    [
                        format!("create database probe {options}"),
                        "drop database if exists probe".to_owned(),
                    ]
                })
                .collect();
            let verdicts = server.verdicts(&statements);
            for ((options, fits), made) in cases.iter().zip(verdicts.iter().step_by(2)) {
                assert_eq!(fits, made, "{options} on {}", server.major);
            }
        },
    );
}
