//! Privileges as they add up: those of one grantee on the same objects are one entry.

use std::collections::{BTreeMap, BTreeSet};

use super::document;
use crate::catalog::{Grantee, Privileges};
use crate::postgres::identifier::Identifier;
use crate::postgres::privilege::Privilege;

/// Who gets something, and whether with grant option. Nobody named: PUBLIC.
type Holder<'a> = (Option<&'a str>, bool);

/// Privileges by what they are on.
pub struct Sum<'a, K> {
    entries: BTreeMap<(K, Holder<'a>), Privileges>,
}

impl<K> Default for Sum<'_, K> {
    fn default() -> Self {
        Sum {
            entries: BTreeMap::new(),
        }
    }
}

impl<'a, K: Ord> Sum<'a, K> {
    /// Adds privileges to those that the grantee has on the same.
    pub fn add(
        &mut self,
        on: K,
        grantee: Option<&'a str>,
        privileges: &Privileges,
        grantable: bool,
    ) {
        let entry = self.entries.entry((on, (grantee, grantable)));
        let sum = entry.or_insert_with(|| Privileges::Some(BTreeSet::new()));
        match (sum, privileges) {
            (Privileges::Some(sum), Privileges::Some(more)) => sum.extend(more),
            (sum, _) => *sum = Privileges::All,
        }
    }

    /// Adds privileges without grant option to those of a role.
    pub fn allow(&mut self, on: K, role: &'a Identifier, privileges: &[Privilege]) {
        let privileges = Privileges::Some(privileges.iter().copied().collect());
        self.add(on, Some(role.as_str()), &privileges, false);
    }

    /// Everything, sorted.
    pub fn into_entries(self) -> impl Iterator<Item = (K, document::Granted<'a>)> {
        let entries = self.entries.into_iter();
        entries.map(|((on, (grantee, grantable)), privileges)| {
            let privileges = match privileges {
                Privileges::All => None,
                Privileges::Some(some) => Some(some.into_iter().map(Privilege::as_sql).collect()),
            };
            let granted = document::Granted {
                grantee,
                privileges,
                grantable,
            };
            (on, granted)
        })
    }
}

/// The role's name; nothing for PUBLIC.
pub fn role(grantee: &Grantee) -> Option<&str> {
    match grantee {
        Grantee::Public => None,
        Grantee::Role(role) => Some(role.as_str()),
    }
}
