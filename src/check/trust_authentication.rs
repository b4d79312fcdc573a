//! A login without proof.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, rule};

rule! {
    /// ## What it does
    /// Finds rules and clients with the method `trust`.
    ///
    /// ## Why is this bad?
    /// Whoever reaches the server from there logs in as any role that the rule names, without a password; over the socket
    /// and over loopback that is every user and every process of the machine.
    ///
    /// ## Example
    /// ```toml
    /// [[instances.main.authentication]]
    /// type = "host"
    /// databases = "all"
    /// users = ["admin"]
    /// address = "10.0.0.6/32"
    /// method = "trust"
    /// ```
    /// Use instead `scram-sha-256` over TCP, and `peer` over the socket:
    /// ```toml
    /// [[instances.main.authentication]]
    /// type = "host"
    /// databases = "all"
    /// users = ["admin"]
    /// address = "10.0.0.6/32"
    /// method = "scram-sha-256"
    /// ```
    pub TRUST_AUTHENTICATION = "trust-authentication", Warning
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (connection, method) in super::methods::all(scope) {
        if &*method.value != "trust" {
            continue;
        }
        let instead = if connection == "local" {
            "peer"
        } else {
            "scram-sha-256"
        };
        findings.push(
            Diagnostic::new(
                &TRUST_AUTHENTICATION,
                method.span,
                format!("a `{connection}` rule lets everybody in without a password"),
            )
            .label("no proof is asked for")
            .help(format!("use `{instead}`")),
        );
    }
}
