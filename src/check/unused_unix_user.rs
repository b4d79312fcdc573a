//! A Unix user that is let in nowhere.

use std::collections::HashSet;

use super::{Findings, Scope, unread};
use crate::catalog::access::{self, MAP};
use crate::declaration::{Attribute, Role, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::Version;
use crate::postgres::hba::{DatabaseUser, SystemUser};

rule! {
    /// ## What it does
    /// Finds roles of enabled services whose `unixUser` ends in no line of the user name map: the role may not log in, or
    /// no database has anything for it.
    ///
    /// ## Why is this bad?
    /// The Unix user is meant to log in as the role, and is refused. A role may log in when it says `login = true`, and it
    /// is let in to the databases that name it in a grant, in `access`, as an owner, in `roleSettings` or in `clients`.
    ///
    /// ## Example
    /// ```toml
    /// [[services.grafana.databases]]
    /// type = "postgresql"
    /// name = "grafana"
    /// user = "grafana"
    /// access = [{ role = "reader", preset = "read-only" }]
    ///
    /// [[services.grafana.roles]]
    /// name = "reader"
    /// unixUser = "alice"
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.grafana.databases]]
    /// type = "postgresql"
    /// name = "grafana"
    /// user = "grafana"
    /// access = [{ role = "reader", preset = "read-only" }]
    ///
    /// [[services.grafana.roles]]
    /// name = "reader"
    /// login = true
    /// unixUser = "alice"
    /// ```
    pub UNUSED_UNIX_USER = "unused-unix-user", Warning
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let roles: Vec<(&Role, &Text)> = scope
        .declarations
        .roles()
        .filter(|(service, _)| scope.is_enabled(service))
        .filter_map(|(_, role)| Some((role, role.unix_user.as_ref()?)))
        .collect();
    // Without any database another rule tells of all roles at once.
    if roles.is_empty()
        || scope.enabled_databases().next().is_none()
        || unread::may_hide_a_declaration(findings)
    {
        return;
    }
    let version = scope.version().unwrap_or(Version::NEWEST).major();
    let lines = access::ident_map(scope);
    let mapped: HashSet<(&SystemUser, &DatabaseUser)> = lines
        .iter()
        .filter(|(line, _)| line.map == MAP)
        .map(|(line, _)| (&line.system_user, &line.database_user))
        .collect();
    for (role, unix_user) in roles {
        // What can't be written at all, other rules tell of.
        let (Ok(system_user), Ok(database_user)) = (
            SystemUser::literal(&unix_user.value),
            DatabaseUser::literal(&role.name.value, version),
        ) else {
            continue;
        };
        if !mapped.contains(&(&system_user, &database_user)) {
            findings.push(finding(scope, role, unix_user));
        }
    }
}

fn finding(scope: &Scope, role: &Role, unix_user: &Text) -> Diagnostic {
    let shown = phrase::backticked(&role.name.value);
    let message = format!(
        "the Unix user {} never gets in as role {shown}",
        phrase::backticked(&unix_user.value)
    );
    let finding = Diagnostic::new(&UNUSED_UNIX_USER, unix_user.span, message);
    if !role.is(Attribute::Login) {
        return finding
            .label("in no line of the user name map")
            .related(role.name.span, "this role may not log in")
            .help("let the role log in, or remove `unixUser`:")
            .example(scope.example(unix_user.span, "login = true"));
    }
    let example = format!(
        "access = [{{ role = {}, preset = \"read-only\" }}]",
        toml::Value::from(&*role.name.value)
    );
    finding
        .label("in no line of the user name map")
        .related(
            role.name.span,
            "no enabled database has anything for this role",
        )
        .help("give the role something in a database, or remove `unixUser`:")
        .example(scope.example(unix_user.span, &example))
}
