//! Which roles may log in, and to which databases.

use std::collections::{HashMap, HashSet};

use crate::check::{Scope, target};
use crate::declaration::{Attribute, Database, Role, Text};
use crate::postgres::privilege::ObjectKind;

/// The roles of enabled services that may log in, with their Unix users.
pub struct Logins<'d> {
    unix_users: HashMap<&'d str, Option<&'d Text>>,
    with_password: HashSet<&'d str>,
}

impl<'d> Logins<'d> {
    /// Roles that are declared with `login = true`. A database's `user` is no role of this kind: it logs in to its own
    /// databases.
    pub fn new(scope: &Scope<'d>) -> Logins<'d> {
        // The database may stand in another file than the role.
        let any_unix_user = |(_, role): (_, &Role)| role.unix_user.is_some();
        let users: HashSet<&str> = match scope.declarations.roles().any(any_unix_user) {
            true => scope
                .enabled_databases()
                .map(|(_, database)| &*database.user.value)
                .collect(),
            false => HashSet::new(),
        };
        let mut unix_users = HashMap::new();
        for (service, role) in scope.declarations.roles() {
            if scope.is_enabled(service)
                && (role.is(Attribute::Login)
                    || (role.unix_user.is_some() && users.contains(&*role.name.value)))
            {
                unix_users
                    .entry(&*role.name.value)
                    .or_insert(role.unix_user.as_ref());
            }
        }
        let with_password = scope
            .passwords()
            .filter(|(service, _, _)| scope.is_enabled(service))
            .map(|(_, role, _)| &*role.value)
            .collect();
        Logins {
            unix_users,
            with_password,
        }
    }

    /// Whether a password source is declared for the role.
    pub fn has_password(&self, role: &str) -> bool {
        self.with_password.contains(role)
    }

    /// The Unix user that the role itself declares.
    pub fn own_unix_user(&self, role: &str) -> Option<&'d Text> {
        self.unix_users.get(role).copied().flatten()
    }

    /// The roles, other than its `user`, that something in the database is declared for, each once with the place that
    /// says so.
    pub fn with_access(&self, database: &'d Database) -> Vec<(&'d Text, Option<&'d Text>)> {
        if self.unix_users.is_empty() {
            return Vec::new();
        }
        let owners = database.owner.iter().chain(
            database
                .schemas
                .iter()
                .filter_map(|schema| schema.owner.as_ref()),
        );
        let inside = database.grants.iter().filter(|grant| {
            let mut kinds = target::kinds(&grant.on).map(|(kind, ..)| kind);
            !kinds.all(ObjectKind::is_shared)
        });
        let named = owners
            .chain(inside.map(|grant| &grant.role))
            .chain(database.access.iter().map(|access| &access.role))
            .chain(database.role_settings.iter().map(|(role, _)| role))
            .chain(
                database
                    .clients
                    .iter()
                    .flat_map(|client| client.users.iter().flatten()),
            );
        let mut seen = HashSet::from([&*database.user.value]);
        named
            .filter(|role| seen.insert(&role.value))
            .filter_map(|role| Some((role, *self.unix_users.get(&*role.value)?)))
            .collect()
    }
}
