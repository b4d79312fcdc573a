//! What the declarations mean: defaults applied, names safe by type, no places, no doubt. Every target and every
//! later command starts from here.

pub mod access;
pub mod connection;
mod consumer;
mod converge;
mod lower;
pub mod reach;
mod removed;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use crate::declaration::Attribute;
use crate::postgres::hba;
use crate::postgres::identifier::Identifier;
use crate::postgres::pattern::Pattern;
use crate::postgres::privilege::{ObjectKind, Privilege};
use crate::postgres::version::Version;

pub use connection::{Connection, Environment};
pub use consumer::{FileAccess, OnChange};
pub use converge::{Converge, CreatedBy, Drift, DriftMode, Hook, Hooks, Public, Timeouts};
pub use lower::{Impossible, lower};
pub use removed::Removed;

/// The server that services.postgresql runs.
pub const MAIN: &str = "main";

/// Where the server that services.postgresql runs has its socket.
pub const DEFAULT_SOCKET_DIRECTORY: &str = "/run/postgresql";

/// The port of a server that says nothing else.
pub const DEFAULT_PORT: u16 = 5432;

/// All servers of a project.
#[derive(Debug)]
pub struct Catalog {
    /// The option path below which the module exposes its attributes, part by part.
    pub namespace: Vec<Box<str>>,
    /// The servers, by name. At present there is only [`MAIN`].
    pub instances: BTreeMap<Box<str>, Instance>,
}

