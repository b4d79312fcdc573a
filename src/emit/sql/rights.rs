//! Who may do what in a database: what is declared, presets taken apart, and what follows from both.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::privileges::{self, Sum};
use crate::catalog::{
    Access, Database, DefaultPrivilege, Grant, Grantee, Object, Preset, Privileges,
};
use crate::postgres::identifier::{Identifier, is_reserved_schema};
use crate::postgres::pattern::{Pattern, Target};
use crate::postgres::privilege::{ObjectKind, Privilege};

use Privilege::{Connect, Delete, Execute, Insert, Select, Temporary, Update, Usage};

/// What privileges inside a database are on.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct On<'a> {
    pub kind: ObjectKind,
    pub schema: Option<&'a str>,
    /// Nothing: everything in the schema.
    pub name: Option<&'a str>,
    pub arguments: Option<Vec<&'a str>>,
    pub columns: Option<Vec<&'a str>>,
    pub oid: Option<u32>,
}

impl<'a> On<'a> {
    fn schema(name: &'a str) -> On<'a> {
        On::named(ObjectKind::Schema, None, Some(name))
    }

    fn named(kind: ObjectKind, schema: Option<&'a str>, name: Option<&'a str>) -> On<'a> {
        On {
            kind,
            schema,
            name,
            arguments: None,
            columns: None,
            oid: None,
        }
    }
}

/// What default privileges are on: the creator, the schema, and the kind of object.
pub type Future<'a> = (&'a str, Option<&'a str>, ObjectKind);

/// The privileges of one database.
pub struct Rights<'a> {
    /// On the database itself.
    pub database: Sum<'a, ()>,
    /// On what is in it.
    pub objects: Sum<'a, On<'a>>,
    /// On what is created in it later.
    pub defaults: Sum<'a, Future<'a>>,
    /// The roles that create objects in it.
    pub creators: BTreeSet<&'a Identifier>,
    /// The same of each schema that was asked for.
    creators_in: BTreeMap<&'a Identifier, Rc<BTreeSet<&'a Identifier>>>,
}

