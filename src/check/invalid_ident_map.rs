//! A line of a user name map that cannot work.

use super::{Findings, Scope, invalid_regex};
use crate::declaration::{Ident, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds lines of `identMap` with an empty field or a control character, with a broken regular expression, or with a
    /// `\1` for which the system user has no parentheses.
    ///
    /// ## Why is this bad?
    /// The server refuses a pg_ident.conf with such a line as a whole, or the line matches nobody.
    ///
    /// ## Example
    /// ```toml
    /// identMap = [{ map = "mail", systemUser = "/^.*@example\\.org$", databaseUser = "\\1" }]
    /// ```
    /// Use instead:
    /// ```toml
    /// identMap = [{ map = "mail", systemUser = "/^(.*)@example\\.org$", databaseUser = "\\1" }]
    /// ```
    pub INVALID_IDENT_MAP = "invalid-ident-map", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for ident in scope.declarations.ident_map() {
        for (field, text) in [
            ("map", &ident.map),
            ("systemUser", &ident.system_user),
            ("databaseUser", &ident.database_user),
        ] {
            findings.extend(unwritable(field, text));
        }
        findings.extend(pattern(ident));
        findings.extend(group(ident));
    }
}

fn unwritable(field: &str, text: &Text) -> Option<Diagnostic> {
    let what = match &*text.value {
        "" => "is empty",
        text if text.chars().any(char::is_control) => "has a control character",
        _ => return None,
    };
    let message = format!(
        "{} of a line of a user name map {what}",
        phrase::backticked(field)
    );
    Some(
        finding(text.span, message)
            .label(what)
            .help("a line names the map, the Unix user and the role"),
    )
}

fn pattern(ident: &Ident) -> Option<Diagnostic> {
    let text = &ident.system_user;
    let pattern = text
        .value
        .strip_prefix('/')
        .filter(|pattern| !pattern.chars().any(char::is_control))?;
    let message = invalid_regex::refusal(pattern)?;
    Some(
        finding(text.span, message)
            .label("begins with a slash: a regular expression")
            .help(invalid_regex::MANUAL),
    )
}

fn group(ident: &Ident) -> Option<Diagnostic> {
    if !ident.database_user.value.contains("\\1") {
        return None;
    }
    let label = match ident.system_user.value.strip_prefix('/') {
        None => "not a regular expression: it does not begin with a slash",
        Some(pattern) if !has_group(pattern) => "has no parentheses",
        Some(_) => return None,
    };
    let message = "`\\1` in a user name map stands for nothing";
    Some(
        finding(ident.database_user.span, message)
            .label("stands for what the first parentheses of `systemUser` match")
            .related(ident.system_user.span, label)
            .help("put the part that is the role's name into parentheses, as in `systemUser = \"/^(.*)@example\\\\.org$\"`"),
    )
}

/// Whether there are parentheses that capture: not escaped, not in brackets, not `(?`.
fn has_group(pattern: &str) -> bool {
    let (mut escaped, mut bracket) = (false, false);
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => bracket = true,
            ']' => bracket = false,
            '(' if !bracket && rest.peek() != Some(&'?') => return true,
            _ => {}
        }
    }
    false
}

fn finding(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&INVALID_IDENT_MAP, span, message)
}
