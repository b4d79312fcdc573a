//! What a person wrote, typed, every value with its place. Nothing here is checked beyond its kind.

mod conform;
mod connection;
mod fields;
mod file;
pub mod load;
mod read;
pub mod reference;
pub mod schema;
pub mod shape;
pub mod shapes;

pub use connection::Variable;
pub use file::{FileKind, read_file};

use std::ops::Deref;

use crate::source::{Span, Spanned};

pub use crate::postgres::parameter::SettingValue;

/// A string with its place.
pub type Text = Spanned<Box<str>>;

/// Everything that all files of a run declare.
#[derive(Debug, Default)]
pub struct Declarations {
    /// The project's settings.
    pub project: Project,
    /// Servers, by name; several entries of one name are merged by the checks.
    pub instances: Vec<Instance>,
    /// Services in the order of the files; a service that stands in several files has several entries.
    pub services: Vec<Service>,
}

impl Declarations {
    /// Every database with the service that declares it, disabled services included.
    pub fn databases(&self) -> impl Iterator<Item = (&Service, &Database)> {
        self.services.iter().flat_map(|service| {
            service
                .databases
                .iter()
                .map(move |database| (service, database))
        })
    }

    /// Every authentication rule that a server declares.
    pub fn authentication(&self) -> impl Iterator<Item = &Rule> {
        self.instances
            .iter()
            .flat_map(|instance| &instance.authentication)
    }

    /// What shall no longer be there.
    pub fn removed(&self) -> impl Iterator<Item = &Removed> {
        self.instances
            .iter()
            .filter_map(|instance| instance.removed.as_ref())
    }

    /// Every line of the ident map that a server declares.
    pub fn ident_map(&self) -> impl Iterator<Item = &Ident> {
        self.instances
            .iter()
            .flat_map(|instance| &instance.ident_map)
    }

    /// Every role with the service that declares it, disabled services included.
    pub fn roles(&self) -> impl Iterator<Item = (&Service, &Role)> {
        self.services
            .iter()
            .flat_map(|service| service.roles.iter().map(move |role| (service, role)))
    }
}

/// Settings of the project file.
#[derive(Debug, Default)]
pub struct Project {
    /// The option path below which the module exposes its attributes.
    pub namespace: Option<Text>,
    /// Globs of the declaration files.
    pub include: Vec<Text>,
    /// The module's path.
    pub output: Option<Text>,
}

/// One server.
#[derive(Debug)]
pub struct Instance {
    /// Its name.
    pub name: Text,
    /// Major version.
    pub version: Option<Spanned<i64>>,
    /// Where its socket lies.
    pub socket_directory: Option<Text>,
    /// For shared_preload_libraries.
    pub preload_libraries: Vec<Text>,
    /// Rules for pg_hba.conf.
    pub authentication: Vec<Rule>,
    /// Lines for pg_ident.conf.
    pub ident_map: Vec<Ident>,
    /// What becomes of what is found and not declared.
    pub converge: Option<Text>,
    /// Who creates databases and roles.
    pub creation: Option<Text>,
    /// What shall no longer be there.
    pub removed: Option<Removed>,
    /// Looking for drift.
    pub drift: Option<Drift>,
    /// How long the provisioning program waits for a lock.
    pub lock_timeout: Option<Text>,
    /// How long a statement of the provisioning program may take.
    pub statement_timeout: Option<Text>,
}

/// Databases and roles that shall no longer be there.
#[derive(Debug)]
pub struct Removed {
    /// The databases.
    pub databases: Vec<Text>,
    /// The roles.
    pub roles: Vec<Text>,
    /// Where the dumps of the databases go.
    pub dump_directory: Option<Text>,
}

/// A timer that looks for drift.
#[derive(Debug)]
pub struct Drift {
    /// The whole table.
    pub span: Span,
    /// When.
    pub on_calendar: Option<Text>,
    /// What is done about it.
    pub mode: Option<Text>,
}

/// A rule for pg_hba.conf.
#[derive(Debug)]
pub struct Rule {
    /// The whole table.
    pub span: Span,
    /// The kind of connection.
    pub connection: Text,
    /// Which databases.
    pub databases: Tokens,
    /// Which roles.
    pub users: Tokens,
    /// From where.
    pub address: Option<Text>,
    /// The method.
    pub method: Text,
    /// Its options.
    pub options: Vec<(Text, Text)>,
}

