//! How a server becomes what is declared.

use super::Instance;
use super::lower::{Impossible, Result, optional};
use crate::declaration::{self, Text};
use crate::postgres::identifier::Identifier;

/// What becomes of privileges, memberships and parameters that are found and not declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Converge {
    /// They stay, and are told of.
    #[default]
    Additive,
    /// They are taken away.
    Authoritative,
}

/// Who creates databases and roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CreatedBy {
    /// ensureDatabases and ensureUsers, as far as they can.
    #[default]
    Ensure,
    /// The provisioning program alone.
    Program,
}

/// Looking for drift from time to time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// A calendar event of systemd.
    pub on_calendar: Box<str>,
    /// What is done about it.
    pub mode: DriftMode,
}

/// What is done about drift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DriftMode {
    /// It is told of.
    #[default]
    Report,
    /// It is put right.
    Repair,
}

/// How long a session waits, as the parameters take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// lock_timeout.
    pub lock: Box<str>,
    /// statement_timeout.
    pub statement: Box<str>,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            lock: "30s".into(),
            statement: "10min".into(),
        }
    }
}

/// What becomes of the privileges of PUBLIC that are not declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Public {
    /// They are taken away.
    #[default]
    Revoke,
    /// They stay.
    Keep,
}

/// SQL that runs in the transaction that makes the database what is declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hooks {
    /// Before everything else.
    pub before: Vec<Hook>,
    /// After everything else.
    pub after: Vec<Hook>,
}

impl Hooks {
    pub(super) const NONE: Hooks = Hooks {
        before: Vec::new(),
        after: Vec::new(),
    };
}

/// SQL that runs unless it is already done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// What runs.
    pub sql: Box<str>,
    /// A query whose first value is true when there is nothing to do.
    pub unless: Box<str>,
    /// The role that runs it; nothing: the one that is logged in.
    pub role: Option<Identifier>,
}

/// Takes over what the declaration of a server says of it.
pub(super) fn instance(instance: &mut Instance, said: &declaration::Instance) -> Result<()> {
    if let Some(converge) = &said.converge {
        instance.converge = mode(converge)?;
    }
    if let Some(creation) = &said.creation {
        instance.creation = match &*creation.value {
            "ensure" => CreatedBy::Ensure,
            "program" => CreatedBy::Program,
            _ => return Err(unknown(creation)),
        };
    }
    if let Some(said) = &said.removed {
        instance.removed.add(said)?;
    }
    if let Some(said) = &said.drift {
        instance.drift = Some(drift(said)?);
    }
    if let Some(timeout) = &said.lock_timeout {
        instance.timeouts.lock = timeout.value.clone();
    }
    if let Some(timeout) = &said.statement_timeout {
        instance.timeouts.statement = timeout.value.clone();
    }
    Ok(())
}

fn drift(said: &declaration::Drift) -> Result<Drift> {
    let on_calendar = said.on_calendar.as_ref();
    Ok(Drift {
        on_calendar: on_calendar.map_or("hourly".into(), |said| said.value.clone()),
        mode: match &said.mode {
            None => DriftMode::default(),
            Some(mode) => match &*mode.value {
                "report" => DriftMode::Report,
                "repair" => DriftMode::Repair,
                _ => return Err(unknown(mode)),
            },
        },
    })
}

pub(super) fn mode(said: &Text) -> Result<Converge> {
    match &*said.value {
        "additive" => Ok(Converge::Additive),
        "authoritative" => Ok(Converge::Authoritative),
        _ => Err(unknown(said)),
    }
}

pub(super) fn public(said: Option<&Text>) -> Result<Public> {
    match said.map(|said| (&*said.value, said)) {
        None | Some(("revoke", _)) => Ok(Public::Revoke),
        Some(("keep", _)) => Ok(Public::Keep),
        Some((_, said)) => Err(unknown(said)),
    }
}

pub(super) fn hook(said: &declaration::Hook) -> Result<Hook> {
    Ok(Hook {
        sql: said.sql.value.clone(),
        unless: said.unless.value.clone(),
        role: optional(said.role.as_ref())?,
    })
}

fn unknown(word: &Text) -> Impossible {
    Impossible(format!("`{}` is none of its words", word.value))
}
