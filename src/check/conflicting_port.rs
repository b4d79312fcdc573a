//! Two ports for one server.

use std::collections::HashMap;

use super::{Findings, Scope, wrong_type::WRONG_TYPE};
use crate::declaration::{Database, Service};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds databases of enabled services whose port differs from the one that most of them have. A database that
    /// says no `port` has 5432.
    ///
    /// ## Why is this bad?
    /// All databases lie on one server, which listens on one port. A service that is told another one never gets a
    /// connection.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// port = 5433
    ///
    /// [[services.forgejo.databases]]
    /// type = "postgresql"
    /// name = "forgejo"
    /// user = "forgejo"
    /// ```
    /// Use instead the same port everywhere:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// port = 5433
    ///
    /// [[services.forgejo.databases]]
    /// type = "postgresql"
    /// name = "forgejo"
    /// user = "forgejo"
    /// port = 5433
    /// ```
    pub CONFLICTING_PORT = "conflicting-port", Error
}

const DEFAULT: i64 = 5432;

fn port(database: &Database) -> i64 {
    database.port.map_or(DEFAULT, |port| port.value)
}

fn place(database: &Database) -> Span {
    database.port.map_or(database.name.span, |port| port.span)
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let Some((service, usual)) = most_common(scope) else {
        return;
    };
    // A port that can't be read is not the default one.
    let unread = findings.iter().any(|finding| {
        finding.rule.code == WRONG_TYPE.code && finding.message.starts_with("`port` ")
    });
    let is_said = |database: &Database| !unread || database.port.is_some();
    for (_, database) in scope
        .enabled_databases()
        .filter(|(_, database)| is_said(usual) && is_said(database))
        .filter(|(_, database)| port(database) != port(usual))
    {
        let message = format!(
            "database {} is on port {}, and {} of service {} on port {}",
            phrase::backticked(&database.name.value),
            port(database),
            phrase::backticked(&usual.name.value),
            phrase::backticked(&service.name.value),
            port(usual)
        );
        findings.push(
            Diagnostic::new(&CONFLICTING_PORT, place(database), message)
                .label(label(database))
                .related(place(usual), label(usual))
                .help("one server has one port: say the same `port` for every database")
                .example(scope.example(place(database), &format!("port = {}", port(usual)))),
        );
    }
}

fn label(database: &Database) -> String {
    match database.port {
        Some(port) => format!("port {}", port.value),
        None => format!("no `port` here, so {DEFAULT}"),
    }
}

/// The first database with the port that most have; of equally common ports the one that comes first.
fn most_common<'d>(scope: &Scope<'d>) -> Option<(&'d Service, &'d Database)> {
    let mut ports: HashMap<i64, usize> = HashMap::new();
    for (_, database) in scope.enabled_databases() {
        *ports.entry(port(database)).or_default() += 1;
    }
    let most = ports.values().max().copied()?;
    scope
        .enabled_databases()
        .find(|(_, database)| ports.get(&port(database)) == Some(&most))
}