/// What a rule names.
#[derive(Debug)]
pub enum Tokens {
    /// A keyword, such as `all`.
    Keyword(Text),
    /// Names and the like.
    List(Vec<Token>, Span),
}

impl Tokens {
    /// The names and what stands in their place; nothing for a keyword.
    pub fn list(&self) -> &[Token] {
        match self {
            Tokens::Keyword(_) => &[],
            Tokens::List(list, _) => list,
        }
    }
}

/// One name of a rule, or what stands in its place.
#[derive(Debug)]
pub enum Token {
    /// Exactly this name.
    Name(Text),
    /// Members of this role.
    MemberOf(Text),
    /// A regular expression.
    Regex(Text),
}

/// A line for pg_ident.conf.
#[derive(Debug)]
pub struct Ident {
    /// The map's name.
    pub map: Text,
    /// The Unix user.
    pub system_user: Text,
    /// The role.
    pub database_user: Text,
}

/// One service, as one file declares it.
#[derive(Debug)]
pub struct Service {
    /// Its name; the span is the name in the table, or the start of a file that is named like the service.
    pub name: Text,
    /// In use?
    pub enable: Option<Spanned<bool>>,
    /// Its databases.
    pub databases: Vec<Database>,
    /// Its roles.
    pub roles: Vec<Role>,
    /// The Unix user that it runs as.
    pub unix_user: Option<Text>,
    /// Its systemd units.
    pub units: Vec<Text>,
    /// What becomes of them when a connection changes.
    pub on_change: Option<Text>,
    /// What holds for the connections of its databases that say nothing else.
    pub connection: Option<Box<Connection>>,
}

/// Files that tell how to connect.
#[derive(Debug)]
pub struct Connection {
    /// The whole table.
    pub span: Span,
    /// A file of variables.
    pub environment: Option<Environment>,
    /// A password file of libpq.
    pub pgpass: Option<Spanned<bool>>,
    /// A connection service file of libpq.
    pub service_file: Option<Spanned<bool>>,
    /// Whether they lead to the socket.
    pub socket: Option<Spanned<bool>>,
    /// The Unix user that they belong to.
    pub owner: Option<Text>,
    /// Their group.
    pub group: Option<Text>,
    /// Their permissions.
    pub mode: Option<Text>,
}

/// A file of variables.
#[derive(Debug)]
pub struct Environment {
    /// Whether there is one; the place is that of the whole value.
    pub wanted: Spanned<bool>,
    /// What the names of the variables begin with.
    pub prefix: Option<Text>,
    /// Other names for some of them.
    pub names: Vec<(Variable, Text)>,
    /// The text of the file.
    pub template: Option<Text>,
}

/// One database.
#[derive(Debug)]
pub struct Database {
    /// The whole table.
    pub span: Span,
    /// The kind of server.
    pub kind: Text,
    /// The database's name. Where it is not declared, `user` with an empty place stands for it.
    pub name: Text,
    /// The role that the service logs in as. Where it is not declared, `name` with an empty place stands for it.
    pub user: Text,
    /// The server's port.
    pub port: Option<Spanned<i64>>,
    /// Parameters for the database.
    pub extra_config: Vec<Setting>,
    /// Everything else, when anything else is said.
    details: Option<Box<Details>>,
}

/// What most databases leave unsaid, seen as fields of [`Database`]. Kept apart because every rule walks over all
/// databases, and without it several times as many fit into the processor's cache.
#[derive(Debug)]
pub struct Details {
    /// The owner, when not `user`.
    pub owner: Option<Text>,
    /// What can only be said when it is created, and a few things beside; absent when nothing is said.
    pub creation: Option<Box<Creation>>,
    /// Extensions.
    pub extensions: Vec<Extension>,
    /// Schemas.
    pub schemas: Vec<Schema>,
    /// Grants.
    pub grants: Vec<Grant>,
    /// Presets.
    pub access: Vec<Access>,
    /// Default privileges.
    pub default_privileges: Vec<DefaultPrivilege>,
    /// Parameters for a role in this database.
    pub role_settings: Vec<(Text, Vec<Setting>)>,
    /// Where the password of `user` comes from.
    pub password: Option<Box<Password>>,
    /// Whether `user` may log in over loopback.
    pub loopback: Option<Spanned<bool>>,
    /// Further addresses.
    pub clients: Vec<Client>,
    /// The Unix user.
    pub unix_user: Option<Text>,
    /// The units; none said: the service's.
    pub units: Vec<Text>,
    /// What becomes of them when the connection changes.
    pub on_change: Option<Text>,
    /// What becomes of what is found and not declared.
    pub converge: Option<Text>,
    /// What becomes of the privileges of PUBLIC.
    pub public: Option<Text>,
    /// SQL that runs before everything else.
    pub before: Vec<Hook>,
    /// SQL that runs after everything else.
    pub after: Vec<Hook>,
    /// Files that tell how to connect.
    pub connection: Option<Box<Connection>>,
}

