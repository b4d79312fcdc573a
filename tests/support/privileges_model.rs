//! Who may do what after the convergence program has run, computed from the documented meaning of the declarations and from
//! what the server held before; neither the program's SQL nor the crate's catalog is used.
//!
//! The state is read as the server itself explains it (`aclexplode`, `acldefault`), so that the model begins with the same
//! facts as a person who looks with `\dp`.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::provision::{ident, literal};
use super::support::postgres::Cluster;

/// One entry of an access control list; a grantee of `None` is PUBLIC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub grantor: String,
    pub grantee: Option<String>,
    pub privilege: String,
    pub grantable: bool,
}

/// What an entry is worth: who, what, and whether it may be passed on.
pub type Right = (Option<String>, String, bool);

/// Something that has an access control list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The word that a declaration has for it; a view is a table.
    pub kind: String,
    /// The catalog's own letter: relkind, prokind, typtype.
    pub letter: String,
    /// The catalog, the row and the column's number.
    pub key: Key,
    pub schema: Option<String>,
    /// The table, of a column.
    pub parent: Option<String>,
    pub name: String,
    /// The types of a routine's arguments.
    pub arguments: Vec<String>,
    pub owner: String,
    /// Belongs to an extension, or was made by initdb: nothing but its name reaches it.
    pub reserved: bool,
    pub acl: BTreeSet<Entry>,
}

/// Catalog, row, column.
pub type Key = (String, u32, i64);

/// A declared grant.
#[derive(Clone, Debug)]
pub struct Grant {
    pub role: Option<String>,
    /// `ALL` alone, or names of privileges.
    pub privileges: Vec<&'static str>,
    pub kind: &'static str,
    pub targets: Vec<Target>,
    /// With tables: only these.
    pub columns: Vec<String>,
    pub grantable: bool,
}

/// What a grant names.
#[derive(Clone, Debug)]
pub struct Target {
    pub schema: Option<String>,
    /// Nothing: everything of the schema.
    pub name: Option<String>,
    /// Of one routine, as declared and as the server says it.
    pub arguments: Option<Vec<(&'static str, &'static str)>>,
}

/// A declared default privilege.
#[derive(Clone, Debug)]
pub struct Default {
    pub creator: String,
    pub schema: Option<String>,
    pub on: &'static str,
    pub role: Option<String>,
    pub privileges: Vec<&'static str>,
    pub grantable: bool,
}

/// A declared preset.
#[derive(Clone, Debug)]
pub struct Access {
    pub role: String,
    pub preset: &'static str,
    pub schemas: Vec<String>,
}

/// A declared database.
#[derive(Clone, Debug)]
pub struct Database {
    pub name: String,
    pub user: String,
    pub owner: String,
    pub authoritative: bool,
    pub keep_public: bool,
    pub schemas: Vec<(String, String)>,
    pub extensions: Vec<(&'static str, String)>,
    pub grants: Vec<Grant>,
    pub defaults: Vec<Default>,
    pub access: Vec<Access>,
    /// Declared roles that log in, own something here and nothing else: they are let in.
    pub logins: Vec<String>,
}

/// Everything that a kind of object can give, in the server's version.
pub fn all(kind: &str, major: u8) -> Vec<&'static str> {
    let mut all = match kind {
        "database" => vec!["CREATE", "CONNECT", "TEMPORARY"],
        "schema" => vec!["USAGE", "CREATE"],
        "table" => vec![
            "SELECT",
            "INSERT",
            "UPDATE",
            "DELETE",
            "TRUNCATE",
            "REFERENCES",
            "TRIGGER",
        ],
        "column" => vec!["SELECT", "INSERT", "UPDATE", "REFERENCES"],
        "sequence" => vec!["SELECT", "UPDATE", "USAGE"],
        "function" | "procedure" | "routine" => vec!["EXECUTE"],
        "tablespace" => vec!["CREATE"],
        "parameter" => vec!["SET", "ALTER SYSTEM"],
        "largeObject" => vec!["SELECT", "UPDATE"],
        _ => vec!["USAGE"],
    };
    if kind == "table" && major >= 17 {
        all.push("MAINTAIN");
    }
    all
}

