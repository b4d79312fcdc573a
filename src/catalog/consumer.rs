//! What uses a database: its units, and who may read a password.

use std::collections::BTreeSet;

use super::lower::{Impossible, Result};
use super::{Database, Grantee, Instance};
use crate::declaration::{self, Text};
use crate::postgres::identifier::Identifier;

/// What becomes of the services that use a database when the connection or a password changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnChange {
    /// They are restarted.
    #[default]
    Restart,
    /// They are reloaded.
    Reload,
    /// Nothing.
    Nothing,
}

/// Who may read a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileAccess {
    /// The group; nothing: the owner's.
    pub group: Option<Box<str>>,
    /// Whether the group may read it.
    pub by_group: bool,
}

impl FileAccess {
    pub(super) const OWNER: FileAccess = FileAccess {
        group: None,
        by_group: false,
    };

    /// The permissions, as chmod takes them.
    pub fn mode(&self) -> &'static str {
        match self.by_group {
            true => "0440",
            false => "0400",
        }
    }
}

impl Instance {
    /// The roles beside `user` that log in and have privileges in the database.
    pub fn further_roles<'i>(&self, database: &'i Database) -> BTreeSet<&'i Identifier> {
        let granted = database
            .grants
            .iter()
            .filter(|grant| !grant.kind.is_shared())
            .filter_map(|grant| match &grant.grantee {
                Grantee::Role(role) => Some(role),
                Grantee::Public => None,
            });
        let named = database.access.iter().map(|access| &access.role);
        let logs_in = |role: &&Identifier| self.roles.get(*role).is_some_and(|it| it.login);
        let others = named.chain(granted).filter(|role| **role != database.user);
        others.filter(logs_in).collect()
    }

    /// All roles that the database's connection is for.
    pub fn logins<'i>(&self, database: &'i Database) -> BTreeSet<&'i Identifier> {
        let mut logins = self.further_roles(database);
        logins.insert(&database.user);
        logins
    }
}

pub(super) fn on_change(said: Option<&Text>) -> Result<OnChange> {
    Ok(match said.map(|said| &*said.value) {
        None | Some("restart") => OnChange::Restart,
        Some("reload") => OnChange::Reload,
        Some("none") => OnChange::Nothing,
        Some(other) => {
            return Err(Impossible(format!(
                "`{other}` is no way to tell of a change"
            )));
        }
    })
}

pub(super) fn access(said: &declaration::Password) -> Result<FileAccess> {
    let group = said.group.as_ref().map(|group| group.value.clone());
    let by_group = match said.mode.as_ref().map(|mode| &*mode.value) {
        None => group.is_some(),
        Some("0400") => false,
        Some("0440") => true,
        Some(other) => return Err(Impossible(format!("`{other}` is no mode of a file"))),
    };
    Ok(FileAccess { group, by_group })
}