/// SQL that runs unless it is already done.
#[derive(Debug)]
pub struct Hook {
    /// What runs.
    pub sql: Text,
    /// A query whose first value is true when there is nothing to do.
    pub unless: Text,
    /// The role that runs it.
    pub role: Option<Text>,
}

impl Details {
    const NONE: &Details = &Details {
        owner: None,
        creation: None,
        extensions: Vec::new(),
        schemas: Vec::new(),
        grants: Vec::new(),
        access: Vec::new(),
        default_privileges: Vec::new(),
        role_settings: Vec::new(),
        password: None,
        loopback: None,
        clients: Vec::new(),
        unix_user: None,
        units: Vec::new(),
        on_change: None,
        converge: None,
        public: None,
        before: Vec::new(),
        after: Vec::new(),
        connection: None,
    };

    /// All hooks.
    pub fn hooks(&self) -> impl Iterator<Item = &Hook> {
        self.before.iter().chain(&self.after)
    }
}

impl Deref for Database {
    type Target = Details;

    fn deref(&self) -> &Details {
        self.details.as_deref().unwrap_or(Details::NONE)
    }
}

/// Attributes of CREATE DATABASE.
#[derive(Debug, Default)]
pub struct Creation {
    /// ENCODING.
    pub encoding: Option<Text>,
    /// LOCALE.
    pub locale: Option<Text>,
    /// LC_COLLATE.
    pub collate: Option<Text>,
    /// LC_CTYPE.
    pub ctype: Option<Text>,
    /// LOCALE_PROVIDER.
    pub locale_provider: Option<Text>,
    /// ICU_LOCALE.
    pub icu_locale: Option<Text>,
    /// ICU_RULES.
    pub icu_rules: Option<Text>,
    /// BUILTIN_LOCALE.
    pub builtin_locale: Option<Text>,
    /// TEMPLATE.
    pub template: Option<Text>,
    /// TABLESPACE.
    pub tablespace: Option<Text>,
    /// CONNECTION LIMIT.
    pub connection_limit: Option<Spanned<i64>>,
    /// A comment.
    pub comment: Option<Text>,
}

/// One server parameter with its value.
#[derive(Debug)]
pub struct Setting {
    /// The parameter.
    pub name: Text,
    /// The value.
    pub value: Spanned<SettingValue>,
}

/// One extension.
#[derive(Debug)]
pub struct Extension {
    /// Its name.
    pub name: Text,
    /// SCHEMA.
    pub schema: Option<Text>,
    /// VERSION.
    pub version: Option<Text>,
    /// CASCADE.
    pub cascade: Option<Spanned<bool>>,
    /// The attribute of postgresqlPackages.
    pub package: Option<Text>,
    /// The library to preload.
    pub preload: Option<Preload>,
}

/// What is said of the library that an extension needs preloaded.
#[derive(Debug)]
pub enum Preload {
    /// This one.
    Library(Text),
    /// `false`: none; `true`: the known one.
    Known(Spanned<bool>),
}

/// One schema.
#[derive(Debug)]
pub struct Schema {
    /// Its name.
    pub name: Text,
    /// Its owner.
    pub owner: Option<Text>,
}

/// Privileges on objects.
#[derive(Debug)]
pub struct Grant {
    /// The whole table.
    pub span: Span,
    /// Who gets them.
    pub role: Text,
    /// Which; absent when it is no list of strings.
    pub privileges: Option<Vec<Text>>,
    /// On what.
    pub on: Target,
    /// WITH GRANT OPTION.
    pub with_grant_option: Option<Spanned<bool>>,
}

/// The objects of a grant.
#[derive(Debug)]
pub struct Target {
    /// The whole target.
    pub span: Span,
    /// The kinds that were named, each with its patterns; a right target has exactly one. The kind is the field's
    /// name ("table", "foreignServer"), or "database" without patterns.
    pub kinds: Vec<(Text, Vec<Text>)>,
    /// Columns, with a table.
    pub columns: Option<(Vec<Text>, Span)>,
}