/// Everything with an access control list in a database, and the database itself.
pub fn read(cluster: &Cluster, database: &str) -> Vec<Object> {
    let members = |catalog: &str, oid: &str| {
        format!(
            "EXISTS (SELECT FROM pg_depend WHERE classid = '{catalog}'::regclass AND objid = {oid} AND deptype = 'e')"
        )
    };
    let part = |kind: &str,
                letter: &str,
                catalog: &str,
                row: &str,
                key: &str,
                owner: &str,
                acl: &str,
                schema: &str,
                name: &str| {
        format!(
            "SELECT {kind} AS kind, {letter} AS letter, '{catalog}' AS catalog, {row}.oid::bigint AS oid, 0 AS sub, {schema} AS schema, NULL AS parent, {name}::text AS name,
             ARRAY[]::text[] AS arguments, {owner} AS owner, coalesce({acl}, acldefault('{key}', {owner})) AS acl,
             ({row}.oid < 16384 AND '{catalog}' <> 'pg_database') OR {members} AS reserved, {row}.oid >= 16384 OR {acl} IS NOT NULL AS wanted
             FROM {catalog} AS {row}",
            members = members(catalog, &format!("{row}.oid")),
        )
    };
    let in_schema =
        |column: &str| format!("(SELECT nspname::text FROM pg_namespace WHERE oid = {column})");
    let parts = [
        format!("{} WHERE d.datname = current_database()", part("'database'", "''", "pg_database", "d", "d", "d.datdba", "d.datacl", "NULL", "d.datname")),
        part("'schema'", "''", "pg_namespace", "n", "n", "n.nspowner", "n.nspacl", "NULL", "n.nspname").replace(
            "n.oid < 16384 AND", "n.oid < 16384 AND n.nspname <> 'public' AND") + " WHERE nspname !~ '^pg_'",
        part("'table'", "c.relkind::text", "pg_class", "c", "r", "c.relowner", "c.relacl", &in_schema("c.relnamespace"), "c.relname")
            + " WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')",
        part("'sequence'", "'S'", "pg_class", "c", "s", "c.relowner", "c.relacl", &in_schema("c.relnamespace"), "c.relname")
            + " WHERE c.relkind = 'S'",
        part("CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END", "p.prokind::text", "pg_proc", "p", "f", "p.proowner", "p.proacl", &in_schema("p.pronamespace"), "p.proname")
            .replace("ARRAY[]::text[]", "ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS a(t, n) ORDER BY n)"),
        // Arrays, row types of tables and multiranges have no privileges of their own.
        part("CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END", "t.typtype::text", "pg_type", "t", "T", "t.typowner", "t.typacl", &in_schema("t.typnamespace"), "t.typname")
            + " WHERE t.typtype <> 'm' AND t.typelem = 0 AND (t.typrelid = 0 OR (SELECT relkind FROM pg_class WHERE oid = t.typrelid) = 'c')",
        part("'language'", "''", "pg_language", "l", "l", "l.lanowner", "l.lanacl", "NULL", "l.lanname"),
        part("'foreignDataWrapper'", "''", "pg_foreign_data_wrapper", "w", "F", "w.fdwowner", "w.fdwacl", "NULL", "w.fdwname"),
        part("'foreignServer'", "''", "pg_foreign_server", "s", "S", "s.srvowner", "s.srvacl", "NULL", "s.srvname"),
        part("'largeObject'", "''", "pg_largeobject_metadata", "b", "L", "b.lomowner", "b.lomacl", "NULL", "b.oid"),
        format!(
            "SELECT 'column', '', 'pg_class', a.attrelid::bigint, a.attnum, {}, c.relname::text, a.attname::text, ARRAY[]::text[], c.relowner, a.attacl,
             c.oid < 16384 OR {}, c.oid >= 16384
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT attisdropped AND attnum > 0",
            in_schema("c.relnamespace"), members("pg_class", "c.oid")
        ),
    ];
    let name = |oid: &str| format!("(SELECT rolname FROM pg_roles WHERE oid = {oid})");
    let sql = format!(
        "SELECT json_build_array(kind, letter, catalog, oid, sub, schema, parent, name, arguments, {owner}, reserved,
           (SELECT coalesce(json_agg(json_build_array({grantor}, {grantee}, privilege_type, is_grantable)), '[]') FROM aclexplode(acl)))
         FROM ({parts}) AS o WHERE wanted OR kind IN ('schema', 'language', 'database')",
        owner = name("owner"),
        grantor = name("grantor"),
        grantee = name("grantee"),
        parts = parts.join(" UNION ALL "),
    );
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let lines = cluster.sql(database, &sql);
    lines
        .lines()
        .map(|line| {
            let o: Value = serde_json::from_str(line).unwrap();
            Object {
                kind: text(&o[0]).unwrap(),
                letter: text(&o[1]).unwrap(),
                key: (
                    text(&o[2]).unwrap(),
                    u32::try_from(o[3].as_u64().unwrap()).unwrap(),
                    o[4].as_i64().unwrap(),
                ),
                schema: text(&o[5]),
                parent: text(&o[6]),
                name: text(&o[7]).unwrap(),
                arguments: o[8].as_array().unwrap().iter().filter_map(text).collect(),
                owner: text(&o[9]).unwrap(),
                // What was granted on a language that the server comes with is nobody's but those who use it.
                reserved: o[10].as_bool().unwrap() && o[0] != "language",
                acl: o[11]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|entry| Entry {
                        grantor: text(&entry[0]).unwrap(),
                        grantee: text(&entry[1]),
                        privilege: text(&entry[2]).unwrap(),
                        grantable: entry[3].as_bool().unwrap(),
                    })
                    .collect(),
            }
        })
        .collect()
}

