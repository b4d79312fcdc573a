//! A text that PostgreSQL can't hold.

use super::{Findings, Scope};
use crate::declaration::{Database, Role, Text};
use crate::diagnostic::{Diagnostic, rule};

rule! {
    /// ## What it does
    /// Finds comments, locales, encodings and versions of extensions with a NUL character. (Names, hooks and values of
    /// server parameters have rules of their own.)
    ///
    /// ## Why is this bad?
    /// No text of PostgreSQL can hold a NUL character: nothing of the server would be set up.
    ///
    /// ## Example
    /// ```toml
    /// comment = "photos\u0000"
    /// ```
    /// Use instead:
    /// ```toml
    /// comment = "photos"
    /// ```
    pub NUL_CHARACTER = "nul-character", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let databases = scope.declarations.databases();
    let databases = databases.flat_map(|(_, database)| texts_of_database(database));
    let roles = scope.declarations.roles();
    let roles = roles.filter_map(|(_, role): (_, &Role)| role.comment.as_ref());
    for text in databases.chain(roles) {
        if text.value.contains('\0') {
            findings.push(
                Diagnostic::new(&NUL_CHARACTER, text.span, "a text has a NUL character")
                    .label("has a NUL character")
                    .help("remove the NUL character: no text of PostgreSQL can hold one"),
            );
        }
    }
}

fn texts_of_database(database: &Database) -> impl Iterator<Item = &Text> {
    let creation = database.creation.iter().flat_map(|creation| {
        [
            &creation.encoding,
            &creation.locale,
            &creation.collate,
            &creation.ctype,
            &creation.icu_locale,
            &creation.icu_rules,
            &creation.comment,
        ]
    });
    let extensions = database.extensions.iter();
    creation
        .chain(extensions.map(|extension| &extension.version))
        .flatten()
}
