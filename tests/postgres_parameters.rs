//! The parameters that dbgen knows are those of real servers, and it judges values as they do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/cluster.rs"]
mod cluster;

use std::collections::{BTreeMap, BTreeSet};

use cluster::{Cluster, each};
use dbgen::postgres::Version;
use dbgen::postgres::parameter::{self, Context, Edition, Kind, List, SettingValue};
use dbgen::postgres::quote::{quote_identifier, quote_literal};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// The modules with parameters. PL/Perl is missing: its library needs the Perl that it was built with.
const MODULES: [&str; 14] = [
    "auth_delay",
    "auto_explain",
    "basebackup_to_shell",
    "basic_archive",
    "isn",
    "passwordcheck",
    "pg_prewarm",
    "pg_stat_statements",
    "pg_trgm",
    "pgcrypto",
    "plpgsql",
    "pltcl",
    "postgres_fdw",
    "nothing",
];

/// Words that depend on the libraries that a server was built with; nixpkgs has them all.
const BUILD: [&str; 3] = ["lz4", "zstd", "io_uring"];

/// What no server shows in pg_settings although it has it.
const UNLISTED: [&str; 6] = [
    "role",
    "session_authorization",
    "is_superuser",
    "seed",
    "ssl_renegotiation_limit",
    "default_with_oids",
];

const TABLE: &str = include_str!("../src/postgres/parameter/table.tsv");

fn version(cluster: &Cluster) -> Version {
    Version::new(cluster.major.into()).unwrap()
}

fn context(edition: &Edition) -> &'static str {
    match edition.context {
        Context::Internal => "internal",
        Context::Postmaster => "postmaster",
        Context::Sighup => "sighup",
        Context::SuperuserBackend => "superuser-backend",
        Context::Backend => "backend",
        Context::Superuser => "superuser",
        Context::User => "user",
    }
}

/// A row as pg_settings shows it: context, type, unit, min, max, words. Internal limits are left out.
fn shown(edition: &Edition) -> String {
    let unit =
        |unit: &Option<parameter::Unit>| unit.map(|unit| unit.to_string()).unwrap_or_default();
    let (kind, unit, limits, words) = match &edition.kind {
        Kind::Bool => ("bool", String::new(), String::new(), String::new()),
        Kind::String => ("string", String::new(), String::new(), String::new()),
        Kind::Integer { min, max, unit: u } => {
            ("integer", unit(u), format!("{min}..{max}"), String::new())
        }
        Kind::Real { min, max, unit: u } => {
            ("real", unit(u), format!("{min}..{max}"), String::new())
        }
        Kind::Enum { values, .. } => {
            let words: Vec<_> = values
                .iter()
                .filter(|word| !BUILD.contains(word))
                .copied()
                .collect();
            ("enum", String::new(), String::new(), words.join(","))
        }
    };
    let limits = if edition.context == Context::Internal {
        String::new()
    } else {
        limits
    };
    [context(edition), kind, &unit, &limits, &words].join("\t")
}