/// Parameters with their values, in the order of the parameters' canonical names, each once.
pub type Settings = Vec<(Cow<'static, str>, Vec<String>)>;

/// One server.
#[derive(Debug)]
pub struct Instance {
    /// The major version, when it is declared.
    pub version: Option<Version>,
    /// The TCP port, which also names the socket.
    pub port: u16,
    /// Where the socket lies.
    pub socket_directory: Box<str>,
    /// The databases of enabled services.
    pub databases: BTreeMap<Identifier, Database>,
    /// The roles of enabled services.
    pub roles: BTreeMap<Identifier, Role>,
    /// The rules of pg_hba.conf, in their order.
    pub rules: Vec<hba::Rule>,
    /// The lines of pg_ident.conf, in their order.
    pub ident_map: Vec<hba::IdentMap>,
    /// Libraries for shared_preload_libraries.
    pub preload_libraries: BTreeSet<Box<str>>,
    /// Attributes of postgresqlPackages that the extensions come from.
    pub packages: BTreeSet<Box<str>>,
    /// What becomes of privileges that are found and not declared.
    pub converge: Converge,
    /// Who creates databases and roles.
    pub creation: CreatedBy,
    /// What shall no longer be there.
    pub removed: Removed,
    /// How often drift is looked for; nothing: never.
    pub drift: Option<Drift>,
    /// How long the sessions of the provisioning program wait.
    pub timeouts: Timeouts,
}

/// One database.
#[derive(Debug)]
pub struct Database {
    /// The service that declares it.
    pub service: Box<str>,
    /// The role that the service logs in as.
    pub user: Identifier,
    /// The owner.
    pub owner: Identifier,
    /// Parameters for the database.
    pub settings: Settings,
    /// Everything else, when there is anything else.
    details: Option<Box<Details>>,
}

/// What most databases do not have, seen as fields of [`Database`]. Kept apart because there may be many databases.
#[derive(Debug, Default, PartialEq)]
pub struct Details {
    /// What it is created with; nothing: the server's defaults.
    pub creation: Option<Box<Creation>>,
    /// Parameters for a role in this database.
    pub role_settings: BTreeMap<Identifier, Settings>,
    /// Extensions.
    pub extensions: BTreeMap<Identifier, Extension>,
    /// Schemas with their owners.
    pub schemas: BTreeMap<Identifier, Identifier>,
    /// Grants, sorted.
    pub grants: BTreeSet<Grant>,
    /// Presets, sorted.
    pub access: BTreeSet<Access>,
    /// Default privileges, sorted.
    pub default_privileges: BTreeSet<DefaultPrivilege>,
    /// The Unix user that the service runs as.
    pub unix_user: Option<Box<str>>,
    /// Whether `user` may log in over the socket only, and not over loopback.
    pub socket_only: bool,
    /// The systemd units that use the database.
    pub units: BTreeSet<Box<str>>,
    /// What becomes of them when the connection changes.
    pub on_change: OnChange,
    /// What becomes of privileges that are found and not declared; nothing: what the server's declaration says.
    pub converge: Option<Converge>,
    /// What becomes of the privileges of PUBLIC that are not declared.
    pub public: Public,
    /// SQL that the provisioning program runs.
    pub hooks: Hooks,
    /// Files that tell how to connect.
    pub connection: Option<Box<Connection>>,
}

impl Details {
    const NONE: &Details = &Details {
        creation: None,
        role_settings: BTreeMap::new(),
        extensions: BTreeMap::new(),
        schemas: BTreeMap::new(),
        grants: BTreeSet::new(),
        access: BTreeSet::new(),
        default_privileges: BTreeSet::new(),
        unix_user: None,
        socket_only: false,
        units: BTreeSet::new(),
        on_change: OnChange::Restart,
        converge: None,
        public: Public::Revoke,
        hooks: Hooks::NONE,
        connection: None,
    };
}

impl Deref for Database {
    type Target = Details;

    fn deref(&self) -> &Details {
        self.details.as_deref().unwrap_or(Details::NONE)
    }
}

/// Attributes of CREATE DATABASE and of the database itself; what is absent is the server's default.
#[derive(Debug, Default, PartialEq)]
pub struct Creation {
    /// ENCODING.
    pub encoding: Option<Box<str>>,
    /// LC_COLLATE.
    pub collate: Option<Box<str>>,
    /// LC_CTYPE.
    pub ctype: Option<Box<str>>,
    /// LOCALE_PROVIDER.
    pub locale_provider: Option<Box<str>>,
    /// ICU_LOCALE.
    pub icu_locale: Option<Box<str>>,
    /// ICU_RULES.
    pub icu_rules: Option<Box<str>>,
    /// BUILTIN_LOCALE.
    pub builtin_locale: Option<Box<str>>,
    /// TEMPLATE.
    pub template: Option<Identifier>,
    /// TABLESPACE.
    pub tablespace: Option<Identifier>,
    /// CONNECTION LIMIT.
    pub connection_limit: Option<i64>,
    /// A comment.
    pub comment: Option<Box<str>>,
}

impl Creation {
    /// Nothing is said.
    pub const NONE: Creation = Creation {
        encoding: None,
        collate: None,
        ctype: None,
        locale_provider: None,
        icu_locale: None,
        icu_rules: None,
        builtin_locale: None,
        template: None,
        tablespace: None,
        connection_limit: None,
        comment: None,
    };

    /// Whether CREATE DATABASE itself must differ, so that nixpkgs' ensureDatabases, which uses the server's
    /// defaults, would create the wrong database.
    pub fn differs_at_creation(&self) -> bool {
        let texts = [
            &self.encoding,
            &self.collate,
            &self.ctype,
            &self.locale_provider,
            &self.icu_locale,
            &self.icu_rules,
            &self.builtin_locale,
        ];
        texts.iter().any(|text| text.is_some())
            || self.template.is_some()
            || self.tablespace.is_some()
    }
}

/// One extension.
#[derive(Debug, PartialEq)]
pub struct Extension {
    /// SCHEMA.
    pub schema: Option<Identifier>,
    /// VERSION.
    pub version: Option<Box<str>>,
    /// CASCADE.
    pub cascade: bool,
}

/// Who gets a privilege.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grantee {
    /// Everybody.
    Public,
    /// One role.
    Role(Identifier),
}

/// Which privileges: every one that the kind of object has, or these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Privileges {
    /// ALL PRIVILEGES.
    All,
    /// These.
    Some(BTreeSet<Privilege>),
}