impl Object {
    /// What its entries are worth, whoever granted them.
    pub fn rights(&self) -> BTreeSet<Right> {
        rights(&self.acl)
    }

    /// For messages.
    pub fn label(&self) -> String {
        let place = self.schema.iter().chain(&self.parent).chain([&self.name]);
        let place: Vec<&str> = place.map(String::as_str).collect();
        format!(
            "{}{} {:?} ({}) of {:?}",
            self.kind,
            self.letter,
            place,
            self.arguments.join(","),
            self.owner
        )
    }
}

/// What entries are worth: the same right from two grantors counts once, with the grant option if one has it.
pub fn rights(acl: &BTreeSet<Entry>) -> BTreeSet<Right> {
    let mut found: BTreeMap<(Option<String>, String), bool> = BTreeMap::new();
    for entry in acl {
        *found
            .entry((entry.grantee.clone(), entry.privilege.clone()))
            .or_default() |= entry.grantable;
    }
    found
        .into_iter()
        .map(|((grantee, privilege), grantable)| (grantee, privilege, grantable))
        .collect()
}

impl Target {
    /// Something without a schema.
    pub fn global(name: &str) -> Target {
        Target {
            schema: None,
            name: Some(name.to_owned()),
            arguments: None,
        }
    }

    /// Everything of a schema.
    pub fn every(schema: &str) -> Target {
        Target {
            schema: Some(schema.to_owned()),
            name: None,
            arguments: None,
        }
    }

    fn matches(&self, kind: &str, object: &Object) -> bool {
        if self.schema != object.schema {
            return false;
        }
        let name = if kind == "column" {
            object.parent.as_ref()
        } else {
            Some(&object.name)
        };
        let Some(wanted) = &self.name else {
            return !object.reserved;
        };
        let arguments = self.arguments.as_ref().is_none_or(|arguments| {
            let exact: Vec<&str> = arguments.iter().map(|(_, exact)| *exact).collect();
            exact == object.arguments
        });
        name == Some(wanted) && arguments
    }

    fn level(&self) -> u8 {
        match (&self.name, &self.arguments) {
            (None, _) => 0,
            (Some(_), None) => 1,
            (Some(_), Some(_)) => 2,
        }
    }
}

type Preset = (
    &'static [&'static str],
    &'static [(&'static str, &'static [&'static str])],
);

/// What a preset gives on its schemas, and on everything in them.
fn preset(name: &str) -> Preset {
    match name {
        "read-only" => (
            &["USAGE"],
            &[("table", &["SELECT"]), ("sequence", &["SELECT"])],
        ),
        "read-write" => (
            &["USAGE"],
            &[
                ("table", &["SELECT", "INSERT", "UPDATE", "DELETE"]),
                ("sequence", &["USAGE", "SELECT"]),
                ("routine", &["EXECUTE"]),
            ],
        ),
        _ => (
            &["ALL"],
            &[
                ("table", &["ALL"]),
                ("sequence", &["ALL"]),
                ("routine", &["ALL"]),
                ("type", &["ALL"]),
            ],
        ),
    }
}

fn same_kind(declared: &str, object: &str) -> bool {
    declared == object
        || (declared == "routine" && (object == "function" || object == "procedure"))
        // As in GRANT ... ON TYPE.
        || (declared == "type" && object == "domain")
}

