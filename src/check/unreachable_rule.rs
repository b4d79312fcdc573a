//! A rule that never decides anything.

use std::collections::HashSet;

use super::{Findings, Scope};
use crate::catalog::access;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::Version;
use crate::postgres::hba::{self, Coverage, Rule};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds rules whose connections are all decided by rules before them. dbgen orders the rules from the narrow to the
    /// wide, so what is left are rules for the very same connections.
    ///
    /// ## Why is this bad?
    /// The first rule that matches decides, and the server looks no further: the later rule looks as if it allowed or
    /// refused something, and does not.
    ///
    /// ## Example
    /// Each database has rules for its `user` over loopback, with `scram-sha-256`:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// clients = [{ address = "localhost", method = "trust" }]
    /// ```
    /// Use instead one rule for one kind of connection:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// loopback = false
    /// clients = [{ address = "localhost", method = "reject" }]
    /// ```
    pub UNREACHABLE_RULE = "unreachable-rule", Warning
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let version = scope.version().unwrap_or(Version::NEWEST).major();
    let contested = contested(scope);
    if contested.as_ref().is_some_and(HashSet::is_empty) {
        return;
    }
    let rules = access::rules_for(scope, |database| {
        let names = contested.as_ref();
        names.is_none_or(|names| names.contains(&*database.name.value))
    });
    let coverage = Coverage::new(rules.iter().map(|(rule, _)| rule));
    for (at, (rule, span)) in rules.iter().enumerate() {
        // A rule without databases or users needs nobody to be hidden: another finding tells of it.
        let covering = coverage.covering(at).filter(|by| !by.is_empty());
        if let Some(by) = covering {
            let covering: Vec<&(Rule, Span)> = by.iter().filter_map(|at| rules.get(*at)).collect();
            findings.push(finding(rule, *span, &covering, version));
        }
    }
}

/// The databases among whose rules one may hide another, `None` for all: the rules that dbgen makes for the logins of a
/// database never do.
fn contested<'d>(scope: &Scope<'d>) -> Option<HashSet<&'d str>> {
    let mut instances = scope.declarations.instances.iter();
    if instances.any(|instance| !instance.authentication.is_empty()) {
        return None;
    }
    let mut seen = HashSet::new();
    let databases = scope.enabled_databases().map(|(_, database)| database);
    let contested = databases.filter(|database| {
        let first = seen.insert(&*database.name.value);
        !first || !database.clients.is_empty()
    });
    Some(contested.map(|database| &*database.name.value).collect())
}

fn finding(rule: &Rule, span: Span, covering: &[&(Rule, Span)], version: u8) -> Diagnostic {
    let message = format!("the rule {} is never reached", line(rule, version));
    let same = covering
        .iter()
        .all(|(other, _)| other.method == rule.method && other.options == rule.options);
    let help = if same {
        "remove it: the rules before it do the same"
    } else {
        "keep one rule for these connections: remove the other, or give them different addresses; `loopback = false` leaves out a database's own rules for 127.0.0.1 and ::1"
    };
    let mut finding = Diagnostic::new(&UNREACHABLE_RULE, span, message)
        .label("never decides a connection")
        .help(help);
    for (other, other_span) in covering {
        finding = finding.related(
            *other_span,
            format!("comes first: {}", line(other, version)),
        );
    }
    finding
}

fn line(rule: &Rule, version: u8) -> String {
    hba::print(rule, version).map_or_else(
        |_| "of this place".to_owned(),
        |line| phrase::backticked(&line),
    )
}