/// Privileges on objects of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// Who gets them.
    pub grantee: Grantee,
    /// The kind of object.
    pub kind: ObjectKind,
    /// The objects; empty for the database itself.
    pub objects: Vec<Object>,
    /// With tables: only these columns.
    pub columns: BTreeSet<Identifier>,
    /// Which privileges.
    pub privileges: Privileges,
    /// WITH GRANT OPTION.
    pub with_grant_option: bool,
}

/// The objects that a pattern names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// Something that has no schema: a schema itself, a language, a server, a tablespace.
    Global(Identifier),
    /// A server parameter.
    Parameter(Box<str>),
    /// A large object.
    LargeObject(u32),
    /// Objects of a schema.
    InSchema(Pattern),
}

/// A ready-made set of privileges.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// Who gets them.
    pub role: Identifier,
    /// Which set.
    pub preset: Preset,
    /// For which schemas.
    pub schemas: BTreeSet<Identifier>,
}

/// What a role may do in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// CONNECT, USAGE, SELECT.
    ReadOnly,
    /// Also INSERT, UPDATE, DELETE, and the use of sequences.
    ReadWrite,
    /// Everything on the schemas and what is in them.
    Owner,
}

/// Privileges on what is created later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DefaultPrivilege {
    /// FOR ROLE.
    pub creator: Identifier,
    /// IN SCHEMA; nothing: in every schema.
    pub schema: Option<Identifier>,
    /// The kind of object.
    pub kind: ObjectKind,
    /// Who gets them.
    pub grantee: Grantee,
    /// Which.
    pub privileges: Privileges,
    /// WITH GRANT OPTION.
    pub with_grant_option: bool,
}

/// Where a password comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordSource {
    /// A file on the host.
    File(Box<str>),
    /// A sops-nix secret.
    Sops(Box<str>),
    /// An agenix secret.
    Agenix(Box<str>),
    /// Made on the host.
    Generated,
}

/// One role.
#[derive(Debug, Default)]
pub struct Role {
    /// LOGIN.
    pub login: bool,
    /// Everything else, when there is anything else.
    details: Option<Box<RoleDetails>>,
}

/// What most roles do not have, seen as fields of [`Role`].
#[derive(Debug, Default)]
pub struct RoleDetails {
    /// The switches that were said, other than LOGIN.
    pub attributes: BTreeMap<Attribute, bool>,
    /// CONNECTION LIMIT.
    pub connection_limit: Option<i64>,
    /// VALID UNTIL.
    pub valid_until: Option<Box<str>>,
    /// Memberships, by the role whose member it is.
    pub memberships: BTreeMap<Identifier, Membership>,
    /// Parameters for the role.
    pub settings: Settings,
    /// A comment.
    pub comment: Option<Box<str>>,
    /// Where its password comes from.
    pub password: Option<PasswordSource>,
    /// Who may read the file of a password that is made on the host.
    pub password_access: FileAccess,
    /// The Unix user that may log in as it.
    pub unix_user: Option<Box<str>>,
}

impl RoleDetails {
    const NONE: &RoleDetails = &RoleDetails {
        attributes: BTreeMap::new(),
        connection_limit: None,
        valid_until: None,
        memberships: BTreeMap::new(),
        settings: Vec::new(),
        comment: None,
        password: None,
        password_access: FileAccess::OWNER,
        unix_user: None,
    };
}

impl Deref for Role {
    type Target = RoleDetails;

    fn deref(&self) -> &RoleDetails {
        self.details.as_deref().unwrap_or(RoleDetails::NONE)
    }
}

impl Role {
    fn details(&mut self) -> &mut RoleDetails {
        self.details.get_or_insert_default()
    }
}

/// How a role is a member of another; what is absent is the server's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// WITH ADMIN.
    pub admin: Option<bool>,
    /// WITH INHERIT.
    pub inherit: Option<bool>,
    /// WITH SET.
    pub set: Option<bool>,
}
