//! A service whose user may connect to its database and do nothing there.

use std::collections::{HashMap, HashSet};

use super::{Findings, Scope, unread};
use crate::declaration::{Attribute, Database, Grant, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds databases that belong to another role than their `user`, where nothing is granted to that user: neither by
    /// itself nor as a member of other roles or of `public`. A database with hooks, which may grant, or with
    /// `public = "keep"` is not told of, nor a user who is a superuser or a member of a role that is not declared.
    ///
    /// ## Why is this bad?
    /// The service can log in, and every statement fails with `permission denied`: PUBLIC loses its privileges, and who
    /// does not own the database has only what is declared. Where the owner of a running service's database changes, the
    /// service stops working. Under `converge = "additive"` what was granted by hand stays, and may be enough: declare it.
    ///
    /// ## Example
    /// ```toml
    /// [[services.grafana.databases]]
    /// type = "postgresql"
    /// name = "grafana"
    /// user = "grafana"
    /// owner = "dba"
    ///
    /// [[services.grafana.roles]]
    /// name = "dba"
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.grafana.databases]]
    /// type = "postgresql"
    /// name = "grafana"
    /// user = "grafana"
    /// owner = "dba"
    /// access = [{ role = "grafana", preset = "read-write" }]
    ///
    /// [[services.grafana.roles]]
    /// name = "dba"
    /// ```
    /// or make the user a member of the owner (`memberOf`), or leave `owner` out.
    pub USER_WITHOUT_RIGHTS = "user-without-rights", Warning
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let databases = scope.declarations.databases();
    let mut databases = databases
        .filter_map(|(_, database)| Some((database, another_owner(database)?)))
        .peekable();
    if databases.peek().is_none() || unread::may_hide_a_role(scope, findings) {
        return;
    }
    let mut groups: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut superusers = HashSet::new();
    for (_, role) in scope.declarations.roles() {
        let of_role = groups.entry(&role.name.value).or_default();
        of_role.extend(role.member_of.iter().map(|it| &*it.role.value));
        if role.is(Attribute::Superuser) {
            superusers.insert(&*role.name.value);
        }
    }
    for (database, owner) in databases {
        let user = &*database.user.value;
        let every = with_groups(user, &groups);
        let is_out_of_sight = |role: &&str| {
            *role == &*owner.value || superusers.contains(role) || scope.role(role).is_none()
        };
        if every.iter().any(is_out_of_sight) || has_rights(database, &every) {
            continue;
        }
        let message = format!(
            "user {} may connect to database {} and nothing else",
            phrase::backticked(user),
            phrase::backticked(&database.name.value)
        );
        let access = format!(
            "access = [ {{ role = {}, preset = \"read-write\" }} ]",
            toml::Value::from(user)
        );
        findings.push(
            Diagnostic::new(&USER_WITHOUT_RIGHTS, database.user.span, message)
                .label("nothing is granted to it here")
                .related(owner.span, "the database belongs to this role")
                .help(
                    "grant it what it needs, make it a member of the owner, or leave `owner` out:",
                )
                .example(scope.example(owner.span, &access)),
        );
    }
}

/// The owner that is not the user, where nothing but declarations can give the user its rights.
fn another_owner(database: &Database) -> Option<&Text> {
    let owner = database.owner.as_ref()?;
    let keeps = database
        .public
        .as_ref()
        .is_some_and(|said| &*said.value == "keep");
    let has_hooks = !database.before.is_empty() || !database.after.is_empty();
    (owner.value != database.user.value && !keeps && !has_hooks).then_some(owner)
}

/// The role and all that it is a member of, also over others.
fn with_groups<'d>(role: &'d str, groups: &HashMap<&'d str, Vec<&'d str>>) -> HashSet<&'d str> {
    let mut every = HashSet::from([role]);
    let mut left = vec![role];
    while let Some(role) = left.pop() {
        for group in groups.get(role).into_iter().flatten() {
            if every.insert(group) {
                left.push(group);
            }
        }
    }
    every
}

fn has_rights(database: &Database, roles: &HashSet<&str>) -> bool {
    let is_one =
        |role: &Text| roles.contains(&*role.value) || role.value.eq_ignore_ascii_case("public");
    let mut grants = database.grants.iter();
    grants.any(|grant| is_one(&grant.role) && is_more_than_connecting(grant))
        || database.access.iter().any(|access| is_one(&access.role))
        || database
            .default_privileges
            .iter()
            .any(|given| is_one(&given.role))
        || database
            .schemas
            .iter()
            .any(|schema| schema.owner.as_ref().is_some_and(is_one))
}

fn is_more_than_connecting(grant: &Grant) -> bool {
    let connecting = ["CONNECT", "TEMPORARY", "TEMP"];
    let mut privileges = grant.privileges.iter().flatten();
    grant.privileges.is_none()
        || privileges.any(|privilege| {
            !connecting
                .iter()
                .any(|it| it.eq_ignore_ascii_case(&privilege.value))
        })
}