impl Grant {
    fn plain(
        role: &str,
        kind: &'static str,
        privileges: &[&'static str],
        targets: Vec<Target>,
    ) -> Grant {
        Grant {
            role: Some(role.to_owned()),
            privileges: privileges.to_vec(),
            kind,
            targets,
            columns: vec![],
            grantable: false,
        }
    }

    /// The level of its most specific target that means this object.
    fn level(&self, object: &Object) -> Option<u8> {
        let kind = if self.columns.is_empty() {
            self.kind
        } else {
            "column"
        };
        if !same_kind(kind, &object.kind) {
            return None;
        }
        if kind == "column" && !self.columns.contains(&object.name) {
            return None;
        }
        if kind == "database" {
            return Some(1);
        }
        self.targets
            .iter()
            .filter(|target| target.matches(kind, object))
            .map(Target::level)
            .max()
    }
}

/// Privileges by name, with the grant option if any says so.
type Wanted = BTreeMap<String, bool>;

fn add(to: &mut Wanted, names: &[&str], kind: &str, grantable: bool, major: u8) {
    let names = if names == ["ALL"] {
        all(kind, major)
    } else {
        names.to_vec()
    };
    for name in names {
        *to.entry(name.to_owned()).or_default() |= grantable;
    }
}

impl Database {
    /// Grants and default privileges: those of the presets, of what is created later under a wildcard, and the way to the
    /// objects (CONNECT, USAGE) included.
    pub fn expanded(&self) -> (Vec<Grant>, Vec<Default>) {
        let mut grants = self.grants.clone();
        for access in &self.access {
            let (schema, objects) = preset(access.preset);
            let connect: &[&'static str] = if access.preset == "read-only" {
                &["CONNECT"]
            } else {
                &["CONNECT", "TEMPORARY"]
            };
            let mut grant =
                |kind: &'static str, privileges: &[&'static str], targets: Vec<Target>| {
                    grants.push(Grant::plain(&access.role, kind, privileges, targets));
                };
            grant("database", connect, vec![]);
            for name in &access.schemas {
                grant("schema", schema, vec![Target::global(name)]);
                for (kind, privileges) in objects {
                    grant(kind, privileges, vec![Target::every(name)]);
                }
            }
        }
        let mut defaults = self.defaults.clone();
        let (mut connects, mut uses) = (
            self.logins
                .iter()
                .chain([&self.user])
                .cloned()
                .collect::<BTreeSet<_>>(),
            BTreeSet::new(),
        );
        for grant in &grants {
            let on = match grant.kind {
                "table" if grant.columns.is_empty() => Some("tables"),
                "sequence" => Some("sequences"),
                "routine" => Some("routines"),
                "type" => Some("types"),
                _ => None,
            };
            for target in &grant.targets {
                let (Some(schema), None, Some(on)) = (&target.schema, &target.name, on) else {
                    continue;
                };
                for creator in self.creators_in(schema) {
                    if grant.role.as_ref() != Some(&creator) {
                        defaults.push(Default {
                            creator,
                            schema: Some(schema.clone()),
                            on,
                            role: grant.role.clone(),
                            privileges: grant.privileges.clone(),
                            grantable: grant.grantable,
                        });
                    }
                }
            }
            let Some(role) = &grant.role else { continue };
            connects.insert(role.clone());
            uses.extend(
                grant
                    .targets
                    .iter()
                    .filter_map(|target| Some((role.clone(), target.schema.clone()?))),
            );
        }
        for default in &self.defaults {
            let Some(role) = &default.role else { continue };
            connects.insert(role.clone());
            uses.extend(
                default
                    .schema
                    .iter()
                    .map(|schema| (role.clone(), schema.clone())),
            );
        }
        for role in connects {
            if role != self.owner {
                grants.push(Grant::plain(&role, "database", &["CONNECT"], vec![]));
            }
        }
        for (role, schema) in uses {
            if !self.schemas.contains(&(schema.clone(), role.clone())) {
                grants.push(Grant::plain(
                    &role,
                    "schema",
                    &["USAGE"],
                    vec![Target::global(&schema)],
                ));
            }
        }
        (grants, defaults)
    }

    /// The roles that create objects here: owners, the user, those with the preset for it, and those of default privileges.
    pub fn creators(&self) -> BTreeSet<String> {
        let owners = self.schemas.iter().map(|(_, owner)| owner);
        let declared = self.defaults.iter().map(|default| &default.creator);
        let presets = self
            .access
            .iter()
            .filter(|access| access.preset == "owner")
            .map(|access| &access.role);
        [&self.owner, &self.user]
            .into_iter()
            .chain(owners)
            .chain(declared)
            .chain(presets)
            .cloned()
            .collect()
    }

    fn creators_in(&self, schema: &String) -> BTreeSet<String> {
        let owners = self
            .schemas
            .iter()
            .filter(|(name, _)| name == schema)
            .map(|(_, owner)| owner);
        let presets = self
            .access
            .iter()
            .filter(|access| access.preset == "owner" && access.schemas.contains(schema))
            .map(|access| &access.role);
        [&self.owner, &self.user]
            .into_iter()
            .chain(owners)
            .chain(presets)
            .cloned()
            .collect()
    }

