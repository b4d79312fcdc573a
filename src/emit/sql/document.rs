//! The desired state as the program reads it: one JSON document of the roles, one of the databases, and one of the
//! contents of each database. What is absent is unsaid; a null grantee is PUBLIC, null privileges are all of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::postgres::identifier::Identifier;

/// A flag that is only written when it is set.
fn is_unset(flag: &bool) -> bool {
    !flag
}

/// The roles of the server.
#[derive(Debug, Serialize)]
pub struct Roles<'a> {
    pub converge: &'static str,
    pub roles: Vec<Role<'a>>,
    /// The names of the declared databases.
    pub databases: Vec<&'a str>,
    /// Roles that shall no longer be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<&'a str>,
}

impl Roles<'_> {
    /// Whether a password has to be read first.
    pub fn reads_files(&self) -> bool {
        let passwords = self.roles.iter().map(|role| &role.password);
        passwords
            .flatten()
            .any(|password| matches!(password, Password::File(_)))
    }
}

/// One role.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Role<'a> {
    pub name: &'a str,
    pub attributes: Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<Setting<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub memberships: Vec<Membership<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Password<'a>>,
}

/// The switches of a role, by their names.
pub type Attributes = BTreeMap<&'static str, bool>;

/// One parameter.
#[derive(Debug, Serialize)]
pub struct Setting<'a> {
    pub parameter: &'a str,
    /// The value as SET takes it: one literal, or several for a list.
    pub values: &'a [String],
    /// Whether each value is a name, which the server stores quoted where it needs that.
    #[serde(skip_serializing_if = "is_unset")]
    pub names: bool,
}

/// One membership.
#[derive(Debug, Serialize)]
pub struct Membership<'a> {
    pub role: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherit: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<bool>,
}

/// Where the program finds a password.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Password<'a> {
    /// In a file on the host.
    File(String),
    /// Here, as what the server keeps of it.
    Verifier(&'a str),
}

/// The databases of the server, and what else has privileges without lying in a database.
#[derive(Debug, Serialize)]
pub struct Databases<'a> {
    pub converge: &'static str,
    pub databases: Vec<Database<'a>>,
    pub tablespaces: Vec<Named<'a>>,
    pub parameters: Vec<Named<'a>>,
    /// Databases that shall no longer be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<&'a str>,
}

/// One database, seen from outside.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Database<'a> {
    pub name: &'a str,
    pub owner: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collate: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctype: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale_provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icu_locale: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icu_rules: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub builtin_locale: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<&'a str>,
    pub converge: &'static str,
    pub public: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<Setting<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub role_settings: Vec<RoleSettings<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Granted<'a>>,
}

/// Parameters of a role in a database.
#[derive(Debug, Serialize)]
pub struct RoleSettings<'a> {
    pub role: &'a str,
    pub settings: Vec<Setting<'a>>,
}

/// Who gets which privileges.
#[derive(Debug, Serialize)]
pub struct Granted<'a> {
    pub grantee: Option<&'a str>,
    pub privileges: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "is_unset")]
    pub grantable: bool,
}

/// Privileges on something that has only a name.
#[derive(Debug, Serialize)]
pub struct Named<'a> {
    pub name: Cow<'a, str>,
    #[serde(flatten)]
    pub granted: Granted<'a>,
}

/// What is inside one database.
#[derive(Debug, Serialize)]
pub struct Contents<'a> {
    pub name: &'a str,
    pub owner: &'a str,
    pub converge: &'static str,
    pub public: &'static str,
    pub extensions: Vec<Extension<'a>>,
    pub schemas: Vec<Schema<'a>>,
    pub grants: Vec<Grant<'a>>,
    pub defaults: Vec<Default<'a>>,
    /// The roles that create objects in this database.
    pub creators: Vec<&'a str>,
    pub before: Vec<Hook<'a>>,
    pub after: Vec<Hook<'a>>,
}

impl Contents<'_> {
    /// Whether nothing can be other than declared while the catalogs that the fingerprint reads stay the same.
    pub fn is_told_by_catalogs(&self) -> bool {
        let is_beside = |grant: &Grant| {
            grant.kind == "largeObject"
                || matches!(grant.schema, Some("pg_catalog" | "information_schema"))
        };
        self.before.is_empty() && self.after.is_empty() && !self.grants.iter().any(is_beside)
    }
}

/// One extension.
#[derive(Debug, Serialize)]
pub struct Extension<'a> {
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
    #[serde(skip_serializing_if = "is_unset")]
    pub cascade: bool,
}

/// One schema.
#[derive(Debug, Serialize)]
pub struct Schema<'a> {
    pub name: &'a str,
    pub owner: &'a str,
}

/// Privileges on objects inside the database.
#[derive(Debug, Serialize)]
pub struct Grant<'a> {
    pub kind: &'static str,
    /// Absent for what lies in no schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<&'a str>,
    /// Absent for everything in the schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oid: Option<u32>,
    #[serde(flatten)]
    pub granted: Granted<'a>,
}

/// Privileges on what is created later.
#[derive(Debug, Serialize)]
pub struct Default<'a> {
    pub creator: &'a str,
    /// Absent: in every schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<&'a str>,
    /// The letter that pg_default_acl has for the kind of object.
    pub on: char,
    #[serde(flatten)]
    pub granted: Granted<'a>,
}

/// SQL that runs unless it is already done.
#[derive(Debug, Serialize)]
pub struct Hook<'a> {
    pub sql: &'a str,
    pub unless: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'a str>,
}

impl<'a> Hook<'a> {
    /// As it is declared.
    pub fn new(hook: &'a crate::catalog::Hook) -> Hook<'a> {
        Hook {
            sql: &hook.sql,
            unless: &hook.unless,
            role: hook.role.as_ref().map(Identifier::as_str),
        }
    }
}
