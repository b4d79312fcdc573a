//! The NixOS module.

mod connection;
mod connection_files;
mod consumer;
mod provision;

pub use provision::{PASSWORDS, file_name};

use std::collections::BTreeMap;
use std::mem;
use std::path::Path;

use thiserror::Error;

use super::nix::literal::{ContainsNul, Literal, Text};
use super::nix::template::{TemplateError, TemplateSet};
use super::nix::verify::{VerifyError, verify};
use crate::catalog::{
    Catalog, CreatedBy, DEFAULT_SOCKET_DIRECTORY, Database, Instance, MAIN, Role,
};
use crate::declaration::Attribute;
use crate::postgres::Version;
use crate::postgres::hba::{self, Address, Unwritable};
use crate::postgres::identifier::{Identifier, MAX_BYTES, is_safe_in_ensure_databases};

/// Why there is no module.
#[derive(Debug, Error)]
pub enum RenderError {
    /// A template is wrong.
    #[error("template `{}`{}: {}", .0.template.as_deref().unwrap_or("module.nix.j2"), .0.line.map(|line| format!(", line {line}")).unwrap_or_default(), .0.message)]
    Template(TemplateError),
    /// A value can't be a Nix string.
    #[error(transparent)]
    ContainsNul(#[from] ContainsNul),
    /// A rule can't be written.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// Nix would refuse what the templates gave.
    #[error("the templates gave a module that Nix would refuse: {}", show(.0))]
    Refused(Vec<VerifyError>),
}

impl From<TemplateError> for RenderError {
    // Not as its source, whose text would be told twice.
    fn from(error: TemplateError) -> RenderError {
        RenderError::Template(error)
    }
}

fn show(errors: &[VerifyError]) -> String {
    let shown: Vec<String> = errors
        .iter()
        .take(3)
        .map(|error| format!("{} (byte {})", error.message, error.offset))
        .collect();
    shown.join("; ")
}

/// The module's text: what nixfmt would write, and checked to be what Nix accepts. Takes the rules out of the catalog,
/// whose largest part they are.
///
/// # Errors
/// When a template is wrong, or gives something that Nix would refuse.
pub fn render(catalog: &mut Catalog, templates: Option<&Path>) -> Result<String, RenderError> {
    let context = context(catalog)?;
    let databases = catalog.instances.values().map(|it| it.databases.len());
    let text = TemplateSet::new(templates)
        .with_room((256 << 10) + databases.sum::<usize>() * ROOM)
        .render("module.nix.j2", &context)?;
    drop(context);
    verify(&text).map_err(RenderError::Refused)?;
    Ok(text)
}

/// Bytes of the module for each database, more than most have.
const ROOM: usize = 1 << 10;

/// What the template may use.
fn context(catalog: &mut Catalog) -> Result<BTreeMap<&'static str, Literal>, RenderError> {
    let mut context = BTreeMap::new();
    let namespace = catalog.namespace.iter().map(|part| Literal::text(part));
    context.insert(
        "namespace",
        Literal::list(namespace.collect::<Result<Vec<_>, _>>()?),
    );
    let Some(instance) = catalog
        .instances
        .get_mut(MAIN)
        .filter(|instance| !instance.databases.is_empty())
    else {
        context.insert("databases", Literal::list([]));
        return Ok(context);
    };
    provision::context(instance, &mut context)?;
    context.insert("tcp", Literal::Bool(listens_beyond_loopback(instance)));
    let version = instance.version.unwrap_or(Version::NEWEST).major();
    let mut rules = String::with_capacity(instance.rules.len() * 2 * MAX_BYTES);
    for rule in mem::take(&mut instance.rules) {
        hba::print_to(&mut rules, &rule, version)?;
        rules.push('\n');
    }
    context.insert("rules", Literal::lines(rules)?);
    context.insert("databases", names(instance.databases.keys())?);
    context.insert("connections", connection::attributes(instance)?);
    context.insert(
        "ensureDatabases",
        names(ensured_databases(instance).map(|(name, _)| name))?,
    );
    context.insert("ensureUsers", ensure_users(instance)?);
    context.insert("port", Literal::from(i64::from(instance.port)));
    let mut idents = String::new();
    for line in &instance.ident_map {
        idents.push_str(&hba::print_ident(line, version)?);
        idents.push('\n');
    }
    context.insert("identMap", Literal::lines(idents)?);
    context.insert(
        "preloadLibraries",
        texts(instance.preload_libraries.iter().map(|library| &**library))?,
    );
    let packages = instance
        .packages
        .iter()
        .map(|package| Text::try_from(&**package));
    let packages = packages.collect::<Result<Vec<_>, _>>()?;
    context.insert("hasPackages", Literal::Bool(!packages.is_empty()));
    context.insert("packages", Literal::packages(packages));
    let own = Some(&*instance.socket_directory).filter(|own| *own != DEFAULT_SOCKET_DIRECTORY);
    let both = own.map(|own| format!("{DEFAULT_SOCKET_DIRECTORY},{own}"));
    // Where it is not there, the server says so better than its sandbox.
    let writable = own.map(|own| format!("-{own}"));
    context.insert(
        "ownSocketDirectory",
        texts(writable.iter().map(|it| &**it))?,
    );
    context.insert(
        "socketDirectories",
        Literal::text(&both.unwrap_or_default())?,
    );
    Ok(context)
}

