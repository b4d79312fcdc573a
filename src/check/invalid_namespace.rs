//! An option path that Nix can't read.

use super::{Findings, Scope, place};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds a `namespace` of which a part is empty, begins with something other than a letter or `_`, holds
    /// something other than letters, digits, `_`, `'` and `-`, or is a keyword of Nix.
    ///
    /// ## Why is this bad?
    /// The namespace is an option path: `<namespace>.databases.postgresql`. People write it in their configuration, and
    /// there it must be readable without quotes.
    ///
    /// ## Example
    /// ```toml
    /// [project]
    /// namespace = "my.2nd.lab"
    /// ```
    /// Use instead:
    /// ```toml
    /// [project]
    /// namespace = "my.lab2"
    /// ```
    pub INVALID_NAMESPACE = "invalid-namespace", Error
}

/// The words of the Nix language that can't be a name (Nix manual: "Identifiers"), and `or`, which some tools can't read as
/// one.
const KEYWORDS: [&str; 10] = [
    "assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with",
];

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let Some(namespace) = &scope.declarations.project.namespace else {
        return;
    };
    let mut start = 0;
    for part in namespace.value.split('.') {
        let range = start..start + part.len();
        start = range.end + 1;
        let label = if part.is_empty() {
            "an empty part".to_owned()
        } else if KEYWORDS.contains(&part) {
            format!("{} is a keyword of Nix", phrase::backticked(part))
        } else if !is_name(part) {
            format!("{} is no name in Nix", phrase::backticked(part))
        } else {
            continue;
        };
        let message = format!(
            "namespace {} is no option path",
            phrase::backticked(&namespace.value)
        );
        let span = if range.is_empty() {
            namespace.span
        } else {
            place::of_part(scope, namespace, range)
        };
        findings.push(
            Diagnostic::new(&INVALID_NAMESPACE, span, message)
                .label(label)
                .help("join names by dots; each begins with a letter or `_` and goes on with letters, digits, `_`, `-` or `'`")
                .example(scope.example(span, "[project]\nnamespace = \"qgroget\"")),
        );
        return;
    }
}

fn is_name(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && part
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\''))
}
