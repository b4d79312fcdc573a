//! Who may log in where: from declarations to the rules of pg_hba.conf and the lines of pg_ident.conf.
//!
//! A connection is decided by the first rule that fits, so the rules are ordered from the narrow to the wide, whatever
//! the order of the files; see [`order`].

pub mod address;
pub mod declared;
mod ident;
mod logins;
pub mod order;

pub use ident::ident_map;

use std::sync::Arc;

use crate::check::Scope;
use crate::declaration::{Client, Database, Text};
use crate::postgres::Version;
use crate::postgres::hba::{ConnectionType, DatabaseToken, Method, Rule, UserToken};
use crate::source::Span;
use address::LOOPBACK;
use logins::Logins;

/// The map of pg_ident.conf that holds the declared Unix users.
pub const MAP: &str = "dbgen";

/// The method over TCP when nothing else is said.
const PASSWORD: Method = Method::ScramSha256;

/// The rules of the server, the most specific first, each with the place that it comes from; equal rules appear once,
/// with the first place. What cannot be written as a rule is left out: the checks have told of it.
pub fn rules(scope: &Scope) -> Vec<(Rule, Span)> {
    rules_for(scope, |_| true)
}

/// The same without the rules of the other databases; those that the servers declare are all there.
pub fn rules_for(scope: &Scope, wanted: impl Fn(&Database) -> bool) -> Vec<(Rule, Span)> {
    let databases = scope.enabled_databases();
    let databases: Vec<_> = databases.filter(|(_, database)| wanted(database)).collect();
    let mut rules = Rules {
        version: version(scope),
        map: [("map".to_owned(), MAP.to_owned())].into(),
        none: [].into(),
        // Most databases have the three of their own login.
        list: Vec::with_capacity(databases.len() * 3),
    };
    let logins = Logins::new(scope);
    for (service, database) in databases {
        rules.database(scope.unix_user(service), database, &logins);
    }
    rules.list.extend(declared::rules(scope, rules.version));
    order::sort(rules.list)
}

/// The major version that the files are written for: the newest, when none is declared.
pub(super) fn version(scope: &Scope) -> u8 {
    scope.version().unwrap_or(Version::NEWEST).major()
}

struct Rules {
    version: u8,
    /// The options of a rule whose Unix users are declared.
    map: Arc<[(String, String)]>,
    none: Arc<[(String, String)]>,
    list: Vec<(Rule, Span)>,
}

impl Rules {
    fn database(&mut self, unix_user: Option<&Text>, database: &Database, logins: &Logins) {
        let name = DatabaseToken::literal(&database.name.value, self.version);
        let Ok(databases) = name.map(|name| Arc::from([name])) else {
            return;
        };
        let user = &database.user;
        let unix_user = database.unix_user.as_ref().or(unix_user);
        let unix_user = unix_user.or_else(|| logins.own_unix_user(&user.value));
        let own = (user, unix_user);
        for (user, unix_user) in [own].into_iter().chain(logins.with_access(database)) {
            // A declared Unix user is let in by the map; without one, a role with a password is asked for it, and any
            // other must be the Unix user of its name.
            let (method, options) = match unix_user {
                Some(_) => (Method::Peer, &self.map),
                None if logins.has_password(&user.value) => (PASSWORD, &self.none),
                None => (Method::Peer, &self.none),
            };
            let options = Arc::clone(options);
            self.login(database, &databases, user, method, options);
        }
        for client in &database.clients {
            self.client(database, &databases, client);
        }
    }

    /// Over the socket, by that method, and over loopback unless the database says otherwise.
    fn login(
        &mut self,
        database: &Database,
        databases: &Arc<[DatabaseToken]>,
        user: &Text,
        method: Method,
        options: Arc<[(String, String)]>,
    ) {
        let Some(users) = self.users([user]) else {
            return;
        };
        let rule = Rule {
            connection: ConnectionType::Local,
            databases: Arc::clone(databases),
            users,
            address: None,
            method,
            options,
            line: 0,
            file: None,
        };
        if database.loopback.is_none_or(|loopback| loopback.value) {
            let over = LOOPBACK.map(|address| Rule {
                connection: ConnectionType::Host,
                address: Some(address),
                method: PASSWORD,
                options: Arc::clone(&self.none),
                ..rule.clone()
            });
            self.list.extend(over.map(|rule| (rule, user.span)));
        }
        self.list.push((rule, user.span));
    }

    fn client(&mut self, database: &Database, databases: &Arc<[DatabaseToken]>, client: &Client) {
        let users = match &client.users {
            Some(users) => self.users(users),
            None => self.users([&database.user]),
        };
        let connection = match client.tls {
            Some(tls) if tls.value => ConnectionType::HostSsl,
            _ => ConnectionType::Host,
        };
        let method = client
            .method
            .as_ref()
            .map_or(Some(PASSWORD), |word| method(&word.value));
        let addresses = address::read(&client.address.value);
        let (Some(users), Some(method), Ok(addresses)) = (users, method, addresses) else {
            return;
        };
        for address in addresses {
            let rule = Rule {
                connection,
                databases: Arc::clone(databases),
                users: Arc::clone(&users),
                address: Some(address),
                method,
                options: Arc::clone(&self.none),
                line: 0,
                file: None,
            };
            self.list.push((rule, client.span));
        }
    }

    fn users<'d>(&self, names: impl IntoIterator<Item = &'d Text>) -> Option<Arc<[UserToken]>> {
        let names = names.into_iter();
        let tokens = names.map(|name| UserToken::literal(&name.value, self.version).ok());
        let mut tokens = tokens.collect::<Option<Vec<_>>>()?;
        tokens.sort_unstable();
        tokens.dedup();
        Some(tokens.into())
    }
}

/// The method of that name in any version.
pub fn method(word: &str) -> Option<Method> {
    Method::from_keyword(word, Version::NEWEST.major())
}