#[test]
fn the_table_is_what_servers_show() {
    let number = |text: &str| -> String {
        let number: f64 = text.parse().unwrap();
        if number > 1.79e308 {
            f64::MAX.to_string()
        } else {
            number.to_string()
        }
    };
    each("the_table_is_what_servers_show", &MODULES, |server| {
        let rows = server.psql(
            "select name, context, vartype, coalesce(unit, ''), min_val, max_val, coalesce(array_to_string(enumvals, ','), '') from pg_settings
             where name <> 'extension_destdir' order by 1",
        );
        let mut listed = BTreeMap::new();
        for row in rows.lines() {
            let fields: Vec<_> = row.split('\t').collect();
            let [name, context, kind, unit, min, max, words] = fields[..] else {
                panic!("{row}")
            };
            let limits = if min.is_empty() || context == "internal" {
                String::new()
            } else {
                format!("{}..{}", number(min), number(max))
            };
            let words: Vec<_> = words
                .split(',')
                .filter(|word| !BUILD.contains(word))
                .collect();
            listed.insert(
                name.to_owned(),
                [context, kind, unit, &limits, &words.join(",")].join("\t"),
            );
        }
        let loaded: BTreeSet<_> = listed
            .keys()
            .filter_map(|name| name.split_once('.'))
            .map(|(module, _)| module.to_owned())
            .collect();
        let names: BTreeSet<_> = TABLE
            .lines()
            .filter_map(|line| line.split('\t').next())
            .collect();
        let known: BTreeMap<_, _> = names
            .into_iter()
            .filter(|name| !UNLISTED.contains(name))
            .filter_map(|name| Some((name.to_owned(), parameter::lookup(name)?)))
            .filter(|(_, parameter)| {
                parameter
                    .module
                    .is_none_or(|module| loaded.contains(module))
            })
            .filter_map(|(name, parameter)| Some((name, shown(parameter.at(version(server))?))))
            .collect();
        assert!(listed.len() > 300);
        assert_eq!(known, listed, "PostgreSQL {}", server.major);
        for name in UNLISTED {
            let verdicts = server.verdicts(&[format!("show {name}")]);
            assert_eq!(verdicts.last(), Some(&true), "{name}");
        }
    });
}

#[test]
fn lists_are_what_servers_take_several_literals_for() {
    each(
        "lists_are_what_servers_take_several_literals_for",
        &MODULES,
        |server| {
            let names = server.psql("select name from pg_settings where context <> 'internal' and name not like 'transaction\\_%' and name <> 'extension_destdir'");
            let names: Vec<_> = names
                .lines()
                .filter(|name| parameter::lookup(name).is_some())
                .collect();
            let script: String = names
                .iter()
                .map(|name| {
                    format!(
                        "alter system set {} = 'a', 'b';\n\\echo :LAST_ERROR_MESSAGE\n",
                        dotted(name)
                    )
                })
                .collect();
            let messages = server.psql(&format!("\\set LAST_ERROR_MESSAGE\n{script}"));
            // LAST_ERROR_MESSAGE stays after a success, so that success is asked for separately.
            let succeeded = server.verdicts(
                &names
                    .iter()
                    .map(|name| format!("alter system set {} = 'a', 'b'", dotted(name)))
                    .collect::<Vec<_>>(),
            );
            assert_eq!(messages.lines().count(), names.len());
            for ((name, message), succeeded) in names.iter().zip(messages.lines()).zip(succeeded) {
                let list = parameter::lookup(name)
                    .unwrap()
                    .at(version(server))
                    .unwrap()
                    .list;
                let several = succeeded || !message.contains("takes only one argument");
                assert_eq!(
                    list != List::None,
                    several,
                    "{name} on {}: {message}",
                    server.major
                );
            }
        },
    );
}

#[test]
fn only_names_of_quoted_lists_are_kept_apart() {
    each("only_names_of_quoted_lists_are_kept_apart", &[], |server| {
        let stored = server.psql(
            "create database probe; alter database probe set search_path = 'A b', 'c'; alter database probe set DateStyle = 'ISO', 'DMY';
             select unnest(setconfig) from pg_db_role_setting",
        );
        assert_eq!(stored, "search_path=\"A b\", c\nDateStyle=ISO, DMY\n");
        assert_eq!(
            parameter::lookup("search_path").unwrap().editions()[0].list,
            List::Quoted
        );
        assert_eq!(
            parameter::lookup("DateStyle").unwrap().editions()[0].list,
            List::Plain
        );
    });
}

