//! Which rule decides one login, as the server searches them.

use std::net::IpAddr;

use super::connection::Carrier;
use super::pattern::{Answer, Patterns};
use super::{
    Address, DatabaseToken, IdentDecision, IdentMap, Method, Rule, UserToken, ident_match,
};

/// How the client reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// The Unix-domain socket.
    Local,
    /// TCP.
    Tcp {
        /// The client's address as the server sees it.
        ip: IpAddr,
        /// Encrypted with TLS.
        tls: bool,
        /// Encrypted with GSSAPI, which then is not TLS.
        gss: bool,
    },
}

/// One login.
pub struct Login<'a> {
    /// How the client reaches the server.
    pub client: Client,
    /// The database; libpq takes the user's name where none is given.
    pub database: &'a str,
    /// The role.
    pub user: &'a str,
    /// Whether the user is a direct or indirect member of that role. Being a superuser is no membership, and neither
    /// INHERIT nor SET matter. A role is a member of itself: that is not asked.
    pub member_of: &'a dyn Fn(&str) -> bool,
    /// Whom `peer`, `ident`, `cert`, `gss`, `sspi` or `oauth` find, where that is known.
    pub system_user: Option<&'a str>,
    /// A physical replication connection (`replication=true`; `replication=database` is an ordinary login here).
    pub replication: bool,
}

/// A rule before the deciding one that might match as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undecided {
    /// The index of the rule.
    pub rule: usize,
    /// It depends on how the client's address resolves to a name.
    pub name_resolution: bool,
}

/// What the server does with a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Rules that come earlier and may match: depending on name resolution, on the server's networks, on a pattern that
    /// cannot be judged, or on a file that was not followed. Where this is empty, the decision is certain.
    pub undecided: Vec<Undecided>,
    /// What happens when none of these match.
    pub decision: Decision,
}

/// The first certain match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A rule matches.
    Matched {
        /// Its index.
        rule: usize,
        /// Its method, which the client must satisfy.
        method: Method,
        /// Whether the found system user is allowed, for a method that looks for one and a login that gives one.
        ident: Option<IdentDecision>,
    },
    /// No rule matches: the server refuses.
    NoMatch,
}

/// Searches `rules` for the first that matches `login`, and then `maps` where its method needs them; [`super::Search`] does the
/// same for many logins.
///
/// Both must be what [`super::parse`] and [`super::parse_ident`] return for the server's version, without errors.
pub fn simulate(rules: &[Rule], maps: &[IdentMap], login: &Login) -> Outcome {
    let patterns = &Patterns::default();
    first(rules.iter().enumerate(), login, patterns, |rule| {
        ident(rule, maps.iter().enumerate(), login, patterns)
    })
}

/// Tries the rules in the order given.
pub(super) fn first<'r>(
    rules: impl Iterator<Item = (usize, &'r Rule)>,
    login: &Login,
    patterns: &Patterns,
    ident: impl Fn(&Rule) -> Option<IdentDecision>,
) -> Outcome {
    let mut undecided = Vec::new();
    for (index, rule) in rules {
        match matches(rule, login, patterns) {
            Answer::No => {}
            Answer::Unknown => {
                let name_resolution = matches!(
                    rule.address,
                    Some(Address::HostName(_) | Address::Suffix(_))
                );
                undecided.push(Undecided {
                    rule: index,
                    name_resolution,
                });
            }
            Answer::Yes => {
                let decision = Decision::Matched {
                    rule: index,
                    method: rule.method,
                    ident: ident(rule),
                };
                return Outcome {
                    undecided,
                    decision,
                };
            }
        }
    }
    Outcome {
        undecided,
        decision: Decision::NoMatch,
    }
}

/// What the maps make of the login, where the method of the rule asks them.
pub(super) fn ident<'m>(
    rule: &Rule,
    maps: impl IntoIterator<Item = (usize, &'m IdentMap)>,
    login: &Login,
    patterns: &Patterns,
) -> Option<IdentDecision> {
    let looks = rule.method.options().contains(&"map")
        && rule.option("delegate_ident_mapping") != Some("1");
    let system_user = login.system_user.filter(|_| looks)?;
    Some(ident_match::decide(
        maps,
        rule.option("map"),
        (login.user, system_user),
        login.member_of,
        patterns,
    ))
}

/// Whether the rule is about clients like this one, whatever they ask for.
pub(super) fn is_from(rule: &Rule, client: Client) -> Answer {
    let carrier = match client {
        Client::Local => Carrier::Socket,
        Client::Tcp { tls: true, .. } => Carrier::Tls,
        Client::Tcp { gss: true, .. } => Carrier::Gss,
        Client::Tcp { .. } => Carrier::Plain,
    };
    if !rule.connection.carriers().contains(&carrier) {
        return Answer::No;
    }
    match (client, &rule.address) {
        (Client::Tcp { ip, .. }, Some(address)) => address.contains(ip),
        _ => Answer::Yes,
    }
}

fn matches(rule: &Rule, login: &Login, patterns: &Patterns) -> Answer {
    let from = is_from(rule, login.client);
    if from == Answer::No {
        return Answer::No;
    }
    let users = rule.users.iter().map(|token| user(token, login, patterns));
    let databases = rule.databases.iter();
    let databases = databases.map(|token| database(token, login, patterns));
    from.and(users.fold(Answer::No, Answer::or))
        .and(databases.fold(Answer::No, Answer::or))
}

fn member(login: &Login, role: &str) -> Answer {
    Answer::from(role == login.user || (login.member_of)(role))
}

fn user(token: &UserToken, login: &Login, patterns: &Patterns) -> Answer {
    match token {
        UserToken::All => Answer::Yes,
        UserToken::Name(name) => Answer::from(name == login.user),
        UserToken::Member(role) => member(login, role),
        UserToken::Regex(pattern) => patterns.get(pattern).matches(login.user),
        UserToken::File(_) => Answer::Unknown,
    }
}

fn database(token: &DatabaseToken, login: &Login, patterns: &Patterns) -> Answer {
    match token {
        DatabaseToken::File(_) => Answer::Unknown,
        DatabaseToken::Replication => Answer::from(login.replication),
        _ if login.replication => Answer::No,
        DatabaseToken::All => Answer::Yes,
        DatabaseToken::SameUser => Answer::from(login.database == login.user),
        DatabaseToken::SameRole => member(login, login.database),
        DatabaseToken::Name(name) => Answer::from(name == login.database),
        DatabaseToken::Regex(pattern) => patterns.get(pattern).matches(login.database),
    }
}
