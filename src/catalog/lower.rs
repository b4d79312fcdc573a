//! From checked declarations to the catalog. Whatever could fail here, a rule has told of before: an error is a rule
//! that is missing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::{
    Access, Catalog, Connection, Converge, CreatedBy, Creation, DEFAULT_PORT,
    DEFAULT_SOCKET_DIRECTORY, Database, DefaultPrivilege, Details, Extension, Grant, Grantee,
    Hooks, Instance, MAIN, Membership, Object, PasswordSource, Preset, Privileges, Removed, Role,
    Settings, Timeouts, access, connection, consumer, converge,
};
use crate::check::{Scope, target};
use crate::declaration::{self, Attribute, Setting, Text};
use crate::postgres::extension;
use crate::postgres::hba;
use crate::postgres::identifier::{Identifier, IdentifierError};
use crate::postgres::parameter;
use crate::postgres::pattern::{Pattern, PatternError};
use crate::postgres::privilege::{ObjectKind, Privilege};

/// Why declarations that passed every rule have no meaning all the same.
#[derive(Debug, Error)]
#[error("no rule found it, but {0}; this is a mistake in dbgen, please report it")]
pub struct Impossible(pub(super) String);

impl From<IdentifierError> for Impossible {
    fn from(error: IdentifierError) -> Impossible {
        Impossible(error.to_string())
    }
}

impl From<PatternError> for Impossible {
    fn from(error: PatternError) -> Impossible {
        Impossible(error.to_string())
    }
}

pub(super) type Result<T> = std::result::Result<T, Impossible>;

/// The namespace when the project says nothing.
pub const DEFAULT_NAMESPACE: &str = "qgroget";

/// The catalog of declarations in which no rule found an error.
///
/// # Errors
/// When a declaration has no meaning though no rule complained.
pub fn lower(scope: &Scope) -> Result<Catalog> {
    let declarations = scope.declarations;
    let namespace = declarations
        .project
        .namespace
        .as_ref()
        .map_or(DEFAULT_NAMESPACE, |text| &text.value);
    let mut instance = Instance {
        version: scope.version(),
        port: DEFAULT_PORT,
        socket_directory: DEFAULT_SOCKET_DIRECTORY.into(),
        databases: BTreeMap::new(),
        roles: roles(scope)?,
        rules: rules(scope),
        ident_map: access::ident_map(scope)
            .into_iter()
            .map(|(line, _)| line)
            .collect(),
        preload_libraries: BTreeSet::new(),
        packages: BTreeSet::new(),
        converge: Converge::default(),
        creation: CreatedBy::default(),
        removed: Removed::default(),
        drift: None,
        timeouts: Timeouts::default(),
    };
    for said in &declarations.instances {
        if let Some(directory) = &said.socket_directory {
            instance.socket_directory = directory.value.clone();
        }
        converge::instance(&mut instance, said)?;
        instance.preload_libraries.extend(
            said.preload_libraries
                .iter()
                .map(|library| library.value.clone()),
        );
    }
    let mut databases = Vec::with_capacity(scope.enabled_databases().count());
    // A service may stand in several files: what one of them says holds for the databases of all.
    let mut consumers: BTreeMap<&str, Consumers> = BTreeMap::new();
    for service in &declarations.services {
        if service.units.is_empty() && service.on_change.is_none() {
            continue;
        }
        let all = consumers.entry(&service.name.value).or_default();
        all.units.extend(&service.units);
        all.on_change = all.on_change.or(service.on_change.as_ref());
    }
    for service in declarations
        .services
        .iter()
        .filter(|service| scope.is_enabled(service))
    {
        let name = &*service.name.value;
        for role in &service.roles {
            add_role(&mut instance.roles, role)?;
        }
        for said in &service.databases {
            if let Some(port) = said.port {
                instance.port = u16::try_from(port.value)
                    .map_err(|_| Impossible(format!("port {}", port.value)))?;
            }
            add_packages(&mut instance, said);
            let consumers = consumers.get(name);
            let connection = connection::connection(scope.connection(service, said))?;
            let unix_user = scope.unix_user(service);
            let database = database(service, said, unix_user, consumers, connection)?;
            let user = instance.roles.entry(database.user.clone()).or_default();
            user.login = true;
            if let Some(password) = &said.password {
                user.details().password = password_source(password);
                user.details().password_access = consumer::access(password)?;
            }
            if user.unix_user.is_none() && database.unix_user.is_some() {
                user.details().unix_user.clone_from(&database.unix_user);
            }
            // Most databases are named like their user: one text serves both.
            let name = match said.name.value == said.user.value {
                true => database.user.clone(),
                false => identifier(&said.name)?,
            };
            databases.push((name, database));
        }
    }
    // A map that is made at once takes half the room. Of two equal names the last stays, as with one insertion after
    // the other.
    instance.databases = databases.into_iter().collect();
    Ok(Catalog {
        namespace: namespace.split('.').map(Into::into).collect(),
        instances: BTreeMap::from([(MAIN.into(), instance)]),
    })
}