    /// What each role is to have on an object, and what only a less specific declaration would have given.
    fn wanted(
        &self,
        object: &Object,
        grants: &[Grant],
        defaults: &[Default],
        major: u8,
    ) -> BTreeMap<Option<String>, (Wanted, Wanted)> {
        let mut levels: BTreeMap<Option<String>, BTreeMap<u8, Wanted>> = BTreeMap::new();
        let mut give = |role: &Option<String>, level: u8, names: &[&str], grantable: bool| {
            let wanted = levels
                .entry(role.clone())
                .or_default()
                .entry(level)
                .or_default();
            add(wanted, names, &object.kind, grantable, major);
        };
        for grant in grants {
            if let Some(level) = grant.level(object) {
                give(&grant.role, level, &grant.privileges, grant.grantable);
            }
            // Columns of a table narrow what a wildcard gives on the table, and take nothing from a table that is named.
            if object.kind == "table" && !grant.columns.is_empty() {
                let narrows = grant
                    .targets
                    .iter()
                    .any(|target| target.name.is_some() && target.matches("table", object));
                if narrows {
                    give(&grant.role, 1, &[], false);
                }
            }
        }
        // A public that an older major made is not the database owner's, who would have no right to it.
        if object.kind == "schema"
            && object.name == "public"
            && object.owner != "pg_database_owner"
            && object.owner != self.owner
        {
            give(&Some(self.owner.clone()), 1, &["ALL"], false);
        }
        // Who is declared as the owner of a schema has an owner's rights there.
        let owned = (object.name.clone(), object.owner.clone());
        if object.kind == "schema" && self.schemas.contains(&owned) {
            give(&Some(object.owner.clone()), 1, &["ALL"], false);
        }
        for default in defaults {
            let on = match object.kind.as_str() {
                "table" => "tables",
                "sequence" => "sequences",
                "function" | "procedure" => "routines",
                "type" | "domain" => "types",
                "schema" => "schemas",
                _ => continue,
            };
            let place = match &default.schema {
                Some(schema) => object.schema.as_ref() == Some(schema),
                None => true,
            };
            if default.on == on && place && default.creator == object.owner && !object.reserved {
                give(&default.role, 0, &default.privileges, default.grantable);
            }
        }
        levels
            .into_iter()
            .map(|(role, mut levels)| {
                let (_, wanted) = levels.pop_last().unwrap();
                let mut denied = Wanted::new();
                for (name, grantable) in levels.into_values().flatten() {
                    *denied.entry(name).or_default() |= grantable;
                }
                (role, (wanted, denied))
            })
            .collect()
    }

    /// The rights on an object after the program has run.
    pub fn expect(
        &self,
        object: &Object,
        grants: &[Grant],
        defaults: &[Default],
        major: u8,
    ) -> BTreeSet<Right> {
        let wanted = self.wanted(object, grants, defaults, major);
        let none = (Wanted::new(), Wanted::new());
        let closes = [
            "database",
            "schema",
            "table",
            "column",
            "sequence",
            "function",
            "procedure",
            "type",
            "domain",
        ];
        let closed =
            !self.keep_public && !object.reserved && closes.contains(&object.kind.as_str());
        // There may be very many large objects: only those that are declared are looked at.
        if object.kind == "largeObject" && wanted.is_empty() {
            return object.rights();
        }
        // (kept, grant option kept)
        let keeps = |entry: &Entry| -> (bool, bool) {
            if entry.grantee.as_ref() == Some(&object.owner) {
                return (true, entry.grantable);
            }
            let (wanted, denied) = wanted.get(&entry.grantee).unwrap_or(&none);
            let declared = wanted.get(&entry.privilege).copied();
            // What the server gives PUBLIC by itself is nobody's: only `public` decides about it.
            let by_itself = entry.grantee.is_none()
                && match object.kind.as_str() {
                    "database" => entry.privilege != "CREATE",
                    "function" | "procedure" | "type" | "domain" | "language" => true,
                    _ => false,
                };
            let kept = self.keep_public && entry.grantee.is_none();
            let revoked = (self.authoritative && !object.reserved && !by_itself && !kept)
                || (closed && entry.grantee.is_none())
                || denied.contains_key(&entry.privilege);
            let loses_option = (self.authoritative && !object.reserved)
                || denied.get(&entry.privilege) == Some(&true);
            (
                declared.is_some() || !revoked,
                entry.grantable && (declared == Some(true) || !loses_option),
            )
        };
        let mut acl: BTreeSet<Entry> = object
            .acl
            .iter()
            .filter_map(|entry| {
                let (kept, grantable) = keeps(entry);
                kept.then(|| Entry {
                    grantable,
                    ..entry.clone()
                })
            })
            .collect();
        // Whoever may not pass a right on any more takes it back from those to whom he passed it.
        loop {
            let can = |grantor: &str, privilege: &str| {
                grantor == object.owner
                    || acl.iter().any(|entry| {
                        entry.grantee.as_deref() == Some(grantor)
                            && entry.privilege == privilege
                            && entry.grantable
                    })
            };
            let left: BTreeSet<Entry> = acl
                .iter()
                .filter(|entry| can(&entry.grantor, &entry.privilege))
                .cloned()
                .collect();
            if left.len() == acl.len() {
                break;
            }
            acl = left;
        }
        for (grantee, (wanted, _)) in &wanted {
            for (privilege, grantable) in wanted {
                // An owner that has a right may grant it, whatever its entry says.
                let is_own = |entry: &Entry| {
                    (&entry.grantee, &entry.privilege) == (grantee, privilege)
                        && entry.grantee.as_ref() == Some(&object.owner)
                };
                if acl.iter().any(is_own) {
                    continue;
                }
                acl.insert(Entry {
                    grantor: object.owner.clone(),
                    grantee: grantee.clone(),
                    privilege: privilege.clone(),
                    grantable: *grantable,
                });
            }
        }
        rights(&acl)
    }
}

