//! A template of a file that can't be filled in.

use super::{Findings, Scope, place};
use crate::catalog::connection::parts;
use crate::declaration::Variable;
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds words between at signs in the `template` of an `environment` that look like a value and are none, and a
    /// template beside `prefix` or `names`.
    ///
    /// ## Why is this bad?
    /// The word would stand in the file as it is, and the service would take it for its host or its password. A template
    /// is the whole file, so there is nothing that a prefix or other names could hold for.
    ///
    /// ## Example
    /// ```toml
    /// unixUser = "immich"
    /// connection = { environment = { template = "url=postgres://@DB_USER:url@@@DB_HOST:uri@/@DB_NAME:url@" } }
    ///
    /// [[databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// ```
    /// Use instead:
    /// ```toml
    /// unixUser = "immich"
    /// connection = { environment = { template = "url=postgres://@DB_USER:url@@@DB_HOST:url@/@DB_NAME:url@" } }
    ///
    /// [[databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// ```
    pub INVALID_TEMPLATE = "invalid-template", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for connection in scope.connections() {
        let Some(environment) = &connection.environment else {
            continue;
        };
        let Some(template) = &environment.template else {
            continue;
        };
        let named = environment.names.first().map(|(_, name)| name);
        if let Some(other) = environment.prefix.as_ref().or(named) {
            findings.push(
                Diagnostic::new(
                    &INVALID_TEMPLATE,
                    other.span,
                    "an environment file with a template has no other names",
                )
                .label("has no effect")
                .related(template.span, "the whole file")
                .help("write the names in the template, or remove the template"),
            );
        }
        let Err(word) = parts(&template.value) else {
            continue;
        };
        let with_signs = format!("@{word}@");
        let at = template.value.find(&with_signs).unwrap_or_default();
        let span = place::of_part(scope, template, at..at + with_signs.len());
        let message = format!(
            "{} stands for nothing in a template",
            phrase::backticked(&with_signs)
        );
        let names = Variable::ALL.map(Variable::name);
        findings.push(
            Diagnostic::new(&INVALID_TEMPLATE, span, message)
                .label("no value of a connection")
                .help(format!(
                    "write {}, each with `:quoted`, and those that are no URL with `:url`, where they need it",
                    phrase::and_list(names)
                )),
        );
    }
}
