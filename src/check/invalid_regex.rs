//! A regular expression in a rule that the server does not read as one.

use super::{Findings, Scope};
use crate::declaration::{Text, Token, Tokens};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::Version;
use crate::postgres::hba;
use crate::postgres::quote::quote_token;

rule! {
    /// ## What it does
    /// Finds regular expressions in rules that PostgreSQL refuses.
    ///
    /// ## Why is this bad?
    /// The server refuses a pg_hba.conf with a broken expression as a whole.
    ///
    /// ## Example
    /// ```toml
    /// databases = [{ regex = "^app_(" }]
    /// ```
    /// Use instead:
    /// ```toml
    /// databases = [{ regex = "^app_" }]
    /// ```
    pub INVALID_REGEX = "invalid-regex", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for rule in scope.declarations.authentication() {
        for pattern in patterns(&rule.databases).chain(patterns(&rule.users)) {
            findings.extend(finding(pattern));
        }
    }
}

fn patterns(tokens: &Tokens) -> impl Iterator<Item = &Text> {
    tokens.list().iter().filter_map(|token| match token {
        Token::Regex(pattern) => Some(pattern),
        Token::Name(_) | Token::MemberOf(_) => None,
    })
}

fn finding(pattern: &Text) -> Option<Diagnostic> {
    Some(
        Diagnostic::new(&INVALID_REGEX, pattern.span, refusal(&pattern.value)?)
            .label("the server would refuse the whole file")
            .help(MANUAL),
    )
}

/// Where to read on.
pub const MANUAL: &str =
    "the manual describes regular expressions under \"POSIX Regular Expressions\"";

/// Why the server would refuse a file with this pattern, when that is certain.
pub fn refusal(pattern: &str) -> Option<String> {
    if pattern.chars().any(char::is_control) {
        return Some(format!(
            "the regular expression {} has a control character",
            phrase::backticked(pattern)
        ));
    }
    let line = format!("local all {} reject", quote_token(&format!("/{pattern}")));
    let (_, errors) = hba::parse(&line, Version::NEWEST.major(), None);
    errors.into_iter().next().map(|error| error.message)
}