/// The rules without their places, in no more room than they need.
fn rules(scope: &Scope) -> Vec<hba::Rule> {
    let rules = access::rules(scope).into_iter();
    let mut rules: Vec<hba::Rule> = rules.map(|(rule, _)| rule).collect();
    rules.shrink_to_fit();
    rules
}

/// Every role of enabled services, with nothing said about it. A map that is made at once takes half the room.
fn roles(scope: &Scope) -> Result<BTreeMap<Identifier, Role>> {
    let services = scope.declarations.services.iter();
    let names = services
        .filter(|service| scope.is_enabled(service))
        .flat_map(|service| {
            let users = service.databases.iter().map(|database| &database.user);
            service.roles.iter().map(|role| &role.name).chain(users)
        });
    names
        .map(|name| Ok((identifier(name)?, Role::default())))
        .collect()
}

pub(super) fn identifier(text: &Text) -> Result<Identifier> {
    Ok(Identifier::new(&text.value)?)
}

pub(super) fn optional(text: Option<&Text>) -> Result<Option<Identifier>> {
    text.map(identifier).transpose()
}

fn string(text: Option<&Text>) -> Option<Box<str>> {
    text.map(|text| text.value.clone())
}

fn add_packages(instance: &mut Instance, database: &declaration::Database) {
    for said in &database.extensions {
        let known = extension::lookup(&said.name.value);
        let package = string(said.package.as_ref()).or_else(|| known?.package.map(Into::into));
        instance.packages.extend(package);
        let known = known.and_then(|known| known.preload);
        let preload = match &said.preload {
            Some(declaration::Preload::Library(library)) => Some(library.value.clone()),
            Some(declaration::Preload::Known(wanted)) => known
                .filter(|_| wanted.value)
                .map(|known| known.library.into()),
            // A library that only some use needs may keep the server from starting: it must be asked for.
            None => known
                .filter(|known| known.required)
                .map(|known| known.library.into()),
        };
        instance.preload_libraries.extend(preload);
    }
}

/// What all files together say of a service's units.
#[derive(Default)]
struct Consumers<'d> {
    units: Vec<&'d Text>,
    on_change: Option<&'d Text>,
}

/// The database, with the Unix user and the units of its service where it says none.
fn database(
    service: &declaration::Service,
    said: &declaration::Database,
    unix_user: Option<&Text>,
    consumers: Option<&Consumers>,
    connection: Option<Box<Connection>>,
) -> Result<Database> {
    let user = identifier(&said.user)?;
    let owner = optional(said.owner.as_ref())?.unwrap_or_else(|| user.clone());
    let mut schemas = BTreeMap::new();
    for schema in &said.schemas {
        let owner = optional(schema.owner.as_ref())?.unwrap_or_else(|| owner.clone());
        schemas.insert(identifier(&schema.name)?, owner);
    }
    let mut extensions = BTreeMap::new();
    for extension in &said.extensions {
        let details = Extension {
            schema: optional(extension.schema.as_ref())?,
            version: string(extension.version.as_ref()),
            cascade: extension.cascade.is_some_and(|cascade| cascade.value),
        };
        extensions.insert(identifier(&extension.name)?, details);
    }
    let access = said.access.iter().map(|access| preset(access, &schemas));
    let defaults = said
        .default_privileges
        .iter()
        .map(|privilege| default_privilege(privilege, &owner));
    let roles = said
        .role_settings
        .iter()
        .map(|(role, said)| Ok((identifier(role)?, settings(said)?)));
    let units: Vec<&Text> = match said.units.is_empty() {
        true => consumers.map_or_else(Vec::new, |all| all.units.clone()),
        false => said.units.iter().collect(),
    };
    let details = Details {
        access: access.collect::<Result<_>>()?,
        default_privileges: defaults.collect::<Result<_>>()?,
        role_settings: roles.collect::<Result<_>>()?,
        grants: said.grants.iter().map(grant).collect::<Result<_>>()?,
        creation: said
            .creation
            .as_deref()
            .map(creation)
            .transpose()?
            .map(Box::new),
        unix_user: string(said.unix_user.as_ref().or(unix_user)),
        socket_only: said.loopback.is_some_and(|loopback| !loopback.value),
        units: units.into_iter().map(|unit| unit.value.clone()).collect(),
        on_change: consumer::on_change(said.on_change.as_ref().or_else(|| consumers?.on_change))?,
        schemas,
        extensions,
        converge: said.converge.as_ref().map(converge::mode).transpose()?,
        connection,
        public: converge::public(said.public.as_ref())?,
        hooks: Hooks {
            before: said
                .before
                .iter()
                .map(converge::hook)
                .collect::<Result<_>>()?,
            after: said
                .after
                .iter()
                .map(converge::hook)
                .collect::<Result<_>>()?,
        },
    };
    Ok(Database {
        service: service.name.value.clone(),
        settings: settings(&said.extra_config)?,
        details: (details != *Details::NONE).then(|| Box::new(details)),
        user,
        owner,
    })
}

