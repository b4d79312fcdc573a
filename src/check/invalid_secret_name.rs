//! A password file or a secret with a name that cannot be right.

use super::{Findings, Scope, secret_in_store};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds password files whose path has a line break or another control character, a part that is empty, `.` or `..`, or
    /// ends with a slash, a blank or a backslash; and names of sops-nix and agenix secrets that are empty or have control
    /// characters.
    ///
    /// ## Why is this bad?
    /// No such file or secret will be there, or the unit that provisions the databases can't be given it (systemd.exec,
    /// LoadCredential=); most often a line break was copied along.
    ///
    /// ## Example
    /// ```toml
    /// password = { file = "/run/secrets/immich\n" }
    /// ```
    /// Use instead:
    /// ```toml
    /// password = { file = "/run/secrets/immich" }
    /// ```
    pub INVALID_SECRET_NAME = "invalid-secret-name", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (_, role, password) in scope.passwords() {
        let names = [
            ("file", &password.file),
            ("sops", &password.sops),
            ("agenix", &password.agenix),
        ];
        for (field, name) in names
            .into_iter()
            .filter_map(|(field, name)| Some((field, name.as_ref()?)))
        {
            let (what, help) = match &*name.value {
                text if text.chars().any(char::is_control) => (
                    "has a control character",
                    "remove it; a line break is often copied along",
                ),
                text if field == "file" && text.ends_with('/') => (
                    "names a directory",
                    "give the path of the file that holds the password",
                ),
                text if field == "file" && text.ends_with([' ', '\\']) => (
                    "ends with a blank or a backslash",
                    "a unit of systemd can't be given such a file; name it otherwise",
                ),
                text if field == "file"
                    && !secret_in_store::is_in_store(text)
                    && has_odd_part(text) =>
                {
                    (
                        "is not in its shortest form",
                        "systemd wants the path without `//`, `.` and `..`",
                    )
                }
                "" if field != "file" => ("is empty", "give the name of the secret"),
                _ => continue,
            };
            let message = format!(
                "the {} of the password of role {} {what}",
                phrase::backticked(field),
                phrase::backticked(&role.value)
            );
            findings.push(
                Diagnostic::new(&INVALID_SECRET_NAME, name.span, message)
                    .label(what)
                    .help(help),
            );
        }
    }
}

/// Whether an absolute path has a part that leads nowhere.
fn has_odd_part(path: &str) -> bool {
    let mut parts = path
        .strip_prefix('/')
        .into_iter()
        .flat_map(|it| it.split('/'));
    parts.any(|part| matches!(part, "" | "." | ".."))
}
