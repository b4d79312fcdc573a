//! Roles and rules for a server that is left out.

use super::{Findings, Scope, unread};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds roles, authentication rules and lines of `identMap` that are declared while no enabled service has a
    /// database.
    ///
    /// ## Why is this bad?
    /// The module enables the server only when there is a database for it. Without one it provisions nothing: the roles
    /// are not created, and the rules reach no pg_hba.conf.
    ///
    /// ## Example
    /// ```toml
    /// [[services.grafana.roles]]
    /// name = "reader"
    /// login = true
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.grafana.databases]]
    /// type = "postgresql"
    /// name = "grafana"
    /// user = "grafana"
    ///
    /// [[services.grafana.roles]]
    /// name = "reader"
    /// login = true
    /// ```
    pub NO_DATABASE = "no-database", Warning
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    if scope.enabled_databases().next().is_some() || unread::may_hide_a_declaration(findings) {
        return;
    }
    let roles = scope
        .declarations
        .roles()
        .filter(|(service, _)| scope.is_enabled(service))
        .map(|(_, role)| role.name.span);
    let instances = &scope.declarations.instances;
    let rules = instances
        .iter()
        .flat_map(|instance| &instance.authentication)
        .map(|rule| rule.connection.span);
    let lines = instances
        .iter()
        .flat_map(|instance| &instance.ident_map)
        .map(|line| line.map.span);
    let left_out: [(Vec<Span>, &str, &str); 3] = [
        (roles.collect(), "role", "roles"),
        (
            rules.collect(),
            "authentication rule",
            "authentication rules",
        ),
        (lines.collect(), "line of `identMap`", "lines of `identMap`"),
    ];
    let Some(first) = left_out.iter().flat_map(|(spans, ..)| spans).min() else {
        return;
    };
    let counted: Vec<String> = left_out
        .iter()
        .filter(|(spans, ..)| !spans.is_empty())
        .map(|(spans, one, many)| phrase::count_of(spans.len(), one, many))
        .collect();
    let counted = match counted.as_slice() {
        [first @ .., before, last] if !first.is_empty() => {
            format!("{}, {before} and {last}", first.join(", "))
        }
        some => some.join(" and "),
    };
    let message = format!("no enabled service has a database, so the module leaves out {counted}");
    let example = "[[services.immich.databases]]\ntype = \"postgresql\"\nname = \"immich\"\nuser = \"immich\"";
    let is_disabled = scope.declarations.databases().next().is_some();
    let help = if is_disabled {
        "enable a service that has a database, or declare another one:"
    } else {
        "declare a database, here or in another file:"
    };
    findings.push(
        Diagnostic::new(&NO_DATABASE, *first, message)
            .label("the first that is left out")
            .help(help)
            .example(scope.example(*first, example)),
    );
}
