//! Which declared roles the rules of pg_hba.conf let into which databases.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::Instance;
use crate::postgres::Version;
use crate::postgres::hba::{DatabaseToken, Method, Rule, UserToken};
use crate::postgres::identifier::Identifier;

/// The roles that rules name, by what they are let into.
pub struct Logins<'a> {
    everywhere: BTreeSet<&'a Identifier>,
    of_own_name: BTreeSet<&'a Identifier>,
    by_database: BTreeMap<&'a Identifier, BTreeSet<&'a Identifier>>,
}

impl<'a> Logins<'a> {
    /// Looks over the rules once.
    pub fn new(instance: &'a Instance) -> Logins<'a> {
        let version = instance.version.unwrap_or(Version::NEWEST).major();
        let role_tokens = instance.roles.keys().filter_map(|role| {
            let token = UserToken::literal(role.as_str(), version).ok()?;
            Some((token, role))
        });
        let role_tokens: BTreeMap<UserToken, &Identifier> = role_tokens.collect();
        let database_tokens = instance.databases.keys().filter_map(|database| {
            let token = DatabaseToken::literal(database.as_str(), version).ok()?;
            Some((token, database))
        });
        let database_tokens: BTreeMap<DatabaseToken, &Identifier> = database_tokens.collect();
        let mut logins = Logins {
            everywhere: BTreeSet::new(),
            of_own_name: BTreeSet::new(),
            by_database: BTreeMap::new(),
        };
        for rule in instance.rules.iter().filter(|rule| admits(rule)) {
            let roles = rule.users.iter().filter_map(|user| role_tokens.get(user));
            let roles: Vec<&Identifier> = roles.copied().collect();
            for token in rule.databases.iter() {
                match token {
                    DatabaseToken::All => logins.everywhere.extend(&roles),
                    DatabaseToken::SameUser => logins.of_own_name.extend(&roles),
                    named => {
                        if let Some(database) = database_tokens.get(named) {
                            let of_database = logins.by_database.entry(database);
                            of_database.or_default().extend(&roles);
                        }
                    }
                }
            }
        }
        logins
    }

    /// The roles that are let into the database.
    pub fn with_database(&self, database: &Identifier) -> impl Iterator<Item = &'a Identifier> {
        let named = self.by_database.get(database).into_iter().flatten();
        let own = self.of_own_name.get(database).into_iter();
        self.everywhere.iter().chain(own).chain(named).copied()
    }
}

fn admits(rule: &Rule) -> bool {
    rule.method != Method::Reject
}
