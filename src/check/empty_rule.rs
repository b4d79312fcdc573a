//! A rule for nothing.

use super::{Findings, Scope};
use crate::declaration::Tokens;
use crate::diagnostic::{Diagnostic, rule};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds rules with an empty list of databases or users, and clients with an empty list of users.
    ///
    /// ## Why is this bad?
    /// A line of pg_hba.conf needs at least one of each; the server refuses the whole file otherwise.
    ///
    /// ## Example
    /// ```toml
    /// clients = [{ address = "10.20.0.0/16", users = [] }]
    /// ```
    /// Use instead:
    /// ```toml
    /// clients = [{ address = "10.20.0.0/16", users = ["immich"] }]
    /// ```
    pub EMPTY_RULE = "empty-rule", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for rule in scope.declarations.authentication() {
        for (tokens, what) in [(&rule.databases, "database"), (&rule.users, "user")] {
            if let Tokens::List(list, span) = tokens
                && list.is_empty()
            {
                findings.push(finding(
                    *span,
                    what,
                    "rule",
                    &format!("name one, or write `{what}s = \"all\"`"),
                ));
            }
        }
    }
    for client in scope
        .declarations
        .databases()
        .flat_map(|(_, database)| &database.clients)
    {
        if client.users.as_ref().is_some_and(Vec::is_empty) {
            findings.push(finding(
                client.span,
                "user",
                "client",
                "name one, or remove `users`: it is the database's `user` then",
            ));
        }
    }
}

fn finding(span: Span, what: &str, of: &str, help: &str) -> Diagnostic {
    Diagnostic::new(&EMPTY_RULE, span, format!("a {of} names no {what}"))
        .label("an empty list")
        .help(help)
}
