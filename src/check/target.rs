//! What a grant is on.

use crate::declaration::{Target, Text};
use crate::postgres::privilege::ObjectKind;

/// The kind of object that a field of a grant's `on` names; `database` is its keyword.
pub fn kind(field: &str) -> Option<ObjectKind> {
    Some(match field {
        "database" => ObjectKind::Database,
        "schema" => ObjectKind::Schema,
        "table" => ObjectKind::Table,
        "sequence" => ObjectKind::Sequence,
        "function" => ObjectKind::Function,
        "procedure" => ObjectKind::Procedure,
        "routine" => ObjectKind::Routine,
        "type" => ObjectKind::Type,
        "domain" => ObjectKind::Domain,
        "language" => ObjectKind::Language,
        "foreignDataWrapper" => ObjectKind::ForeignDataWrapper,
        "foreignServer" => ObjectKind::ForeignServer,
        "tablespace" => ObjectKind::Tablespace,
        "parameter" => ObjectKind::Parameter,
        "largeObject" => ObjectKind::LargeObject,
        _ => return None,
    })
}

/// The kind of object that `on` of a default privilege names.
pub fn future_kind(keyword: &str) -> Option<ObjectKind> {
    Some(match keyword {
        "tables" => ObjectKind::Table,
        "sequences" => ObjectKind::Sequence,
        "routines" => ObjectKind::Routine,
        "types" => ObjectKind::Type,
        "schemas" => ObjectKind::Schema,
        _ => return None,
    })
}

/// The known kinds that a target names, with their patterns.
pub fn kinds(target: &Target) -> impl Iterator<Item = (ObjectKind, &Text, &[Text])> {
    target
        .kinds
        .iter()
        .filter_map(|(field, patterns)| Some((kind(&field.value)?, field, patterns.as_slice())))
}

/// The kind that a target is of, where there is no doubt: a table with columns is of the kind column.
pub fn single_kind(target: &Target) -> Option<ObjectKind> {
    let mut kinds = kinds(target).map(|(kind, ..)| kind);
    match (kinds.next(), kinds.next()) {
        (Some(ObjectKind::Table), None) if target.columns.is_some() => Some(ObjectKind::Column),
        (Some(kind), None) => Some(kind),
        _ => None,
    }
}

/// The word for a kind, in the plural.
pub fn plural(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Database => "databases",
        ObjectKind::Schema => "schemas",
        ObjectKind::Table => "tables",
        ObjectKind::Column => "columns",
        ObjectKind::Sequence => "sequences",
        ObjectKind::Function => "functions",
        ObjectKind::Procedure => "procedures",
        ObjectKind::Routine => "routines",
        ObjectKind::Type => "types",
        ObjectKind::Domain => "domains",
        ObjectKind::Language => "languages",
        ObjectKind::ForeignDataWrapper => "foreign-data wrappers",
        ObjectKind::ForeignServer => "foreign servers",
        ObjectKind::Tablespace => "tablespaces",
        ObjectKind::Parameter => "parameters",
        ObjectKind::LargeObject => "large objects",
    }
}
