//! An integer that its field can't hold.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, rule};

rule! {
    /// ## What it does
    /// Finds a `connectionLimit`, of a database or a role, below -1 or above 2147483647. (Ports have a rule of their
    /// own, and so have server parameters.)
    ///
    /// ## Why is this bad?
    /// The server refuses the statement. -1 means no limit; 0 lets nobody but superusers in.
    ///
    /// ## Example
    /// ```toml
    /// connectionLimit = -5
    /// ```
    /// Use instead:
    /// ```toml
    /// connectionLimit = 20
    /// ```
    pub VALUE_OUT_OF_RANGE = "value-out-of-range", Error
}

/// CREATE DATABASE and CREATE ROLE take a 32-bit integer.
const MOST: i64 = i32::MAX as i64;

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let databases = scope
        .declarations
        .databases()
        .filter_map(|(_, database)| database.creation.as_ref()?.connection_limit);
    let roles = scope
        .declarations
        .roles()
        .filter_map(|(_, role)| role.connection_limit);
    for limit in databases.chain(roles) {
        if !(-1..=MOST).contains(&limit.value) {
            let message = format!("`connectionLimit` can't be {}", limit.value);
            findings.push(
                Diagnostic::new(&VALUE_OUT_OF_RANGE, limit.span, message)
                    .label(format!("expected -1 to {MOST}"))
                    .help("leave it out, or write -1, for no limit"),
            );
        }
    }
}
