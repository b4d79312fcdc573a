//! One parameter under two spellings.

use std::collections::HashMap;

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::parameter;
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds server parameters that are set twice at one place under names that mean the same: in another case, or
    /// under a name that the server replaced by a new one.
    ///
    /// ## Why is this bad?
    /// PostgreSQL does not mind the case of a parameter's name, so only one of the two values could hold.
    ///
    /// ## Example
    /// ```toml
    /// extraConfig = { work_mem = "64MB", WORK_MEM = "32MB" }
    /// ```
    /// Use instead:
    /// ```toml
    /// extraConfig = { work_mem = "64MB" }
    /// ```
    pub DUPLICATE_PARAMETER = "duplicate-parameter", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for settings in scope.settings().filter(|settings| settings.len() > 1) {
        let mut first: HashMap<String, Span> = HashMap::new();
        for setting in settings {
            let name = &setting.name;
            let canonical = match parameter::lookup(&name.value) {
                Some(known) => known.name.to_ascii_lowercase(),
                None => name.value.to_ascii_lowercase(),
            };
            let Some(other) = first.get(&canonical).copied() else {
                first.insert(canonical, name.span);
                continue;
            };
            let message = format!("parameter {} is set twice", phrase::backticked(&name.value));
            findings.push(
                Diagnostic::new(&DUPLICATE_PARAMETER, name.span, message)
                    .label("set again here")
                    .related(other, "first set here")
                    .help("keep one of the two: the case of a parameter's name has no meaning"),
            );
        }
    }
}