/// An object in the hands of its new owner, as ALTER ... OWNER TO leaves it: what the old owner had and gave is the new one's.
pub fn handed_over(object: &Object, owner: &str) -> Object {
    if object.owner == owner {
        return object.clone();
    }
    let renamed = |name: &String| {
        if *name == object.owner {
            owner.to_owned()
        } else {
            name.clone()
        }
    };
    let acl = object.acl.iter().map(|entry| Entry {
        grantor: renamed(&entry.grantor),
        grantee: entry.grantee.as_ref().map(renamed),
        ..entry.clone()
    });
    Object {
        owner: owner.to_owned(),
        acl: acl.collect(),
        ..object.clone()
    }
}

/// The roles of a server, as far as they decide who has whose rights.
#[derive(Clone, Debug, std::default::Default)]
pub struct Roles {
    pub superusers: BTreeSet<String>,
    /// Whose rights a role has without SET ROLE, directly.
    pub inherits: BTreeMap<String, BTreeSet<String>>,
    /// Before 16, a database's owner that is NOINHERIT has not the rights of pg_database_owner either.
    pub never_inherits: BTreeSet<String>,
}

impl Roles {
    /// The roles whose rights a role has: its own, and those that it inherits in any number of steps.
    pub fn closure(&self, role: &str, database_owner: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::from([role.to_owned()]);
        let mut todo = vec![role.to_owned()];
        while let Some(role) = todo.pop() {
            let mut next: BTreeSet<String> = self.inherits.get(&role).cloned().unwrap_or_default();
            if role == database_owner && !self.never_inherits.contains(&role) {
                next.insert("pg_database_owner".to_owned());
            }
            for role in next {
                if found.insert(role.clone()) {
                    todo.push(role);
                }
            }
        }
        found
    }

    /// Whether a role may do something, by the rights on the object (and, for a column, on its table).
    pub fn may(
        &self,
        role: Option<&str>,
        database_owner: &str,
        owner: &str,
        rights: &BTreeSet<Right>,
        privilege: &str,
        option: bool,
    ) -> bool {
        let Some(role) = role else {
            return rights.iter().any(|(grantee, name, grantable)| {
                grantee.is_none() && name == privilege && (!option || *grantable)
            });
        };
        if self.superusers.contains(role) {
            return true;
        }
        let closure = self.closure(role, database_owner);
        if option && closure.contains(owner) {
            return true;
        }
        rights.iter().any(|(grantee, name, grantable)| {
            name == privilege
                && (!option || *grantable)
                && grantee
                    .as_ref()
                    .is_none_or(|grantee| closure.contains(grantee))
        })
    }
}

/// What the server answers for each role, object and privilege, with and without the grant option: `has_*_privilege`.
pub fn matrix(
    cluster: &Cluster,
    database: &str,
    objects: &[Object],
    roles: &[String],
) -> BTreeMap<(Option<String>, Key, String, bool), bool> {
    let mut rows = Vec::new();
    for object in objects {
        for privilege in all(&object.kind, cluster.major) {
            let (catalog, oid, sub) = &object.key;
            rows.push(json!([object.kind, catalog, oid, sub, privilege]));
        }
    }
    let grantees: Vec<Value> = roles
        .iter()
        .map(|role| json!(role))
        .chain([Value::Null])
        .collect();
    let large = if cluster.major >= 18 {
        "has_largeobject_privilege(r, o, p)"
    } else {
        "NULL"
    };
    let sql = format!(
        "WITH asked AS MATERIALIZED (
           SELECT q->>0 AS kind, (q->>2)::oid AS o, (q->>3)::int2 AS a, q->>4 AS name FROM jsonb_array_elements({rows}::jsonb) AS q),
         grantee AS MATERIALIZED (
           SELECT g #>> '{{}}' AS grantee, coalesce((SELECT oid FROM pg_roles WHERE rolname = g #>> '{{}}'), 0) AS r FROM jsonb_array_elements({grantees}::jsonb) AS g)
         SELECT json_build_array(grantee, kind, o::bigint, a, name, option, answer) FROM (
         SELECT *, CASE kind
           WHEN 'database' THEN has_database_privilege(r, o, p)
           WHEN 'schema' THEN has_schema_privilege(r, o, p)
           WHEN 'table' THEN has_table_privilege(r, o, p)
           WHEN 'column' THEN has_column_privilege(r, o, a, p)
           WHEN 'sequence' THEN has_sequence_privilege(r, o, p)
           WHEN 'function' THEN has_function_privilege(r, o, p)
           WHEN 'procedure' THEN has_function_privilege(r, o, p)
           WHEN 'type' THEN has_type_privilege(r, o, p)
           WHEN 'domain' THEN has_type_privilege(r, o, p)
           WHEN 'language' THEN has_language_privilege(r, o, p)
           WHEN 'foreignDataWrapper' THEN has_foreign_data_wrapper_privilege(r, o, p)
           WHEN 'foreignServer' THEN has_server_privilege(r, o, p)
           WHEN 'largeObject' THEN {large}
         END AS answer
         FROM (SELECT *, name || CASE WHEN option THEN ' WITH GRANT OPTION' ELSE '' END AS p
               FROM asked, grantee, (VALUES (false), (true)) AS v(option)) AS q) AS q WHERE answer IS NOT NULL",
        rows = literal(&Value::Array(rows).to_string()),
        grantees = literal(&Value::Array(grantees).to_string()),
    );
    let catalogs: BTreeMap<(&str, u32, i64), &Key> = objects
        .iter()
        .map(|o| ((&*o.kind, o.key.1, o.key.2), &o.key))
        .collect();
    cluster
        .sql(database, &sql)
        .lines()
        .map(|line| {
            let v: Value = serde_json::from_str(line).unwrap();
            let (kind, oid, sub) = (
                v[1].as_str().unwrap(),
                u32::try_from(v[2].as_u64().unwrap()).unwrap(),
                v[3].as_i64().unwrap(),
            );
            let key = (*catalogs[&(kind, oid, sub)]).clone();
            let role = v[0].as_str().map(str::to_owned);
            (
                (
                    role,
                    key,
                    v[4].as_str().unwrap().to_owned(),
                    v[5].as_bool().unwrap(),
                ),
                v[6].as_bool().unwrap(),
            )
        })
        .collect()
}

