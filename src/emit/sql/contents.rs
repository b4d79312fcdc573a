//! The document of what is inside a database.

use std::collections::BTreeMap;

use super::rights::{On, Rights};
use super::{converge, document, public};
use crate::catalog::{self, Instance};
use crate::postgres::identifier::{Identifier, is_reserved_schema};
use crate::postgres::privilege::ObjectKind;

/// What shall be in the database.
pub fn contents<'a>(
    instance: &Instance,
    name: &'a Identifier,
    database: &'a catalog::Database,
    rights: Rights<'a>,
) -> document::Contents<'a> {
    let extensions = database.extensions.iter();
    let defaults = rights.defaults.into_entries();
    let hooks = |hooks: &'a [catalog::Hook]| hooks.iter().map(document::Hook::new).collect();
    document::Contents {
        name: name.as_str(),
        owner: database.owner.as_str(),
        converge: converge(database.converge.unwrap_or(instance.converge)),
        public: public(database.public),
        extensions: extensions
            .map(|(name, extension)| document::Extension {
                name: name.as_str(),
                schema: extension.schema.as_ref().map(Identifier::as_str),
                version: extension.version.as_deref(),
                cascade: extension.cascade,
            })
            .collect(),
        schemas: schemas(database),
        grants: rights.objects.into_entries().map(grant).collect(),
        defaults: defaults
            .filter_map(|((creator, schema, kind), granted)| {
                Some(document::Default {
                    creator,
                    schema,
                    on: letter(kind)?,
                    granted,
                })
            })
            .collect(),
        creators: rights
            .creators
            .into_iter()
            .map(Identifier::as_str)
            .collect(),
        before: hooks(&database.hooks.before),
        after: hooks(&database.hooks.after),
    }
}

/// The declared schemas, and those that extensions are to lie in.
fn schemas(database: &catalog::Database) -> Vec<document::Schema<'_>> {
    let of_extensions = database.extensions.values();
    let of_extensions = of_extensions.filter_map(|extension| extension.schema.as_ref());
    let there =
        |schema: &&Identifier| schema.as_str() == "public" || is_reserved_schema(schema.as_str());
    let implied = of_extensions
        .filter(|schema| !there(schema))
        .map(|schema| (schema, &database.owner));
    let all: BTreeMap<&Identifier, &Identifier> = implied.chain(&database.schemas).collect();
    all.into_iter()
        .map(|(name, owner)| document::Schema {
            name: name.as_str(),
            owner: owner.as_str(),
        })
        .collect()
}

fn grant<'a>((on, granted): (On<'a>, document::Granted<'a>)) -> document::Grant<'a> {
    document::Grant {
        kind: word(on.kind),
        schema: on.schema,
        name: on.name,
        arguments: on.arguments,
        columns: on.columns,
        oid: on.oid,
        granted,
    }
}

/// The kind as the document and the declarations call it.
fn word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Database => "database",
        ObjectKind::Schema => "schema",
        ObjectKind::Table => "table",
        ObjectKind::Column => "column",
        ObjectKind::Sequence => "sequence",
        ObjectKind::Function => "function",
        ObjectKind::Procedure => "procedure",
        ObjectKind::Routine => "routine",
        ObjectKind::Type => "type",
        ObjectKind::Domain => "domain",
        ObjectKind::Language => "language",
        ObjectKind::ForeignDataWrapper => "foreignDataWrapper",
        ObjectKind::ForeignServer => "foreignServer",
        ObjectKind::Tablespace => "tablespace",
        ObjectKind::Parameter => "parameter",
        ObjectKind::LargeObject => "largeObject",
    }
}

/// The letter of pg_default_acl; nothing for what has no default privileges.
fn letter(kind: ObjectKind) -> Option<char> {
    Some(match kind {
        ObjectKind::Table => 'r',
        ObjectKind::Sequence => 'S',
        ObjectKind::Routine => 'f',
        ObjectKind::Type => 'T',
        ObjectKind::Schema => 'n',
        _ => return None,
    })
}
