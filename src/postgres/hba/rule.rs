//! One rule of `pg_hba.conf`.

use std::sync::Arc;

use super::{Address, ConnectionType, DatabaseToken, Method, UserToken};

/// One record of `pg_hba.conf`; the first one that matches a connection decides, without falling through.
///
/// Rules of one database share their lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which connections.
    pub connection: ConnectionType,
    /// Which databases; one of them suffices.
    pub databases: Arc<[DatabaseToken]>,
    /// Which users; one of them suffices.
    pub users: Arc<[UserToken]>,
    /// From where; nothing for `local`, something for all others.
    pub address: Option<Address>,
    /// How they prove who they are.
    pub method: Method,
    /// The options after the method, in order; of a repeated one the last counts.
    pub options: Arc<[(String, String)]>,
    /// The line, from 1, where the record begins in its file; 0 for a rule that no file holds.
    pub line: u32,
    /// The included file that holds the record; nothing for the main file.
    pub file: Option<String>,
}

impl Rule {
    /// The value of an option that counts: the last one given.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}
