//! A name that looks like a keyword of pg_hba.conf.

use std::collections::HashSet;

use super::{Findings, Scope};
use crate::declaration::{Text, Token, Tokens};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds `all`, `sameuser`, `samerole`, `replication` and `+role` in the lists of rules, where they are
    /// names, when no such database or role is declared.
    ///
    /// ## Why is this bad?
    /// dbgen quotes names, so that a role called `all` means itself: the rule matches nobody. A keyword stands alone,
    /// without a list.
    ///
    /// ## Example
    /// ```toml
    /// databases = ["all"]
    /// users = ["+staff"]
    /// ```
    /// Use instead:
    /// ```toml
    /// databases = "all"
    /// users = [{ memberOf = "staff" }]
    /// ```
    pub KEYWORD_AS_NAME = "keyword-as-name", Warning
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    if scope.declarations.authentication().next().is_none() {
        return;
    }
    let is_keyword = |name: &str| matches!(name, "all" | "sameuser" | "samerole" | "replication");
    let databases = scope.declarations.databases();
    let databases = databases.map(|(_, database)| &*database.name.value);
    let declared: HashSet<&str> = databases.filter(|name| is_keyword(name)).collect();
    for rule in scope.declarations.authentication() {
        for name in names(&rule.databases) {
            if is_keyword(&name.value) && !declared.contains(&*name.value) {
                findings.push(finding(
                    name,
                    "database",
                    format!("databases = \"{}\"", name.value),
                ));
            }
        }
        for name in names(&rule.users) {
            findings.extend(user(scope, name));
        }
    }
}

fn names(tokens: &Tokens) -> impl Iterator<Item = &Text> {
    tokens.list().iter().filter_map(|token| match token {
        Token::Name(name) => Some(name),
        Token::MemberOf(_) | Token::Regex(_) => None,
    })
}

fn user(scope: &Scope, name: &Text) -> Option<Diagnostic> {
    let meant = match name.value.strip_prefix('+') {
        _ if &*name.value == "all" => "users = \"all\"".to_owned(),
        Some(role) => format!(
            "users = [{{ memberOf = {} }}]",
            toml::Value::String(role.to_owned())
        ),
        None => return None,
    };
    scope
        .role(&name.value)
        .is_none()
        .then(|| finding(name, "role", meant))
}

fn finding(name: &Text, what: &str, meant: String) -> Diagnostic {
    let shown = phrase::backticked(&name.value);
    Diagnostic::new(
        &KEYWORD_AS_NAME,
        name.span,
        format!("{shown} in a list is the {what} of that name, which is not declared"),
    )
    .label("a name here, not a keyword")
    .help(format!(
        "if more than the {what} of that name is meant, write {}",
        phrase::backticked(&meant)
    ))
}