impl<'a> Rights<'a> {
    /// The privileges of the database, into which these roles are let in.
    pub fn new(
        database: &'a Database,
        logins: impl IntoIterator<Item = &'a Identifier>,
    ) -> Rights<'a> {
        let mut rights = Rights {
            database: Sum::default(),
            objects: Sum::default(),
            defaults: Sum::default(),
            creators: creators(database),
            creators_in: BTreeMap::new(),
        };
        for access in &database.access {
            rights.preset(database, access);
        }
        for grant in &database.grants {
            rights.grant(database, grant);
        }
        for future in &database.default_privileges {
            rights.default_privilege(database, future);
        }
        for role in [&database.user].into_iter().chain(logins) {
            rights.connect(database, role);
        }
        rights
    }

    fn preset(&mut self, database: &'a Database, access: &'a Access) {
        let role = &access.role;
        let some =
            |privileges: &[Privilege]| Privileges::Some(privileges.iter().copied().collect());
        let of_database: &[Privilege] = match access.preset {
            Preset::ReadOnly => &[Connect],
            Preset::ReadWrite | Preset::Owner => &[Connect, Temporary],
        };
        self.database.allow((), role, of_database);
        let of_schema = match access.preset {
            Preset::Owner => Privileges::All,
            _ => some(&[Usage]),
        };
        let of_objects = match access.preset {
            Preset::ReadOnly => vec![
                (ObjectKind::Table, some(&[Select])),
                (ObjectKind::Sequence, some(&[Select])),
            ],
            Preset::ReadWrite => vec![
                (ObjectKind::Table, some(&[Select, Insert, Update, Delete])),
                (ObjectKind::Sequence, some(&[Usage, Select])),
                (ObjectKind::Routine, some(&[Execute])),
            ],
            Preset::Owner => [
                ObjectKind::Table,
                ObjectKind::Sequence,
                ObjectKind::Routine,
                ObjectKind::Type,
            ]
            .map(|kind| (kind, Privileges::All))
            .to_vec(),
        };
        for schema in &access.schemas {
            let grantee = Some(role.as_str());
            self.objects
                .add(On::schema(schema.as_str()), grantee, &of_schema, false);
            for (kind, privileges) in &of_objects {
                self.everything(database, *kind, schema, grantee, privileges, false);
            }
        }
    }

    /// Privileges on everything in the schema, what is created there later included.
    fn everything(
        &mut self,
        database: &'a Database,
        kind: ObjectKind,
        schema: &'a Identifier,
        grantee: Option<&'a str>,
        privileges: &Privileges,
        grantable: bool,
    ) {
        let on = On::named(kind, Some(schema.as_str()), None);
        self.objects.add(on, grantee, privileges, grantable);
        // Default privileges can't tell functions from procedures, nor domains from other types.
        let has_defaults = matches!(
            kind,
            ObjectKind::Table | ObjectKind::Sequence | ObjectKind::Routine | ObjectKind::Type
        );
        if !has_defaults {
            return;
        }
        let creators = self.creators_in.entry(schema);
        let creators = creators.or_insert_with(|| Rc::new(creators_in(database, schema)));
        for creator in Rc::clone(creators).iter() {
            // Who creates an object owns it.
            if grantee != Some(creator.as_str()) {
                let on = (creator.as_str(), Some(schema.as_str()), kind);
                self.defaults.add(on, grantee, privileges, grantable);
            }
        }
    }

    fn grant(&mut self, database: &'a Database, grant: &'a Grant) {
        let grantee = privileges::role(&grant.grantee);
        let (privileges, grantable) = (&grant.privileges, grant.with_grant_option);
        if grant.kind == ObjectKind::Database {
            self.database.add((), grantee, privileges, grantable);
        }
        if grant.kind.is_shared() {
            return;
        }
        for object in &grant.objects {
            match object {
                Object::Parameter(_) => continue,
                Object::Global(name) => {
                    let on = On::named(grant.kind, None, Some(name.as_str()));
                    self.objects.add(on, grantee, privileges, grantable);
                }
                Object::LargeObject(oid) => {
                    let on = On {
                        oid: Some(*oid),
                        ..On::named(grant.kind, None, None)
                    };
                    self.objects.add(on, grantee, privileges, grantable);
                }
                Object::InSchema(Pattern {
                    schema,
                    target: Target::All,
                }) => self.everything(database, grant.kind, schema, grantee, privileges, grantable),
                Object::InSchema(pattern) => {
                    let on = within(grant, pattern);
                    self.objects.add(on, grantee, privileges, grantable);
                }
            }
            if let Object::InSchema(pattern) = object {
                self.reach(database, &grant.grantee, Some(&pattern.schema));
            } else {
                self.reach(database, &grant.grantee, None);
            }
        }
        if grant.kind == ObjectKind::Database {
            self.reach(database, &grant.grantee, None);
        }
    }

    fn default_privilege(&mut self, database: &'a Database, future: &'a DefaultPrivilege) {
        let schema = future.schema.as_ref();
        self.defaults.add(
            (
                future.creator.as_str(),
                schema.map(Identifier::as_str),
                future.kind,
            ),
            privileges::role(&future.grantee),
            &future.privileges,
            future.with_grant_option,
        );
        self.reach(database, &future.grantee, schema);
    }

    /// Without CONNECT to the database and USAGE of the schema a privilege on an object is none.
    fn reach(
        &mut self,
        database: &'a Database,
        grantee: &'a Grantee,
        schema: Option<&'a Identifier>,
    ) {
        let Grantee::Role(role) = grantee else {
            return;
        };
        self.connect(database, role);
        if let Some(schema) = schema
            && database.schemas.get(schema) != Some(role)
            && !is_reserved_schema(schema.as_str())
        {
            self.objects
                .allow(On::schema(schema.as_str()), role, &[Usage]);
        }
    }

    fn connect(&mut self, database: &Database, role: &'a Identifier) {
        if *role != database.owner {
            self.database.allow((), role, &[Connect]);
        }
    }
}

/// The objects of a pattern that names some.
fn within<'a>(grant: &'a Grant, pattern: &'a Pattern) -> On<'a> {
    let (name, arguments, columns) = match &pattern.target {
        Target::All => (None, None, None),
        Target::Named(name) => (Some(name), None, None),
        Target::Columns(name, columns) => (Some(name), None, Some(columns.iter().collect())),
        Target::Routine(name, types) => {
            let types = types.iter().map(|name| name.as_sql()).collect();
            (Some(name), Some(types), None)
        }
    };
    let columns: BTreeSet<&Identifier> = columns.unwrap_or_else(|| grant.columns.iter().collect());
    let columns: Vec<&str> = columns.into_iter().map(Identifier::as_str).collect();
    On {
        kind: match columns.is_empty() {
            true => grant.kind,
            false => ObjectKind::Column,
        },
        schema: Some(pattern.schema.as_str()),
        name: name.map(Identifier::as_str),
        arguments,
        columns: (!columns.is_empty()).then_some(columns),
        oid: None,
    }
}

/// The roles that create objects in the database.
fn creators(database: &Database) -> BTreeSet<&Identifier> {
    let owners = database.access.iter();
    let owners = owners.filter(|access| access.preset == Preset::Owner);
    let named = database.default_privileges.iter();
    [&database.owner, &database.user]
        .into_iter()
        .chain(database.schemas.values())
        .chain(owners.map(|access| &access.role))
        .chain(named.map(|future| &future.creator))
        .collect()
}

/// The roles that create objects in the schema.
fn creators_in<'a>(database: &'a Database, schema: &Identifier) -> BTreeSet<&'a Identifier> {
    let owners = database.access.iter().filter(|access| {
        access.preset == Preset::Owner && access.schemas.contains(schema.as_str())
    });
    [&database.owner, &database.user]
        .into_iter()
        .chain(database.schemas.get(schema))
        .chain(owners.map(|access| &access.role))
        .collect()
}