#[test]
fn alter_database_takes_what_is_called_settable() {
    each(
        "alter_database_takes_what_is_called_settable",
        &MODULES,
        |server| {
            server.psql("create database probe");
            // lc_messages and timezone_abbreviations have defaults that are no values.
            let rows = server.psql(
            "select name, case name when 'transaction_isolation' then 'serializable' else coalesce(boot_val, '') end from pg_settings where name not in ('lc_messages', 'timezone_abbreviations', 'extension_destdir')
             union select 'role', 'none' union select 'session_authorization', 'postgres' union select 'seed', '0.5'
             union select 'is_superuser', 'on' union select 'default_with_oids', 'off' union select 'ssl_renegotiation_limit', '0'",
        );
            let rows: Vec<_> = rows
                .lines()
                .map(|row| row.split_once('\t').unwrap())
                .collect();
            let statements: Vec<_> = rows
                .iter()
                .map(|(name, value)| {
                    format!(
                        "alter database probe set {} = {}",
                        dotted(name),
                        quote_literal(value)
                    )
                })
                .collect();
            let verdicts = server.verdicts(&statements);
            assert_eq!(verdicts.len(), rows.len());
            for ((name, _), accepted) in rows.iter().zip(verdicts) {
                let settable = parameter::lookup(name)
                    .unwrap()
                    .settable_per_database_or_role();
                assert_eq!(settable, accepted, "{name} on {}", server.major);
            }
        },
    );
}

/// A parameter's name with a dot is one for each side of it.
fn dotted(name: &str) -> String {
    name.split('.')
        .map(quote_identifier)
        .collect::<Vec<_>>()
        .join(".")
}

/// Values that only a server can judge: see the documentation of `dbgen::postgres::parameter`.
const BEYOND: [&str; 28] = [
    "bonjour",
    "default_text_search_config",
    "lc_messages",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "TimeZone",
    "log_timezone",
    "timezone_abbreviations",
    "max_stack_depth",
    "effective_io_concurrency",
    "maintenance_io_concurrency",
    "huge_pages",
    "huge_page_size",
    "role",
    "session_authorization",
    "client_encoding",
    "log_parser_stats",
    "log_planner_stats",
    "log_executor_stats",
    "log_statement_stats",
    "default_with_oids",
    "transaction_read_only",
    "DateStyle",
    "default_toast_compression",
    "wal_compression",
    "io_method",
    "search_path",
];

