//! What is declared and not provisioned yet.

use crate::catalog::{Catalog, Database, Instance, PasswordSource, Role};
use crate::diagnostic::phrase;
use crate::postgres::identifier::{Identifier, is_safe_in_ensure_databases};

/// One sentence for each kind of thing that is declared, but that the module does not yet provision.
pub fn left_out(catalog: &Catalog) -> Vec<String> {
    catalog
        .instances
        .values()
        .filter(|instance| !instance.databases.is_empty())
        .flat_map(of_instance)
        .collect()
}

fn of_instance(instance: &Instance) -> Vec<String> {
    let databases = |what: &str, has: &dyn Fn(&Identifier, &Database) -> bool| {
        let names = instance
            .databases
            .iter()
            .filter(|(name, database)| has(name, database))
            .map(|(name, _)| name);
        sentence(what, "database", names)
    };
    let roles = |what: &str, has: &dyn Fn(&Identifier, &Role) -> bool| {
        let names = instance
            .roles
            .iter()
            .filter(|(name, role)| has(name, role))
            .map(|(name, _)| name);
        sentence(what, "role", names)
    };
    let sentences = [
        databases("the creation", &|name, database| {
            !super::is_ensured(name, database)
        }),
        databases("the owner", &|name, database| {
            database.owner != *name && super::is_ensured(name, database)
        }),
        databases("the comment or connection limit", &|name, database| {
            database
                .creation
                .as_ref()
                .is_some_and(|said| said.comment.is_some() || said.connection_limit.is_some())
                && super::is_ensured(name, database)
        }),
        databases(
            "the extensions (their packages are installed)",
            &|_, database| !database.extensions.is_empty(),
        ),
        databases("the schemas", &|_, database| !database.schemas.is_empty()),
        databases("the privileges", &|_, database| {
            !database.grants.is_empty()
                || !database.access.is_empty()
                || !database.default_privileges.is_empty()
        }),
        databases("the parameters of roles", &|_, database| {
            !database.role_settings.is_empty()
        }),
        databases("the order of the systemd units", &|_, database| {
            !database.units.is_empty()
        }),
        roles("the creation", &|name, _| {
            !is_safe_in_ensure_databases(name.as_str())
        }),
        roles("the memberships", &|_, role| !role.memberships.is_empty()),
        roles("the parameters", &|_, role| !role.settings.is_empty()),
        roles("the connection limit, expiry or comment", &|_, role| {
            role.connection_limit.is_some() || role.valid_until.is_some() || role.comment.is_some()
        }),
        roles("the password", &|_, role| role.password.is_some()),
        roles("the password file", &|_, role| {
            role.password == Some(PasswordSource::Generated)
        }),
    ];
    sentences.into_iter().flatten().collect()
}

fn sentence<'a>(
    what: &str,
    kind: &str,
    names: impl Iterator<Item = &'a Identifier>,
) -> Option<String> {
    let names: Vec<&str> = names.map(Identifier::as_str).collect();
    let shown = match names.as_slice() {
        [] => return None,
        [name] => format!("{kind} {}", phrase::backticked(name)),
        [first, .., last] if names.len() > 3 => format!(
            "{} ({} to {})",
            phrase::count(names.len(), kind),
            phrase::backticked(first),
            phrase::backticked(last)
        ),
        _ => format!("{kind}s {}", phrase::and_list(&names)),
    };
    Some(format!(
        "not provisioned by this version: {what} of {shown}"
    ))
}
