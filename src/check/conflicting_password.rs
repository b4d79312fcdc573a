//! One role with two passwords.

use std::collections::HashMap;

use super::{Findings, Scope};
use crate::declaration::{Password, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds roles for which the enabled services name two different password sources.
    ///
    /// ## Why is this bad?
    /// A role belongs to the whole server and has one password. Whichever source came last would win, and each login
    /// with the other password would fail from then on, perhaps only after the next restart.
    ///
    /// ## Example
    /// ```toml
    /// [[services.grafana.databases]]
    /// type = "postgresql"
    /// name = "grafana"
    /// user = "metrics"
    /// password = { file = "/run/secrets/grafana" }
    ///
    /// [[services.loki.databases]]
    /// type = "postgresql"
    /// name = "loki"
    /// user = "metrics"
    /// password = { file = "/run/secrets/loki" }
    /// ```
    /// Use instead a role for each database, or the same source at both:
    /// ```toml
    /// [[services.grafana.databases]]
    /// type = "postgresql"
    /// name = "grafana"
    /// user = "grafana"
    /// password = { file = "/run/secrets/grafana" }
    ///
    /// [[services.loki.databases]]
    /// type = "postgresql"
    /// name = "loki"
    /// user = "loki"
    /// password = { file = "/run/secrets/loki" }
    /// ```
    pub CONFLICTING_PASSWORD = "conflicting-password", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let mut first: HashMap<&str, &Password> = HashMap::new();
    for (service, role, password) in scope.passwords() {
        if !scope.is_enabled(service) {
            continue;
        }
        let other = *first.entry(&role.value).or_insert(password);
        if source(other) == source(password) {
            continue;
        }
        let message = format!(
            "role {} has two different passwords",
            phrase::backticked(&role.value)
        );
        findings.push(
            Diagnostic::new(&CONFLICTING_PASSWORD, password.span, message)
                .label(format!("for {} another source here", phrase::backticked(&role.value)))
                .related(other.span, "first source here")
                .help("a role has one password on the whole server: name the same source at both places, or give each database a `user` of its own"),
        );
    }
}

fn source(password: &Password) -> ([Option<&str>; 5], bool) {
    let generate = password.generate.is_some_and(|generate| generate.value);
    (
        [
            said(&password.file),
            said(&password.sops),
            said(&password.agenix),
            said(&password.group),
            said(&password.mode),
        ],
        generate,
    )
}

fn said(text: &Option<Text>) -> Option<&str> {
    text.as_ref().map(|text| &*text.value)
}
