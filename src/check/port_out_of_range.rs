//! A port that no server can have.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, rule};

rule! {
    /// ## What it does
    /// Finds ports outside 1 to 65535.
    ///
    /// ## Why is this bad?
    /// TCP has no other ports, so the server would not start.
    ///
    /// ## Example
    /// ```toml
    /// port = 54320000
    /// ```
    /// Use instead:
    /// ```toml
    /// port = 5432
    /// ```
    pub PORT_OUT_OF_RANGE = "port-out-of-range", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for port in scope
        .declarations
        .databases()
        .filter_map(|(_, database)| database.port)
    {
        if !(1..=65535).contains(&port.value) {
            findings.push(
                Diagnostic::new(
                    &PORT_OUT_OF_RANGE,
                    port.span,
                    format!("port {} is out of range", port.value),
                )
                .label("expected 1 to 65535")
                .help("PostgreSQL's own port is 5432; leave `port` out for it")
                .example(scope.example(port.span, "port = 5432")),
            );
        }
    }
}