fn role_json(role: &Option<String>) -> Value {
    json!(role.as_deref().unwrap_or("public"))
}

impl Target {
    /// As a declaration writes it.
    pub fn pattern(&self, bare: bool) -> String {
        let quoted = |name: &String| {
            let is_bare = bare
                && name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if is_bare { name.clone() } else { ident(name) }
        };
        let Some(schema) = &self.schema else {
            return self.name.clone().unwrap();
        };
        let name = self.name.as_ref().map_or("*".to_owned(), quoted);
        let arguments = self.arguments.as_ref().map_or(String::new(), |arguments| {
            let types: Vec<&str> = arguments.iter().map(|(said, _)| *said).collect();
            format!("({})", types.join(", "))
        });
        format!("{}.{name}{arguments}", quoted(schema))
    }
}

impl Grant {
    /// As a declaration writes it.
    pub fn json(&self) -> Value {
        let mut grant = json!({ "role": role_json(&self.role), "privileges": self.privileges });
        if self.kind == "database" {
            grant["on"] = json!("database");
        } else {
            let patterns: Vec<String> = self
                .targets
                .iter()
                .enumerate()
                .map(|(at, target)| target.pattern(at % 2 == 0))
                .collect();
            grant["on"] = json!({ self.kind: patterns });
            if !self.columns.is_empty() {
                grant["on"]["columns"] = json!(self.columns);
            }
        }
        if self.grantable {
            grant["withGrantOption"] = json!(true);
        }
        grant
    }
}

impl Default {
    /// As a declaration writes it.
    pub fn json(&self) -> Value {
        let mut default = json!({ "creator": self.creator, "on": self.on, "role": role_json(&self.role), "privileges": self.privileges });
        if let Some(schema) = &self.schema {
            default["schema"] = json!(schema);
        }
        if self.grantable {
            default["withGrantOption"] = json!(true);
        }
        default
    }
}

impl Database {
    /// As a declaration writes it.
    pub fn json(&self) -> Value {
        let mut database = json!({
            "type": "postgresql", "name": self.name, "user": self.user, "owner": self.owner,
            "schemas": self.schemas.iter().map(|(name, owner)| json!({ "name": name, "owner": owner })).collect::<Vec<_>>(),
            "extensions": self.extensions.iter().map(|(name, schema)| json!({ "name": name, "schema": schema })).collect::<Vec<_>>(),
            "grants": self.grants.iter().map(Grant::json).collect::<Vec<_>>(),
            "defaultPrivileges": self.defaults.iter().map(Default::json).collect::<Vec<_>>(),
            "access": self.access.iter().map(|access| json!({ "role": access.role, "preset": access.preset, "schemas": access.schemas })).collect::<Vec<_>>(),
        });
        if self.authoritative {
            database["converge"] = json!("authoritative");
        }
        if self.keep_public {
            database["public"] = json!("keep");
        }
        database
    }
}

/// A list of default privileges: whose, where, on which letter's kind.
pub type Future = (String, Option<String>, String);

fn letter_and_kind(on: &str) -> (&'static str, &'static str) {
    match on {
        "tables" | "r" => ("r", "table"),
        "sequences" | "S" => ("S", "sequence"),
        "routines" | "f" => ("f", "routine"),
        "types" | "T" => ("T", "type"),
        _ => ("n", "schema"),
    }
}

