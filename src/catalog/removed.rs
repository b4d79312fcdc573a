//! What shall no longer be there.

use std::collections::BTreeSet;

use super::lower::{Result, identifier};
use crate::declaration;
use crate::postgres::identifier::Identifier;

/// Databases and roles that are dropped when that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// The databases.
    pub databases: BTreeSet<Identifier>,
    /// The roles.
    pub roles: BTreeSet<Identifier>,
    /// Where the dumps go; there is one wherever there are databases.
    pub dump_directory: Option<Box<str>>,
}

impl Removed {
    /// Whether everything may stay.
    pub fn is_empty(&self) -> bool {
        self.databases.is_empty() && self.roles.is_empty()
    }

    /// Takes over what one declaration says.
    pub(super) fn add(&mut self, said: &declaration::Removed) -> Result<()> {
        for name in &said.databases {
            self.databases.insert(identifier(name)?);
        }
        for name in &said.roles {
            self.roles.insert(identifier(name)?);
        }
        if let Some(directory) = &said.dump_directory {
            self.dump_directory = Some(directory.value.clone());
        }
        Ok(())
    }
}