fn value(words: Vec<&'static str>) -> impl Strategy<Value = String> {
    let number = prop_oneof![
        any::<i16>().prop_map(|n| n.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        (0u32..70000).prop_map(|n| format!("{n:#x}")),
        (0u32..5000).prop_map(|n| format!("0{n}")),
        (-100i32..1000, 0u32..1000).prop_map(|(a, b)| format!("{a}.{b}")),
        (1u32..99, -6i32..12).prop_map(|(a, b)| format!("{a}e{b}")),
        (0u32..99).prop_map(|n| format!(".{n}")),
        "[+-]?[0-9.xXeEpP]{1,6}",
        Just("1.797e308".to_owned()),
        Just("0x1.8p3".to_owned()),
    ];
    let space = prop_oneof![8 => Just(""), 1 => Just(" "), 1 => Just("\t")];
    let unit = prop_oneof![
        6 => Just(""), 1 => Just("B"), 2 => Just("kB"), 2 => Just("MB"), 2 => Just("GB"), 1 => Just("TB"), 1 => Just("us"), 2 => Just("ms"), 2 => Just("s"),
        2 => Just("min"), 1 => Just("h"), 1 => Just("d"), 1 => Just("KB"), 1 => Just("mb"), 1 => Just("S"), 1 => Just("kBs"), 1 => Just("x"),
    ];
    let numbers = (space.clone(), number, space.clone(), unit, space)
        .prop_map(|(a, n, b, u, c)| format!("{a}{n}{b}{u}{c}"));
    let booleans = proptest::sample::select(vec![
        "on", "off", "ON", "o", "of", "t", "tr", "true", "f", "false", "y", "yes", "n", "no",
        "nope", "1", "0", "2", "01", "", " on", "true ", "inf", "-inf", "nan", "default", "debug",
        "info", "infinity",
    ])
    .prop_map(str::to_owned);
    let words = (proptest::sample::select(words), 0..3).prop_map(|(word, form)| match form {
        0 => word.to_owned(),
        1 => word.to_uppercase(),
        _ => word.chars().skip(1).collect(),
    });
    prop_oneof![5 => numbers, 2 => booleans, 2 => words]
}

#[test]
fn values_are_judged_as_servers_judge_them() {
    each(
        "values_are_judged_as_servers_judge_them",
        &MODULES,
        |server| {
            server.psql("create database probe");
            let mut runner = TestRunner::deterministic();
            let names: BTreeSet<_> = TABLE
                .lines()
                .filter_map(|line| line.split('\t').next())
                .collect();
            let mut cases = Vec::new();
            for name in names.into_iter().filter(|name| !BEYOND.contains(name)) {
                let parameter = parameter::lookup(name).unwrap();
                let Some(edition) = parameter.at(version(server)) else {
                    continue;
                };
                if parameter
                    .module
                    .is_some_and(|module| !MODULES.contains(&module) || module == "pltcl")
                    || edition.context == Context::Internal
                {
                    continue;
                }
                let per_database = parameter.settable_per_database_or_role();
                let (mut words, times) = match &edition.kind {
                    Kind::Enum { values, hidden } => ([&values[..], hidden].concat(), 12),
                    Kind::String if per_database => (
                        vec![
                            "a",
                            "view",
                            "set",
                            "all",
                            "none",
                            "view, foreign-table",
                            "heap, btree,xlog",
                            "gin, sequence",
                        ],
                        4,
                    ),
                    Kind::String => continue,
                    Kind::Bool => (Vec::new(), 5),
                    _ => (Vec::new(), 30),
                };
                words.extend(["regress", "auto", "safe_encoding"]);
                if name.starts_with("transaction_")
                    && name != "transaction_timeout"
                    && name != "transaction_buffers"
                {
                    continue;
                }
                for _ in 0..times {
                    let value = value(words.clone())
                        .new_tree(&mut runner)
                        .unwrap()
                        .current();
                    let target = if per_database {
                        "database probe"
                    } else {
                        "system"
                    };
                    let mut checked = parameter::check_value(
                        parameter,
                        &SettingValue::String(value.clone()),
                        Some(version(server)),
                    )
                    .is_ok();
                    let literals = parameter::literals(
                        name,
                        Some(edition),
                        &SettingValue::String(value.clone()),
                    );
                    checked &= literals.is_ok();
                    let literals = literals.unwrap_or_else(|_| vec![quote_literal(&value)]);
                    cases.push((
                        format!(
                            "alter {target} set {} = {}",
                            dotted(name),
                            literals.join(", ")
                        ),
                        checked,
                    ));
                }
            }
            assert!(cases.len() > 3000, "{}", cases.len());
            assert!(cases.iter().filter(|(_, checked)| *checked).count() > 500);
            let statements: Vec<_> = cases
                .iter()
                .map(|(statement, _)| statement.clone())
                .collect();
            let verdicts = server.verdicts(&statements);
            assert_eq!(verdicts.len(), cases.len());
            let differences: Vec<_> = cases
                .iter()
                .zip(verdicts)
                .filter(|((_, checked), accepted)| checked != accepted)
                .map(|((statement, checked), _)| format!("{statement}: dbgen says {checked}"))
                .collect();
            assert!(
                differences.is_empty(),
                "PostgreSQL {}, {} cases:\n{}",
                server.major,
                cases.len(),
                differences.join("\n")
            );
        },
    );
}

#[test]
fn custom_names_are_those_that_servers_take() {
    each("custom_names_are_those_that_servers_take", &[], |server| {
        let names = [
            "a.b", "a.b.c", "a.b$", "_a._b", "ä.ö", "a.1", "1.a", "a.", ".a", "a..b", "a.b-c",
            "a.$", "a b.c", "nosuch", "a.b'c", ".",
        ];
        let statements: Vec<_> = names
            .iter()
            .map(|name| {
                format!(
                    "alter database postgres set {} = 'x'",
                    quote_identifier(name)
                )
            })
            .collect();
        for (name, accepted) in names.iter().zip(server.verdicts(&statements)) {
            assert_eq!(
                parameter::Lookup::of(name) == parameter::Lookup::Custom,
                accepted,
                "{name} on {}",
                server.major
            );
        }
    });
}
