//! A name that the server would cut.

use super::{Findings, Scope, names};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::identifier::{Identifier, IdentifierError, MAX_BYTES};

rule! {
    /// ## What it does
    /// Finds names that are longer than 63 bytes. Letters outside ASCII take two to four bytes each.
    ///
    /// ## Why is this bad?
    /// PostgreSQL cuts a longer name after 63 bytes and goes on. The database then has another name than the one the
    /// service asks for, and two long names can become one.
    ///
    /// ## Example
    /// ```toml
    /// name = "home_assistant_recorder_long_term_statistics_and_energy_dashboard"
    /// ```
    /// Use instead:
    /// ```toml
    /// name = "home_assistant_recorder"
    /// ```
    pub NAME_TOO_LONG = "name-too-long", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    names::each(scope.declarations, |noun, name| {
        let Err(IdentifierError::TooLong { bytes, truncated }) = Identifier::new(&name.value)
        else {
            return;
        };
        let noun = noun.as_str();
        let characters = name.value.chars().count();
        let length = if characters == bytes {
            format!("{bytes} bytes")
        } else {
            format!("{bytes} bytes ({characters} characters)")
        };
        let message = format!(
            "{noun} name {} is {length} long, and PostgreSQL keeps only {MAX_BYTES} bytes",
            phrase::backticked(&name.value)
        );
        findings.push(
            Diagnostic::new(&NAME_TOO_LONG, name.span, message)
                .label(format!(
                    "the server would make it {}",
                    phrase::backticked(&truncated)
                ))
                .help(format!(
                    "shorten it by {}",
                    phrase::count(bytes - MAX_BYTES, "byte")
                )),
        );
    });
}
