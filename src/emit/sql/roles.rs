//! The document of the roles.

use std::collections::BTreeMap;

use super::{Secrets, converge, credentials, document, settings};
use crate::catalog::{self, Instance};
use crate::declaration::Attribute;
use crate::postgres::identifier::Identifier;

/// What the roles shall be.
pub fn roles<'a>(instance: &'a Instance, secrets: &Secrets<'a>) -> document::Roles<'a> {
    let files: BTreeMap<Identifier, String> = match secrets {
        Secrets::Directory(_) => credentials(instance)
            .into_iter()
            .map(|credential| (credential.role, credential.name))
            .collect(),
        _ => BTreeMap::new(),
    };
    let password = |name: &Identifier| match secrets {
        Secrets::None => None,
        Secrets::Directory(directory) => files
            .get(name)
            .map(|file| document::Password::File(format!("{directory}/{file}"))),
        Secrets::Verifiers(verifiers) => verifiers
            .get(name)
            .map(|verifier| document::Password::Verifier(verifier)),
    };
    document::Roles {
        converge: converge(instance.converge),
        roles: instance
            .roles
            .iter()
            .map(|(name, it)| role(name, it, password(name)))
            .collect(),
        databases: instance.databases.keys().map(Identifier::as_str).collect(),
        removed: instance
            .removed
            .roles
            .iter()
            .map(Identifier::as_str)
            .collect(),
    }
}

fn role<'a>(
    name: &'a Identifier,
    role: &'a catalog::Role,
    password: Option<document::Password<'a>>,
) -> document::Role<'a> {
    let said = role.attributes.iter();
    let said = said.map(|(attribute, value)| (attribute.name(), *value));
    let memberships = role.memberships.iter();
    document::Role {
        name: name.as_str(),
        attributes: said
            .chain([(Attribute::Login.name(), role.login)])
            .collect(),
        connection_limit: role.connection_limit,
        valid_until: role.valid_until.as_deref(),
        comment: role.comment.as_deref(),
        settings: settings(&role.settings),
        memberships: memberships
            .map(|(role, options)| document::Membership {
                role: role.as_str(),
                admin: options.admin,
                inherit: options.inherit,
                set: options.set,
            })
            .collect(),
        password,
    }
}
