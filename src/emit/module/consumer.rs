//! The units that use the databases.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::connection_files::{self, File};
use super::provision::{file_name, secret, set};
use super::texts;
use crate::catalog::{Database, Instance, OnChange};
use crate::emit::nix::literal::{ContainsNul, Literal, Text};
use crate::emit::sql::{Credential, ready_name};
use crate::postgres::identifier::Identifier;

const TELL: &str = concat!(
    include_str!("../../../templates/provision/file.sh"),
    include_str!("../../../templates/provision/secret.sh"),
    include_str!("../../../templates/provision/tell.sh")
);
const READY: &str = include_str!("../../../templates/provision/ready.sh");

/// What the template may use.
pub fn context(
    instance: &Instance,
    credentials: &[Credential],
    context: &mut BTreeMap<&'static str, Literal>,
) -> Result<(), ContainsNul> {
    let consumers = with_units(instance).map(|(name, database)| {
        let ready = Literal::text(&ready_name(name))?;
        let units = texts(database.units.iter().map(|unit| &**unit))?;
        let mut needs = vec!["dbgen-provision.service"];
        let folder = folder(instance, name, database);
        if !folder.is_empty() {
            needs.push("dbgen-connections.service");
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
    context.insert("tellScript", Literal::lines(TELL.to_owned())?);
    context.insert("tellEntries", passwords(instance, credentials)?);
    Ok(())
}

/// Where the files of the connection are; empty: there are none.
fn folder(instance: &Instance, name: &Identifier, database: &Database) -> String {
    match connection_files::files(instance, name, database).is_empty() {
        true => String::new(),
        false => connection_files::folder(&database.service, name),
    }
}

/// Who is told of which password, in the entries that the program takes.
fn passwords(instance: &Instance, credentials: &[Credential]) -> Result<Literal, ContainsNul> {
    let mut entries = Vec::new();
    for (name, database) in with_units(instance) {
        let verb = match database.on_change {
            OnChange::Restart => "try-restart",
            OnChange::Reload => "try-reload-or-restart",
            OnChange::Nothing => continue,
        };
        let units = database
            .units
            .iter()
            .filter(|unit| unit.ends_with(".service"));
        // A template stands for all its instances.
        let units: Vec<String> = units.map(|unit| unit.replace("@.", "@*.")).collect();
        let logins = instance.logins(database);
        let credentials = credentials.iter().filter(|it| logins.contains(&it.role));
        for credential in credentials.filter(|_| !units.is_empty()) {
            for text in [
                &*format!(
                    "{}/{}",
                    file_name(name.as_str()),
                    file_name(credential.role.as_str())
                ),
                &*secret(credential),
                &*ready_name(name),
                &*folder(instance, name, database),
                verb,
                &*units.join(" "),
            ] {
                entries.push(Literal::text(text)?);
            }
        }
    }
    Ok(Literal::list(entries))
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

/// By service: the connections whose change it is told of at a switch.
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
    let mut fields = vec![("database", Literal::text(name.as_str())?)];
    let files = connection_files::files(instance, name, database);
    if !files.is_empty() {
        fields.push(("files", Literal::text(&digest(&files))?));
    }
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
