//! A password file that is not named by an absolute path.

use super::{Findings, Scope, secret_in_store};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds password files whose path does not begin with a slash, also `~/...`, `$HOME/...` and `%d/...`.
    ///
    /// ## Why is this bad?
    /// The file is read by a unit of systemd that has no working directory and no shell: nothing would expand `~` or a
    /// variable, and a relative path would lead elsewhere. What does not begin with a slash may also be the password
    /// itself, in the wrong place.
    ///
    /// ## Example
    /// ```toml
    /// password = { file = "~/secrets/immich" }
    /// ```
    /// Use instead:
    /// ```toml
    /// password = { file = "/root/secrets/immich" }
    /// ```
    pub RELATIVE_SECRET_PATH = "relative-secret-path", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (_, role, password) in scope.passwords() {
        let Some(file) = &password.file else { continue };
        let path = &*file.value;
        if path.starts_with('/') || secret_in_store::is_beside(path) {
            continue;
        }
        let label = match path.chars().next() {
            None => "no path at all",
            Some('~' | '$' | '%') => "is not expanded",
            Some(_) => "does not begin with a slash",
        };
        let message = format!(
            "the password file of role {} is no absolute path",
            phrase::backticked(&role.value)
        );
        findings.push(
            Diagnostic::new(&RELATIVE_SECRET_PATH, file.span, message)
                .label(label)
                .help("`file` is the absolute path of a file on the host that holds the password, not the password itself:")
                .example(scope.example(file.span, "password = { file = \"/run/secrets/immich\" }")),
        );
    }
}