fn creation(said: &declaration::Creation) -> Result<Creation> {
    let locale = said.locale.as_ref();
    // LOCALE is the locale of the provider too; the server's version decides whether it may say that.
    let of_provider = |name: &str| {
        let provider = said.locale_provider.as_ref();
        locale.filter(|_| provider.is_some_and(|it| it.value.eq_ignore_ascii_case(name)))
    };
    Ok(Creation {
        encoding: string(said.encoding.as_ref()),
        collate: string(said.collate.as_ref().or(locale)),
        ctype: string(said.ctype.as_ref().or(locale)),
        locale_provider: string(said.locale_provider.as_ref()),
        icu_locale: string(said.icu_locale.as_ref().or_else(|| of_provider("icu"))),
        icu_rules: string(said.icu_rules.as_ref()),
        builtin_locale: string(
            said.builtin_locale
                .as_ref()
                .or_else(|| of_provider("builtin")),
        ),
        template: optional(said.template.as_ref())?,
        tablespace: optional(said.tablespace.as_ref())?,
        connection_limit: said.connection_limit.map(|limit| limit.value),
        comment: string(said.comment.as_ref()),
    })
}

/// Parameters by their canonical names, whatever case they were written in, and the texts of their values: several for
/// a list.
fn settings(said: &[Setting]) -> Result<Settings> {
    let mut settings = BTreeMap::new();
    for setting in said {
        let name = &*setting.name.value;
        let known = parameter::lookup(name);
        let edition = known.and_then(|known| known.editions().last());
        let texts = parameter::elements(name, edition, &setting.value.value)
            .map_err(|error| Impossible(error.to_string()))?;
        let canonical = match known {
            Some(known) => Cow::Borrowed(known.name),
            None => Cow::Owned(name.to_owned()),
        };
        settings.insert(canonical, texts);
    }
    Ok(settings.into_iter().collect())
}

fn password_source(said: &declaration::Password) -> Option<PasswordSource> {
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone());
    let file = text(&said.file).map(PasswordSource::File);
    let sops = || text(&said.sops).map(PasswordSource::Sops);
    let agenix = || text(&said.agenix).map(PasswordSource::Agenix);
    let generated = || {
        said.generate
            .filter(|generate| generate.value)
            .map(|_| PasswordSource::Generated)
    };
    file.or_else(sops).or_else(agenix).or_else(generated)
}

fn add_role(roles: &mut BTreeMap<Identifier, Role>, said: &declaration::Role) -> Result<()> {
    let role = roles.entry(identifier(&said.name)?).or_default();
    for (attribute, said) in &said.attributes {
        if *attribute == Attribute::Login {
            role.login = said.value;
        } else {
            role.details().attributes.insert(*attribute, said.value);
        }
    }
    let role = role.details();
    role.connection_limit = said.connection_limit.map(|limit| limit.value);
    role.valid_until = string(said.valid_until.as_ref());
    role.comment = string(said.comment.as_ref());
    role.settings = settings(&said.settings)?;
    if let Some(password) = &said.password {
        role.password = password_source(password);
        role.password_access = consumer::access(password)?;
    }
    if said.unix_user.is_some() {
        role.unix_user = string(said.unix_user.as_ref());
    }
    for membership in &said.member_of {
        let options = Membership {
            admin: membership.admin.map(|admin| admin.value),
            inherit: membership.inherit.map(|inherit| inherit.value),
            set: membership.set.map(|set| set.value),
        };
        role.memberships
            .insert(identifier(&membership.role)?, options);
    }
    Ok(())
}

