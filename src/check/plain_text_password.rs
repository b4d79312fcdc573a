//! A password written into a declaration.

use super::{Findings, Scope, example};
use crate::diagnostic::{Diagnostic, rule};
use crate::source::{Format, Span};

rule! {
    /// ## What it does
    /// Finds passwords that are written into a declaration. The password itself is never shown.
    ///
    /// ## Why is this bad?
    /// The declaration is committed, copied into the world-readable Nix store when the flake is evaluated, and the
    /// module made of it as well: everybody with an account on the machine, and everybody with the repository, could
    /// read it. A password belongs in a file that only the server's superuser and the service may read.
    ///
    /// ## Example
    /// ```toml
    /// password = "correct horse battery staple"
    /// ```
    /// Use instead one of these:
    /// ```toml
    /// password = { file = "/run/secrets/immich" }
    /// password = { sops = "immich/database" }
    /// password = { agenix = "immich-database" }
    /// password = { generate = true }
    /// ```
    pub PLAIN_TEXT_PASSWORD = "plain-text-password", Error
}

/// Applies the rule to what its shape does not forbid: parameters called like a password, and the options of
/// authentication methods that hold one.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for setting in scope
        .settings()
        .flatten()
        .filter(|setting| is_password_key(&setting.name.value))
    {
        findings.push(finding(setting.name.span, scope.format(setting.name.span)));
    }
    let rules = scope.declarations.authentication();
    for (name, _) in rules.flat_map(|rule| &rule.options) {
        if matches!(&*name.value, "ldapbindpasswd" | "radiussecrets") {
            let message = format!("`{}` would be written into pg_hba.conf", name.value);
            findings.push(
                Diagnostic::new(&PLAIN_TEXT_PASSWORD, name.span, message)
                    .label("would end up in the repository and in the world-readable Nix store")
                    .help("use a method without a secret of its own in the rule, such as `scram-sha-256`"),
            );
        }
    }
}

/// Whether a key that is no field reads like one that holds a password.
pub fn is_password_key(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '_'], "");
    [
        "password",
        "passwd",
        "pw",
        "initialpassword",
        "passwordtext",
        "plaintextpassword",
        "pass",
        "pgpassword",
        "dbpassword",
        "secret",
    ]
    .contains(&name.as_str())
}

/// The finding; says nothing of the value.
pub fn finding(span: Span, format: Format) -> Diagnostic {
    Diagnostic::new(
        &PLAIN_TEXT_PASSWORD,
        span,
        "a password must not be written into a declaration",
    )
    .label("would end up in the repository and in the world-readable Nix store")
    .help("say where the password comes from instead, and change it if it was ever committed:")
    .example(example::in_format(
        format,
        "password = { file = \"/run/secrets/immich\" }",
    ))
}