/// What a list is while nobody has changed it.
fn usual(future: &Future, major: u8) -> BTreeSet<Right> {
    let (creator, schema, letter) = future;
    if schema.is_some() {
        return BTreeSet::new();
    }
    let (_, kind) = letter_and_kind(letter);
    let own = all(kind, major)
        .into_iter()
        .map(|privilege| (Some(creator.clone()), privilege.to_owned(), false));
    let public = match kind {
        "routine" => Some((None, "EXECUTE".to_owned(), false)),
        "type" => Some((None, "USAGE".to_owned(), false)),
        _ => None,
    };
    own.chain(public).collect()
}

/// The lists of default privileges of a database.
pub fn read_defaults(cluster: &Cluster, database: &str) -> BTreeMap<Future, BTreeSet<Right>> {
    let sql = "SELECT json_build_array((SELECT rolname FROM pg_roles WHERE oid = defaclrole), (SELECT nspname FROM pg_namespace WHERE oid = defaclnamespace), defaclobjtype,
        (SELECT coalesce(json_agg(json_build_array((SELECT rolname FROM pg_roles WHERE oid = grantee), privilege_type, is_grantable)), '[]') FROM aclexplode(defaclacl))) FROM pg_default_acl";
    let text = |value: &Value| value.as_str().map(str::to_owned);
    cluster
        .sql(database, sql)
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let entries = row[3].as_array().unwrap().iter();
            let rights = entries.map(|entry| {
                (
                    text(&entry[0]),
                    text(&entry[1]).unwrap(),
                    entry[2].as_bool().unwrap(),
                )
            });
            (
                (
                    text(&row[0]).unwrap(),
                    text(&row[1]),
                    text(&row[2]).unwrap(),
                ),
                rights.collect(),
            )
        })
        .collect()
}

impl Database {
    /// What differs from the lists that the program must leave, in words.
    pub fn default_differences(
        &self,
        before: &BTreeMap<Future, BTreeSet<Right>>,
        after: &BTreeMap<Future, BTreeSet<Right>>,
        schemas: &BTreeSet<String>,
        major: u8,
    ) -> Vec<String> {
        let mut wanted: BTreeMap<Future, BTreeMap<(Option<String>, String), bool>> =
            BTreeMap::new();
        let declared = self.expanded().1.into_iter();
        // Of a schema that is not there, nothing can be kept.
        for default in declared.filter(|default| {
            default
                .schema
                .as_ref()
                .is_none_or(|schema| schemas.contains(schema))
        }) {
            let (letter, kind) = letter_and_kind(default.on);
            let mut given = Wanted::new();
            add(
                &mut given,
                &default.privileges,
                kind,
                default.grantable,
                major,
            );
            let list = wanted
                .entry((default.creator, default.schema, letter.to_owned()))
                .or_default();
            for (privilege, grantable) in given {
                *list.entry((default.role.clone(), privilege)).or_default() |= grantable;
            }
        }
        let creators = self.creators();
        let closed = creators.iter().flat_map(|creator| {
            ["f", "T"].map(|letter| (creator.clone(), None, letter.to_owned()))
        });
        let keys: BTreeSet<Future> = before
            .keys()
            .chain(wanted.keys())
            .chain(after.keys())
            .cloned()
            .chain(closed)
            .collect();
        let mut found = Vec::new();
        for key in keys {
            let usual = usual(&key, major);
            let none = BTreeMap::new();
            let wanted = wanted.get(&key).unwrap_or(&none);
            let mut rights = BTreeMap::new();
            for (grantee, privilege, grantable) in before.get(&key).unwrap_or(&usual) {
                let declared = wanted.get(&(grantee.clone(), privilege.clone()));
                let is_own = grantee.as_ref() == Some(&key.0) && key.1.is_none();
                let is_usual = usual
                    .iter()
                    .any(|(who, what, _)| (who, what) == (grantee, privilege));
                let is_closed = grantee.is_none() && !self.keep_public && creators.contains(&key.0);
                let is_kept = grantee.is_none() && self.keep_public;
                let goes = !is_own
                    && declared.is_none()
                    && (is_closed || self.authoritative && !is_usual && !is_kept);
                if !goes {
                    let keeps_option = is_own || declared == Some(&true) || !self.authoritative;
                    rights.insert(
                        (grantee.clone(), privilege.clone()),
                        *grantable && keeps_option,
                    );
                }
            }
            for (right, grantable) in wanted {
                *rights.entry(right.clone()).or_default() |= grantable;
            }
            let rights: BTreeSet<Right> = rights
                .into_iter()
                .map(|((who, what), grantable)| (who, what, grantable))
                .collect();
            let has = after.get(&key).unwrap_or(&usual);
            if *has != rights {
                found.push(format!(
                    "default privileges {key:?}: {has:?}, not {rights:?}"
                ));
            }
        }
        found
    }
}
