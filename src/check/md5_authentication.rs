//! A password that is sent in a weak form.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, rule};

rule! {
    /// ## What it does
    /// Finds rules and clients with the methods `md5` and `password`.
    ///
    /// ## Why is this bad?
    /// `password` sends the password in clear. `md5` accepts verifiers made with MD5, which can be used in place of the
    /// password by whoever gets hold of them, and which PostgreSQL will drop; for a role with a SCRAM verifier it
    /// means `scram-sha-256` anyway.
    ///
    /// ## Example
    /// ```toml
    /// clients = [{ address = "10.20.0.0/16", method = "md5" }]
    /// ```
    /// Use instead (it is the default):
    /// ```toml
    /// clients = [{ address = "10.20.0.0/16", method = "scram-sha-256" }]
    /// ```
    pub MD5_AUTHENTICATION = "md5-authentication", Warning
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (_, method) in super::methods::all(scope) {
        let (message, label, help) = match &*method.value {
            "md5" => (
                "the method `md5` accepts passwords that are stored with MD5",
                "weak, and deprecated since PostgreSQL 18",
                "use `scram-sha-256`; a password that was stored with MD5 has to be set again",
            ),
            "password" => (
                "the method `password` sends the password in clear",
                "readable on the way, unless the connection is encrypted",
                "use `scram-sha-256`",
            ),
            _ => continue,
        };
        findings.push(
            Diagnostic::new(&MD5_AUTHENTICATION, method.span, message)
                .label(label)
                .help(help),
        );
    }
}
