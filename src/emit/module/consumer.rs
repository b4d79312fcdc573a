//! The units that use the databases.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::connection_files::{self, File};
use super::provision::{age_file, set};
use super::texts;
use crate::catalog::{Database, Instance, OnChange, PasswordSource};
use crate::emit::nix::literal::{ContainsNul, Literal, Text};
use crate::emit::sql::ready_name;
use crate::postgres::identifier::Identifier;

const READY: &str = include_str!("../../../templates/provision/ready.sh");

/// Services that are told of a change.
#[derive(Debug, Default)]
pub struct Told {
    /// Those that are restarted.
    pub restart: BTreeSet<String>,
    /// Those that are reloaded.
    pub reload: BTreeSet<String>,
}

/// What the template may use.
pub fn context(
    instance: &Instance,
    context: &mut BTreeMap<&'static str, Literal>,
) -> Result<(), ContainsNul> {
    let consumers = with_units(instance).map(|(name, database)| {
        let ready = Literal::text(&ready_name(name))?;
        let units = texts(database.units.iter().map(|unit| &**unit))?;
        let mut needs = vec!["dbgen-provision.service"];
        let mut folder = String::new();
        if !connection_files::files(instance, name, database).is_empty() {
            needs.push("dbgen-connections.service");
            folder = connection_files::folder(&database.service, name);
        }
        set([
            Ok((Text::try_from("folder")?, Literal::text(&folder)?)),
            Ok((Text::try_from("needs")?, texts(needs.into_iter())?)),
            Ok((Text::try_from("ready")?, ready)),
            Ok((Text::try_from("units")?, units)),
        ])
    });
    let consumers = consumers.collect::<Result<Vec<_>, ContainsNul>>()?;
    context.insert("consumers", Literal::list(consumers));
    context.insert("ready", Literal::lines(READY.to_owned())?);
    context.insert("told", told(instance)?);
    Ok(())
}

fn with_units(instance: &Instance) -> impl Iterator<Item = (&Identifier, &Database)> {
    let databases = instance.databases.iter();
    databases.filter(|(_, database)| !database.units.is_empty())
}

/// The name of a service without its ending. Nothing for other kinds of unit, which need not hear of changes, and for the
/// instances of a template, whose own file would hide the template's.
fn service(unit: &str) -> Option<&str> {
    let name = unit.strip_suffix(".service")?;
    match name.split_once('@') {
        Some((_, instance)) if !instance.is_empty() => None,
        _ => Some(name),
    }
}

/// By service: the connections, with what else a password depends on, whose change it is told of.
fn told(instance: &Instance) -> Result<Literal, ContainsNul> {
    let mut services: BTreeMap<&str, [Vec<Literal>; 2]> = BTreeMap::new();
    for (name, database) in with_units(instance) {
        let way = match database.on_change {
            OnChange::Restart => 0,
            OnChange::Reload => 1,
            OnChange::Nothing => continue,
        };
        for service in database.units.iter().filter_map(|unit| service(unit)) {
            let changes = services.entry(service).or_default();
            changes[way].push(connection(instance, name, database)?);
        }
    }
    set(services.into_iter().map(|(service, [restart, reload])| {
        let changes = set([
            Ok((Text::try_from("reload")?, Literal::list(reload))),
            Ok((Text::try_from("restart")?, Literal::list(restart))),
        ]);
        Ok((Text::try_from(service)?, changes?))
    }))
}

fn connection(
    instance: &Instance,
    name: &Identifier,
    database: &Database,
) -> Result<Literal, ContainsNul> {
    let secrets = passwords(instance, database).filter_map(|source| match source {
        PasswordSource::Agenix(secret) => Some(age_file(secret)),
        _ => None,
    });
    let secrets = secrets.collect::<Result<Vec<_>, _>>()?;
    let mut fields = vec![("database", Literal::text(name.as_str())?)];
    let files = connection_files::files(instance, name, database);
    if !files.is_empty() {
        fields.push(("files", Literal::text(&digest(&files))?));
    }
    fields.push(("secrets", Literal::list(secrets)));
    fields.push(("service", Literal::text(&database.service)?));
    let fields = fields.into_iter();
    set(fields.map(|(name, value)| Ok((Text::try_from(name)?, value))))
}

/// What differs when a file does, but for the password in it.
fn digest(files: &[File]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        for text in [
            &*file.path,
            &file.owner,
            &file.group,
            &file.mode,
            &file.text,
        ] {
            hash.update(text);
            hash.update([0]);
        }
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// Where the passwords come from that those have who use the database.
fn passwords<'a>(
    instance: &'a Instance,
    database: &'a Database,
) -> impl Iterator<Item = &'a PasswordSource> {
    let roles = instance.logins(database).into_iter();
    roles.filter_map(|role| instance.roles.get(role)?.password.as_ref())
}

/// The services of databases whose passwords come from there.
pub fn of_secret(instance: &Instance, is_it: impl Fn(&PasswordSource) -> bool) -> Told {
    let mut told = Told::default();
    for (_, database) in with_units(instance) {
        if !passwords(instance, database).any(&is_it) {
            continue;
        }
        let units = database.units.iter();
        let services = units.filter(|unit| unit.ends_with(".service"));
        let services = services.map(|unit| unit.to_string());
        match database.on_change {
            OnChange::Restart => told.restart.extend(services),
            OnChange::Reload => told.reload.extend(services),
            OnChange::Nothing => {}
        }
    }
    told.reload = &told.reload - &told.restart;
    told
}
