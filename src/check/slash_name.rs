//! A name that pg_hba.conf reads as a regular expression.

use super::{Findings, Scope};
use crate::declaration::{Attribute, Text, Token};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::identifier::is_hba_regex;
use crate::postgres::version::Version;

rule! {
    /// ## What it does
    /// Finds databases, and roles that log in, whose name begins with `/`, when the server is PostgreSQL 16 or newer or
    /// its version is not declared.
    ///
    /// ## Why is this bad?
    /// Since 16 a name that begins with `/` in `pg_hba.conf` is a regular expression, quoted or not: every rule that
    /// somebody writes for the database `/a` matches each database whose name has an `a`.
    ///
    /// ## Example
    /// ```toml
    /// name = "/app"
    /// ```
    /// Use instead:
    /// ```toml
    /// name = "app"
    /// ```
    /// In a rule of an instance say what is meant:
    /// ```toml
    /// databases = [ { regex = "^app_" } ]
    /// ```
    pub SLASH_NAME = "slash-name", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    if scope
        .version()
        .is_some_and(|version| Version::new(16).is_some_and(|since| version < since))
    {
        return;
    }
    let mut tell = |noun: &str, name: &Text, in_rule: bool| {
        if !is_hba_regex(&name.value) {
            return;
        }
        let message = format!(
            "{noun} name {} begins with `/`, so `pg_hba.conf` would read it as a regular expression",
            phrase::backticked(&name.value)
        );
        let finding = Diagnostic::new(&SLASH_NAME, name.span, message)
            .label("not a plain name since PostgreSQL 16");
        findings.push(if in_rule {
            let field = if noun == "database" {
                "databases"
            } else {
                "users"
            };
            let regex = name.value.strip_prefix('/').unwrap_or(&name.value);
            let example = format!("{field} = [ {{ regex = {} }} ]", toml::Value::from(regex));
            finding
                .help("if a regular expression is meant, write it as one:")
                .example(scope.example(name.span, &example))
        } else {
            finding.help("choose a name that begins otherwise; quotes don't help here")
        });
    };
    for (_, database) in scope.declarations.databases() {
        tell("database", &database.name, false);
        tell("role", &database.user, false);
    }
    for (_, role) in scope.declarations.roles() {
        if role.is(Attribute::Login) {
            tell("role", &role.name, false);
        }
    }
    for rule in scope.declarations.authentication() {
        for (noun, tokens) in [("database", &rule.databases), ("role", &rule.users)] {
            for token in tokens.list() {
                if let Token::Name(name) = token {
                    tell(noun, name, true);
                }
            }
        }
    }
}
