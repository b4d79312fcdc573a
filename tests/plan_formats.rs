//! How a plan is shown, in every format.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dbgen::diagnostic::color::Paint;
use dbgen::plan::json::Mode;
use dbgen::plan::{Counts, Kind, Plan, Scope, ScopeName, Step, human, json, sql};

/// A step without anything unusual.
fn step(kind: Kind, object: &str, sql: &str, why: &str) -> Step {
    Step {
        kind,
        object: object.into(),
        sql: (!sql.is_empty()).then(|| sql.into()),
        why: why.into(),
        password: None,
        outside: false,
    }
}

/// Steps of each kind, a statement of two lines, a password, hostile names, a scope that failed.
fn sample() -> Plan {
    let mut password = step(
        Kind::Change,
        "role immich",
        "ALTER ROLE immich PASSWORD '<SCRAM verifier>'",
        "the password is another one",
    );
    password.password = Some("immich".into());
    Plan {
        scopes: vec![
            Scope {
                name: ScopeName::Roles,
                steps: vec![
                    step(Kind::Found, "role old", "", "role old is not declared"),
                    step(
                        Kind::Change,
                        "role immich",
                        "CREATE ROLE immich LOGIN",
                        "the role does not exist",
                    ),
                    password,
                ],
            },
            Scope {
                name: ScopeName::Databases,
                steps: vec![step(
                    Kind::Blocked,
                    "database immich",
                    "",
                    "encoding is LATIN1 and UTF8 is declared; dump it and restore it into a new database",
                )],
            },
            Scope {
                name: ScopeName::Contents("empty".into()),
                steps: Vec::new(),
            },
            Scope {
                name: ScopeName::Contents("it's \\ :x".into()),
                steps: vec![
                    step(
                        Kind::Change,
                        "hook",
                        "CREATE TABLE a (\n  b integer\n)",
                        "its condition holds\n\u{1b}[31m",
                    ),
                    step(
                        Kind::Pending,
                        "table public.z",
                        "GRANT SELECT ON TABLE public.z TO r",
                        "the table does not exist",
                    ),
                    step(
                        Kind::Found,
                        "table public.b",
                        "REVOKE SELECT ON TABLE public.b FROM r",
                        "r has SELECT, which nothing declares",
                    ),
                ],
            },
        ],
        unreported: vec![ScopeName::Contents("broken".into())],
    }
}

#[test]
fn steps_are_counted_by_kind() {
    let counts = Counts {
        change: 3,
        record: 0,
        failed: 0,
        blocked: 1,
        pending: 1,
        found: 2,
    };
    assert_eq!(sample().counts(), counts);
}

#[test]
fn human_groups_by_scope_and_kind() {
    insta::assert_snapshot!(human::render(&sample(), Mode::Plan, Paint::default()));
}

#[test]
fn human_says_when_there_is_nothing_to_do() {
    let scope = Scope {
        name: ScopeName::Contents("a".into()),
        steps: Vec::new(),
    };
    let plan = Plan {
        scopes: vec![scope],
        unreported: Vec::new(),
    };
    assert_eq!(
        human::render(&plan, Mode::Plan, Paint::default()),
        "nothing to do (1 database)\n"
    );
}

#[test]
fn the_json_document_keeps_its_shape() {
    insta::assert_snapshot!(json::render(&sample(), Mode::Plan));
}

#[test]
fn in_sql_only_what_would_be_executed_is_no_comment() {
    insta::assert_snapshot!(sql::render(&sample()));
    let nothing = sql::render(&Plan::default());
    assert!(nothing.lines().all(|line| line.starts_with("--")));
}
