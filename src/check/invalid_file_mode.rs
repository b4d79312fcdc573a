//! Permissions that a file with a password can't have.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds a `mode` of a `connection` that is not three or four octal digits, that lets everybody in, or that doesn't let
    /// the owner read.
    ///
    /// ## Why is this bad?
    /// The files hold a password where the service needs one, and a service that can't read them can't connect.
    ///
    /// ## Example
    /// ```toml
    /// unixUser = "immich"
    /// connection = { environment = true, mode = "0644" }
    ///
    /// [[databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// ```
    /// Use instead:
    /// ```toml
    /// unixUser = "immich"
    /// connection = { environment = true, mode = "0440" }
    ///
    /// [[databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// ```
    pub INVALID_FILE_MODE = "invalid-file-mode", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for mode in scope.connections().filter_map(|it| it.mode.as_ref()) {
        let text = &*mode.value;
        let digits =
            matches!(text.len(), 3 | 4) && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        let bits = u16::from_str_radix(text, 8).ok().filter(|_| digits);
        let label = match bits {
            None => "not three or four octal digits",
            Some(bits) if bits & 0o7000 != 0 => "the first digit must be 0",
            Some(bits) if bits & 0o007 != 0 => "everybody would get in",
            Some(bits) if bits & 0o400 == 0 => "the owner could not read it",
            Some(bits) if bits & 0o111 != 0 => "nobody executes it",
            Some(_) => continue,
        };
        let message = format!(
            "the files of a connection can't have the mode {}",
            phrase::backticked(text)
        );
        findings.push(
            Diagnostic::new(&INVALID_FILE_MODE, mode.span, message)
                .label(label)
                .help("write `0400`, or `0440` for a group"),
        );
    }
}