fn grantee(role: &Text) -> Result<Grantee> {
    Ok(if &*role.value == "public" {
        Grantee::Public
    } else {
        Grantee::Role(identifier(role)?)
    })
}

fn privileges(said: &[Text]) -> Result<Privileges> {
    let is_all = |text: &Text| {
        matches!(
            text.value.to_ascii_uppercase().as_str(),
            "ALL" | "ALL PRIVILEGES"
        )
    };
    if said.iter().any(is_all) {
        return Ok(Privileges::All);
    }
    let read = |text: &Text| {
        Privilege::new(&text.value)
            .ok_or_else(|| Impossible(format!("`{}` is no privilege", text.value)))
    };
    Ok(Privileges::Some(
        said.iter().map(read).collect::<Result<_>>()?,
    ))
}

fn grant(said: &declaration::Grant) -> Result<Grant> {
    let Some((field, patterns)) = said.on.kinds.first() else {
        return Err(Impossible("a grant names no object".into()));
    };
    let kind = target::kind(&field.value)
        .ok_or_else(|| Impossible(format!("`{}` is no kind of object", field.value)))?;
    let mut objects = patterns
        .iter()
        .map(|pattern| object(kind, pattern))
        .collect::<Result<Vec<_>>>()?;
    objects.sort();
    objects.dedup();
    let columns = said.on.columns.iter().flat_map(|(columns, _)| columns);
    Ok(Grant {
        grantee: grantee(&said.role)?,
        kind: if said.on.columns.is_some() {
            ObjectKind::Column
        } else {
            kind
        },
        objects,
        columns: columns.map(identifier).collect::<Result<_>>()?,
        privileges: privileges(said.privileges.as_deref().unwrap_or_default())?,
        with_grant_option: said.with_grant_option.is_some_and(|option| option.value),
    })
}

fn object(kind: ObjectKind, text: &Text) -> Result<Object> {
    Ok(match kind {
        ObjectKind::Table
        | ObjectKind::Column
        | ObjectKind::Sequence
        | ObjectKind::Type
        | ObjectKind::Domain => Object::InSchema(Pattern::relation(&text.value)?),
        ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine => {
            Object::InSchema(Pattern::routine(&text.value)?)
        }
        ObjectKind::Parameter => Object::Parameter(text.value.clone()),
        ObjectKind::LargeObject => {
            let number = text.value.parse();
            Object::LargeObject(
                number.map_err(|_| Impossible(format!("`{}` is no large object", text.value)))?,
            )
        }
        _ => Object::Global(identifier(text)?),
    })
}

fn preset(
    said: &declaration::Access,
    declared: &BTreeMap<Identifier, Identifier>,
) -> Result<Access> {
    let schemas = match &said.schemas {
        Some(schemas) => schemas.iter().map(identifier).collect::<Result<_>>()?,
        None => declared
            .keys()
            .cloned()
            .chain([Identifier::new("public")?])
            .collect(),
    };
    let preset = match &*said.preset.value {
        "read-only" => Preset::ReadOnly,
        "read-write" => Preset::ReadWrite,
        "owner" => Preset::Owner,
        other => return Err(Impossible(format!("`{other}` is no preset"))),
    };
    Ok(Access {
        role: identifier(&said.role)?,
        preset,
        schemas,
    })
}

fn default_privilege(
    said: &declaration::DefaultPrivilege,
    owner: &Identifier,
) -> Result<DefaultPrivilege> {
    let kind = target::future_kind(&said.on.value)
        .ok_or_else(|| Impossible(format!("`{}` is no kind of object", said.on.value)))?;
    Ok(DefaultPrivilege {
        creator: optional(said.creator.as_ref())?.unwrap_or_else(|| owner.clone()),
        schema: optional(said.schema.as_ref())?,
        kind,
        grantee: grantee(&said.role)?,
        privileges: privileges(said.privileges.as_deref().unwrap_or_default())?,
        with_grant_option: said.with_grant_option.is_some_and(|option| option.value),
    })
}