fn texts<'a>(items: impl Iterator<Item = &'a str>) -> Result<Literal, ContainsNul> {
    Ok(Literal::list(
        items.map(Literal::text).collect::<Result<Vec<_>, _>>()?,
    ))
}

fn names<'a>(items: impl Iterator<Item = &'a Identifier>) -> Result<Literal, ContainsNul> {
    let names = items.map(|name| Text::try_from(name.shared()).map(Literal::Str));
    Ok(Literal::list(names.collect::<Result<Vec<_>, _>>()?))
}

/// nixpkgs' set-up creates a database with the server's defaults, and puts its name unescaped between quotes.
fn is_ensured(name: &Identifier, database: &Database) -> bool {
    let differs = database
        .creation
        .as_ref()
        .is_some_and(|creation| creation.differs_at_creation());
    !differs && is_safe_in_ensure_databases(name.as_str())
}

fn ensured_databases(instance: &Instance) -> impl Iterator<Item = (&Identifier, &Database)> {
    instance.databases.iter().filter(|(name, database)| {
        instance.creation == CreatedBy::Ensure && is_ensured(name, database)
    })
}

fn ensure_users(instance: &Instance) -> Result<Literal, ContainsNul> {
    let roles = instance.roles.iter().filter(|(name, _)| {
        instance.creation == CreatedBy::Ensure && is_safe_in_ensure_databases(name.as_str())
    });
    let ownership = Text::try_from("ensureDBOwnership")?;
    let ensure_clauses = Text::try_from("ensureClauses")?;
    let name_of = Text::try_from("name")?;
    let users = roles.map(|(name, role)| {
        let mut user = Vec::with_capacity(3);
        // nixpkgs asserts that a database of the user's name is ensured, and makes the user its owner.
        let owns = |database: &Database| database.owner == *name && is_ensured(name, database);
        if instance.databases.get(name).is_some_and(owns) {
            user.push((ownership.clone(), Literal::Bool(true)));
        }
        let clauses = clauses(role)?;
        if !clauses.is_empty() {
            user.push((ensure_clauses.clone(), Literal::attrs(clauses)));
        }
        let name = Text::try_from(name.shared())?;
        user.push((name_of.clone(), Literal::Str(name)));
        Ok(Literal::attrs(user))
    });
    Ok(Literal::list(
        users.collect::<Result<Vec<_>, ContainsNul>>()?,
    ))
}

/// CREATE USER gives LOGIN, so only its absence needs to be said.
fn clauses(role: &Role) -> Result<Vec<(Text, Literal)>, ContainsNul> {
    let said = role.attributes.iter().map(|(said, value)| (*said, *value));
    let no_login = (!role.login).then_some((Attribute::Login, false));
    said.chain(no_login)
        .map(|(attribute, value)| Ok((Text::try_from(attribute.name())?, Literal::Bool(value))))
        .collect()
}

/// Whether a rule admits somebody from elsewhere, for whom the server must listen on more than `localhost`.
fn listens_beyond_loopback(instance: &Instance) -> bool {
    let beyond =
        |address: &Address| !matches!(address, Address::Net { ip, .. } if ip.is_loopback());
    instance
        .rules
        .iter()
        .any(|rule| rule.address.as_ref().is_some_and(beyond))
}
