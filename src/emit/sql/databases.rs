//! The document of the databases.

use std::borrow::Cow;

use super::privileges::{self, Sum};
use super::rights::Rights;
use super::{converge, document, public, settings};
use crate::catalog::{self, Creation, Instance, Object};
use crate::postgres::identifier::Identifier;
use crate::postgres::privilege::ObjectKind;

/// What the databases shall be; the privileges on each are those in the list.
pub fn databases<'a>(
    instance: &'a Instance,
    databases: Vec<document::Database<'a>>,
) -> document::Databases<'a> {
    let mut tablespaces = Sum::default();
    let mut parameters = Sum::default();
    let grants = instance.databases.values().flat_map(|it| &it.grants);
    for grant in grants {
        let grantee = privileges::role(&grant.grantee);
        for object in &grant.objects {
            let (sum, name) = match object {
                Object::Global(name) if grant.kind == ObjectKind::Tablespace => {
                    (&mut tablespaces, Cow::Borrowed(name.as_str()))
                }
                // As the server keeps it.
                Object::Parameter(name) => (&mut parameters, name.to_ascii_lowercase().into()),
                _ => continue,
            };
            sum.add(name, grantee, &grant.privileges, grant.with_grant_option);
        }
    }
    let named = |sum: Sum<'a, Cow<'a, str>>| {
        let entries = sum.into_entries();
        entries
            .map(|(name, granted)| document::Named { name, granted })
            .collect()
    };
    document::Databases {
        converge: converge(instance.converge),
        databases,
        tablespaces: named(tablespaces),
        parameters: named(parameters),
        removed: instance
            .removed
            .databases
            .iter()
            .map(Identifier::as_str)
            .collect(),
    }
}

/// One of the databases.
pub fn database<'a>(
    instance: &Instance,
    name: &'a Identifier,
    database: &'a catalog::Database,
    rights: &mut Rights<'a>,
) -> document::Database<'a> {
    let creation = database.creation.as_deref().unwrap_or(&Creation::NONE);
    let roles = database.role_settings.iter();
    let grants = std::mem::take(&mut rights.database).into_entries();
    document::Database {
        name: name.as_str(),
        owner: database.owner.as_str(),
        encoding: creation.encoding.as_deref(),
        collate: creation.collate.as_deref(),
        ctype: creation.ctype.as_deref(),
        locale_provider: creation.locale_provider.as_deref(),
        icu_locale: creation.icu_locale.as_deref(),
        icu_rules: creation.icu_rules.as_deref(),
        builtin_locale: creation.builtin_locale.as_deref(),
        template: creation.template.as_ref().map(Identifier::as_str),
        tablespace: creation.tablespace.as_ref().map(Identifier::as_str),
        connection_limit: creation.connection_limit,
        comment: creation.comment.as_deref(),
        converge: converge(database.converge.unwrap_or(instance.converge)),
        public: public(database.public),
        settings: settings(&database.settings),
        role_settings: roles
            .map(|(role, said)| document::RoleSettings {
                role: role.as_str(),
                settings: settings(said),
            })
            .collect(),
        grants: grants.map(|((), granted)| granted).collect(),
    }
}