/// A ready-made set of privileges.
#[derive(Debug)]
pub struct Access {
    /// Who gets them.
    pub role: Text,
    /// Which set.
    pub preset: Text,
    /// For which schemas.
    pub schemas: Option<Vec<Text>>,
}

/// Privileges on what is created later.
#[derive(Debug)]
pub struct DefaultPrivilege {
    /// FOR ROLE.
    pub creator: Option<Text>,
    /// IN SCHEMA.
    pub schema: Option<Text>,
    /// The kind of object.
    pub on: Text,
    /// Who gets them.
    pub role: Text,
    /// Which; absent when it is no list of strings.
    pub privileges: Option<Vec<Text>>,
    /// WITH GRANT OPTION.
    pub with_grant_option: Option<Spanned<bool>>,
}

/// Where a password comes from; a right one has exactly one source.
#[derive(Debug)]
pub struct Password {
    /// The whole table.
    pub span: Span,
    /// A file.
    pub file: Option<Text>,
    /// A sops-nix secret.
    pub sops: Option<Text>,
    /// An agenix secret.
    pub agenix: Option<Text>,
    /// Made on the host.
    pub generate: Option<Spanned<bool>>,
    /// The group of the file that keeps it.
    pub group: Option<Text>,
    /// The permissions of that file.
    pub mode: Option<Text>,
}

/// Addresses that may connect.
#[derive(Debug)]
pub struct Client {
    /// The whole value.
    pub span: Span,
    /// From where.
    pub address: Text,
    /// Who; `user` when not said.
    pub users: Option<Vec<Text>>,
    /// How.
    pub method: Option<Text>,
    /// Only over TLS.
    pub tls: Option<Spanned<bool>>,
}

/// One role.
#[derive(Debug)]
pub struct Role {
    /// The whole table.
    pub span: Span,
    /// Its name.
    pub name: Text,
    /// LOGIN, SUPERUSER and the other switches that were said, by the field's name.
    pub attributes: Vec<(Attribute, Spanned<bool>)>,
    /// CONNECTION LIMIT.
    pub connection_limit: Option<Spanned<i64>>,
    /// VALID UNTIL.
    pub valid_until: Option<Text>,
    /// Memberships.
    pub member_of: Vec<Membership>,
    /// Parameters for the role.
    pub settings: Vec<Setting>,
    /// A comment.
    pub comment: Option<Text>,
    /// Where its password comes from.
    pub password: Option<Box<Password>>,
    /// The Unix user.
    pub unix_user: Option<Text>,
}

impl Role {
    /// What is said of a switch, if anything is.
    pub fn attribute(&self, attribute: Attribute) -> Option<Spanned<bool>> {
        let mut said = self.attributes.iter();
        said.find_map(|(name, said)| (*name == attribute).then_some(*said))
    }

    /// Whether the switch is said to be on.
    pub fn is(&self, attribute: Attribute) -> bool {
        self.attribute(attribute).is_some_and(|said| said.value)
    }
}

/// The seven switches of a role, in the order of nixpkgs' `ensureClauses`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// SUPERUSER.
    Superuser,
    /// CREATEROLE.
    Createrole,
    /// CREATEDB.
    Createdb,
    /// INHERIT.
    Inherit,
    /// LOGIN.
    Login,
    /// REPLICATION.
    Replication,
    /// BYPASSRLS.
    Bypassrls,
}

impl Attribute {
    /// All of them.
    pub const ALL: [Attribute; 7] = [
        Attribute::Superuser,
        Attribute::Createrole,
        Attribute::Createdb,
        Attribute::Inherit,
        Attribute::Login,
        Attribute::Replication,
        Attribute::Bypassrls,
    ];

    /// The field's name, which is also nixpkgs' name of the clause.
    pub fn name(self) -> &'static str {
        match self {
            Attribute::Superuser => "superuser",
            Attribute::Createrole => "createrole",
            Attribute::Createdb => "createdb",
            Attribute::Inherit => "inherit",
            Attribute::Login => "login",
            Attribute::Replication => "replication",
            Attribute::Bypassrls => "bypassrls",
        }
    }
}

/// One membership.
#[derive(Debug)]
pub struct Membership {
    /// The role whose member it becomes.
    pub role: Text,
    /// WITH ADMIN.
    pub admin: Option<Spanned<bool>>,
    /// WITH INHERIT.
    pub inherit: Option<Spanned<bool>>,
    /// WITH SET.
    pub set: Option<Spanned<bool>>,
}
