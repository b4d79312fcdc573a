//! A tablespace that holds no databases.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds databases in the tablespace `pg_global`.
    ///
    /// ## Why is this bad?
    /// It holds what all databases of the server share, and the server refuses to create a database there.
    ///
    /// ## Example
    /// ```toml
    /// tablespace = "pg_global"
    /// ```
    /// Use instead:
    /// ```toml
    /// tablespace = "pg_default"
    /// ```
    pub RESERVED_TABLESPACE = "reserved-tablespace", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let databases = scope.declarations.databases();
    let creations = databases.filter_map(|(_, database)| database.creation.as_ref());
    for tablespace in creations.filter_map(|creation| creation.tablespace.as_ref()) {
        if &*tablespace.value == "pg_global" {
            let message = format!(
                "no database can be in the tablespace {}",
                phrase::backticked(&tablespace.value)
            );
            findings.push(
                Diagnostic::new(&RESERVED_TABLESPACE, tablespace.span, message)
                    .label("for what all databases share")
                    .help("leave it out, or name a tablespace of your own"),
            );
        }
    }
}
