//! An owner that may do nothing in schema public.

use std::collections::HashMap;

use super::{Findings, Scope, target};
use crate::declaration::{Attribute, Database, Role, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::privilege::ObjectKind;
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds roles with `inherit = false` that own a database, when the server is PostgreSQL 15 or its version is not
    /// declared. A superuser, or an owner that has a grant on the schema `public`, is not told of.
    ///
    /// ## Why is this bad?
    /// From 15 on the schema `public` of a new database belongs to the role `pg_database_owner`, whose only member is the
    /// owner of the database. PostgreSQL 15 alone takes `NOINHERIT` for this membership too: the owner may not create
    /// anything in `public`, and without PUBLIC's privileges, which dbgen revokes, not even use it. Services often fail
    /// there at their first migration with `permission denied for schema public`.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    ///
    /// [[services.immich.roles]]
    /// name = "immich"
    /// inherit = false
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// grants = [{ role = "immich", privileges = ["USAGE", "CREATE"], on = { schema = "public" } }]
    ///
    /// [[services.immich.roles]]
    /// name = "immich"
    /// inherit = false
    /// ```
    /// or declare the `version` of the instance, where it is another one.
    pub OWNER_WITHOUT_INHERIT = "owner-without-inherit", Warning
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    if scope.version().is_some_and(|version| version.major() != 15) {
        return;
    }
    let roles = scope.declarations.roles();
    let mut roles = roles
        .filter_map(|(_, role)| Some((role, no_inherit(role)?)))
        .peekable();
    if roles.peek().is_none() {
        return;
    }
    let mut owned: HashMap<&str, Vec<(&Text, &Database)>> = HashMap::new();
    for (_, database) in scope.declarations.databases() {
        let owner = database.owner.as_ref().unwrap_or(&database.user);
        owned
            .entry(&owner.value)
            .or_default()
            .push((owner, database));
    }
    for (role, span) in roles {
        let name = &*role.name.value;
        for (owner, database) in owned.get(name).into_iter().flatten() {
            if is_granted(database, name) {
                continue;
            }
            let message = format!(
                "role {} owns database {} and inherits nothing: on PostgreSQL 15 it may not use the schema `public` there",
                phrase::backticked(name),
                phrase::backticked(&database.name.value)
            );
            let grant = format!(
                "grants = [ {{ role = {}, privileges = [ \"USAGE\", \"CREATE\" ], on = {{ schema = \"public\" }} }} ]",
                toml::Value::from(name)
            );
            findings.push(
                Diagnostic::new(&OWNER_WITHOUT_INHERIT, span, message)
                    .label("for the membership in `pg_database_owner` too")
                    .related(owner.span, "it owns the database here")
                    .help("declare the instance's `version` if it is another one, remove `inherit = false`, or grant the database's owner:")
                    .example(scope.example(owner.span, &grant)),
            );
        }
    }
}

/// The place that says `inherit = false`, of a role that is no superuser.
fn no_inherit(role: &Role) -> Option<Span> {
    let inherit = role.attribute(Attribute::Inherit)?;
    (!inherit.value && !role.is(Attribute::Superuser)).then_some(inherit.span)
}

/// Whether the role has a grant on the schema.
fn is_granted(database: &Database, role: &str) -> bool {
    let mut grants = database.grants.iter();
    grants.any(|grant| {
        *grant.role.value == *role
            && target::kinds(&grant.on).any(|(kind, _, patterns)| {
                let mut names = patterns.iter().map(|name| &*name.value);
                kind == ObjectKind::Schema && names.any(|name| matches!(name, "public" | "*"))
            })
    })
}
