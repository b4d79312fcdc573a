//! A regular expression in a rule that the server does not read as one.

use super::{Findings, Scope};
use crate::declaration::{Text, Token, Tokens};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::Version;
use crate::postgres::hba::{self, ConnectionType, DatabaseToken, Method, Rule, UserToken};

rule! {
    /// ## What it does
    /// Finds regular expressions in rules that PostgreSQL refuses, and those for a server older than 16, which would take
    /// them for names.
    ///
    /// ## Why is this bad?
    /// The server refuses a pg_hba.conf with a broken expression as a whole. One that is taken for a name matches nobody.
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
    for rule in scope.declarations.instances.iter().flat_map(|instance| &instance.authentication) {
        for pattern in patterns(&rule.databases).chain(patterns(&rule.users)) {
            findings.extend(finding(pattern, scope.version()));
        }
    }
}

fn patterns(tokens: &Tokens) -> impl Iterator<Item = &Text> {
    let list = match tokens {
        Tokens::Keyword(_) => &[],
        Tokens::List(list, _) => list.as_slice(),
    };
    list.iter().filter_map(|token| match token {
        Token::Regex(pattern) => Some(pattern),
        Token::Name(_) | Token::MemberOf(_) => None,
    })
}

fn finding(pattern: &Text, version: Option<Version>) -> Option<Diagnostic> {
    let shown = phrase::backticked(&pattern.value);
    if let Some(version) = version.filter(|version| version.major() < 16) {
        let message = format!("PostgreSQL {version} takes the regular expression {shown} for a name");
        return Some(Diagnostic::new(&INVALID_REGEX, pattern.span, message).label("from PostgreSQL 16 on").help("write the names out"));
    }
    let why = refusal(&pattern.value)?;
    let message = format!("{shown} is no regular expression that PostgreSQL takes");
    Some(Diagnostic::new(&INVALID_REGEX, pattern.span, message).label(why).help("the manual describes them under \"POSIX Regular Expressions\""))
}

/// Why a rule with this pattern cannot be written.
pub fn refusal(pattern: &str) -> Option<&'static str> {
    if pattern.chars().any(char::is_control) {
        return Some("has a control character");
    }
    let rule = Rule {
        connection: ConnectionType::Local,
        databases: vec![DatabaseToken::All],
        users: vec![UserToken::Regex(pattern.to_owned())],
        address: None,
        method: Method::Reject,
        options: Vec::new(),
        line: 0,
        file: None,
    };
    hba::print(&rule, Version::NEWEST.major()).is_err().then_some("the server would refuse the whole file")
}
