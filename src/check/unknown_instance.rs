//! A server other than `main`.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds instances that are not called `main`.
    ///
    /// ## Why is this bad?
    /// dbgen writes settings for the one server of `services.postgresql`, and that one is called `main`. What is
    /// declared for another would go nowhere.
    ///
    /// ## Example
    /// ```toml
    /// [instances.postgresql]
    /// version = 17
    /// ```
    /// Use instead:
    /// ```toml
    /// [instances.main]
    /// version = 17
    /// ```
    pub UNKNOWN_INSTANCE = "unknown-instance", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for instance in &scope.declarations.instances {
        let name = &instance.name;
        if &*name.value != "main" {
            findings.push(
                Diagnostic::new(&UNKNOWN_INSTANCE, name.span, format!("unknown instance {}", phrase::backticked(&name.value)))
                    .label("not `main`")
                    .help("`main`, the server of `services.postgresql`, is the only instance; declare it so:")
                    .example(scope.example(name.span, "[instances.main]\nversion = 17")),
            );
        }
    }
}
