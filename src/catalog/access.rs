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

use crate::check::Scope;
use crate::declaration::{Client, Database, Text};
use crate::postgres::Version;
use crate::postgres::hba::{Address, ConnectionType, DatabaseToken, Method, Rule, UserToken};
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
    let mut rules = Rules {
        version: version(scope),
        list: Vec::new(),
    };
    let logins = Logins::new(scope);
    for (service, database) in scope.enabled_databases() {
        rules.user(scope.unix_user(service), database, &logins);
        for (name, unix_user) in logins.with_access(database) {
            rules.login(database, name, unix_user, &logins);
        }
        for client in &database.clients {
            rules.client(database, client);
        }
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
    list: Vec<(Rule, Span)>,
}

impl Rules {
    /// The login of the service itself.
    fn user(&mut self, unix_user: Option<&Text>, database: &Database, logins: &Logins) {
        let user = &database.user;
        let unix_user = database.unix_user.as_ref().or(unix_user);
        let unix_user = unix_user.or_else(|| logins.own_unix_user(&user.value));
        self.login(database, user, unix_user, logins);
    }

    /// Over the socket, and over loopback unless the database says otherwise. Over the socket a declared Unix user is
    /// let in by the map; without one, a role with a password is asked for it, and any other must be the Unix user of
    /// its name.
    fn login(
        &mut self,
        database: &Database,
        user: &Text,
        unix_user: Option<&Text>,
        logins: &Logins,
    ) {
        let map = unix_user.map(|_| ("map".to_owned(), MAP.to_owned()));
        let method = if map.is_none() && logins.has_password(&user.value) {
            PASSWORD
        } else {
            Method::Peer
        };
        self.add(
            database,
            &[user],
            None,
            method,
            ConnectionType::Local,
            map,
            user.span,
        );
        if database.loopback.is_none_or(|loopback| loopback.value) {
            for address in LOOPBACK {
                self.add(
                    database,
                    &[user],
                    Some(address),
                    PASSWORD,
                    ConnectionType::Host,
                    None,
                    user.span,
                );
            }
        }
    }

    fn client(&mut self, database: &Database, client: &Client) {
        let users: Vec<&Text> = match &client.users {
            Some(users) => users.iter().collect(),
            None => vec![&database.user],
        };
        let connection = match client.tls {
            Some(tls) if tls.value => ConnectionType::HostSsl,
            _ => ConnectionType::Host,
        };
        let method = client
            .method
            .as_ref()
            .map_or(Some(PASSWORD), |word| method(&word.value));
        let (Some(method), Ok(addresses)) = (method, address::read(&client.address.value)) else {
            return;
        };
        for address in addresses {
            self.add(
                database,
                &users,
                Some(address),
                method,
                connection,
                None,
                client.span,
            );
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn add(
        &mut self,
        database: &Database,
        users: &[&Text],
        address: Option<Address>,
        method: Method,
        connection: ConnectionType,
        option: Option<(String, String)>,
        span: Span,
    ) {
        let database = DatabaseToken::literal(&database.name.value, self.version);
        let users: Result<Vec<_>, _> = users
            .iter()
            .map(|user| UserToken::literal(&user.value, self.version))
            .collect();
        let (Ok(database), Ok(users)) = (database, users) else {
            return;
        };
        let databases = vec![database];
        let options = option.into_iter().collect();
        let rule = Rule {
            connection,
            databases,
            users,
            address,
            method,
            options,
            line: 0,
            file: None,
        };
        self.list.push((rule, span));
    }
}

/// The method of that name in any version.
pub fn method(word: &str) -> Option<Method> {
    Method::from_keyword(word, Version::NEWEST.major())
}
