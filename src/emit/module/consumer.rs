//! The units that use the databases.

use std::collections::{BTreeMap, BTreeSet};

use super::provision::set;
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
        set([
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
    let mut fields = vec![
        ("database", Literal::text(name.as_str())?),
        ("service", Literal::text(&database.service)?),
    ];
    if let Some(PasswordSource::Agenix(secret)) = password(instance, database) {
        fields.insert(1, ("secret", super::provision::age_file(secret)?));
    }
    let fields = fields.into_iter();
    set(fields.map(|(name, value)| Ok((Text::try_from(name)?, value))))
}

fn password<'a>(instance: &'a Instance, database: &Database) -> Option<&'a PasswordSource> {
    instance.roles.get(&database.user)?.password.as_ref()
}

/// The services whose user's password comes from there.
pub fn of_secret(instance: &Instance, is_it: impl Fn(&PasswordSource) -> bool) -> Told {
    let mut told = Told::default();
    for (_, database) in with_units(instance) {
        if !password(instance, database).is_some_and(&is_it) {
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
