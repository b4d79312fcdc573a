//! How a verification is shown, in every format.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dbgen::catalog::reach::Route;
use dbgen::diagnostic::color::Paint;
use dbgen::verify::{Checked, Login, Problem, Report, Server, Status, Tried, human, json};

fn tried(route: Route, status: Status) -> Tried {
    Tried {
        route,
        status,
        method: Some("scram-sha-256"),
        rule: Some("line 3: host all all all scram-sha-256".into()),
        note: None,
        problem: None,
    }
}

/// Each status, each place of a problem, hostile names.
fn sample() -> Report {
    let problem = || Problem::new("no-role", "the role `x` does not exist", "create it");
    Report {
        server: Server {
            asked: true,
            user: Some("postgres".into()),
            release: Some("18.4".into()),
            socket_directory: "/run/postgresql".into(),
            port: 5432,
            problems: vec![problem().said("line 2: invalid authentication method \"x\"")],
            notes: vec!["a note".into()],
        },
        roles: vec![
            Checked {
                name: "x\u{1b}[31m".into(),
                checked: true,
                problems: vec![problem()],
            },
            Checked {
                name: "y".into(),
                checked: true,
                problems: Vec::new(),
            },
        ],
        databases: vec![Checked {
            name: "d".into(),
            checked: false,
            problems: Vec::new(),
        }],
        logins: vec![
            Login {
                database: "d".into(),
                user: "x\u{1b}[31m".into(),
                unix_user: Some("unix".into()),
                routes: vec![
                    Tried {
                        method: Some("peer"),
                        note: Some("only the Unix user `unix` can try it".into()),
                        ..tried(Route::Socket, Status::NotTried)
                    },
                    tried(Route::Ipv4, Status::Ok),
                    Tried {
                        method: None,
                        rule: None,
                        problem: Some(problem().said("FATAL:  no\n    \u{202e}second line")),
                        ..tried(Route::Ipv6, Status::Refused)
                    },
                ],
            },
            Login {
                database: "d".into(),
                user: "y".into(),
                unix_user: None,
                routes: vec![tried(Route::Ipv4, Status::NotDeclared)],
            },
        ],
    }
}

#[test]
fn human_says_what_why_and_how_to_mend_it() {
    insta::assert_snapshot!(human::render(&sample(), Paint::default()));
}

#[test]
fn the_json_document_keeps_its_shape() {
    insta::assert_snapshot!(json::render(&sample()));
}
