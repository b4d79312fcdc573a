//! An extension without the one that it builds on.

use super::{Findings, Scope};
use crate::declaration::Database;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::extension;

rule! {
    /// ## What it does
    /// Finds extensions that build on another extension which the database neither declares nor, by `cascade`, lets the
    /// server create.
    ///
    /// ## Why is this bad?
    /// CREATE EXTENSION fails, and everything that is provisioned after it is missing.
    ///
    /// ## Example
    /// ```toml
    /// extensions = ["earthdistance"]
    /// ```
    /// Use instead one of these:
    /// ```toml
    /// extensions = ["cube", "earthdistance"]
    /// extensions = [{ name = "earthdistance", cascade = true }]
    /// ```
    pub MISSING_REQUIRED_EXTENSION = "missing-required-extension", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (_, database) in scope.declarations.databases() {
        of_database(scope, database, findings);
    }
}

fn of_database(scope: &Scope, database: &Database, findings: &mut Findings) {
    let declared = |name: &str| {
        database
            .extensions
            .iter()
            .any(|extension| *extension.name.value == *name)
    };
    for said in &database.extensions {
        let name = &said.name;
        let cascades = said.cascade.is_some_and(|cascade| cascade.value);
        let Some(known) = extension::lookup(&name.value).filter(|_| !cascades) else {
            continue;
        };
        for required in known.requires.iter().filter(|required| !declared(required)) {
            let message = format!(
                "extension {} needs `{required}`",
                phrase::backticked(&name.value)
            );
            let example = format!("extensions = [\"{required}\", \"{}\"]", known.name);
            findings.push(
                Diagnostic::new(&MISSING_REQUIRED_EXTENSION, name.span, message)
                    .label(format!("`{required}` is not declared in this database"))
                    .help(format!("declare `{required}` too, or say `cascade = true`"))
                    .example(scope.example(name.span, &example)),
            );
        }
    }
}
