//! The order of the rules: the most specific first.
//!
//! 1. databases: names, then regular expressions, `sameuser` and `samerole`, then `all`; `replication` counts as a name;
//! 2. users: names, then members of a role and regular expressions, then `all`;
//! 3. addresses: the socket, then ranges by the number of addresses in them, host names, `.suffix`, `samehost`, `samenet`,
//!    `all`;
//! 4. connections: of one kind (`local`, `hostssl`, `hostgssenc`), of two, of any (`host`);
//! 5. the number of names, and the names themselves;
//! 6. what remains: address, connection, method, options.
//!
//! A list counts as its widest entry.

use std::cmp::Ordering;

use crate::postgres::hba::{Address, ConnectionType, DatabaseToken, Rule, UserToken};
use crate::source::Span;

/// Sorts; of equal rules the one with the first place stays.
pub fn sort(rules: Vec<(Rule, Span)>) -> Vec<(Rule, Span)> {
    let mut order: Vec<(u32, u32)> = (0..).zip(&rules).map(|(at, (rule, _))| (rank(rule), at)).collect();
    let rule = |at: u32| rules.get(at as usize);
    order.sort_unstable_by(|(a_rank, a), (b_rank, b)| {
        a_rank.cmp(b_rank).then_with(|| match (rule(*a), rule(*b)) {
            (Some((a, a_span)), Some((b, b_span))) => compare(a, b).then(a_span.cmp(b_span)),
            _ => Ordering::Equal,
        })
    });
    let mut rules: Vec<Option<(Rule, Span)>> = rules.into_iter().map(Some).collect();
    let mut sorted: Vec<(Rule, Span)> =
        order.iter().filter_map(|(_, at)| rules.get_mut(*at as usize).and_then(Option::take)).collect();
    sorted.dedup_by(|(later, _), (first, _)| later == first);
    sorted
}

/// Points 1 to 4 in one number.
fn rank(rule: &Rule) -> u32 {
    let databases = rule.databases.iter().map(database_class).max().unwrap_or(0);
    let users = rule.users.iter().map(user_class).max().unwrap_or(0);
    databases << 24 | users << 16 | address_class(rule.address.as_ref()) << 4 | connection_class(rule.connection)
}

fn database_class(token: &DatabaseToken) -> u32 {
    match token {
        DatabaseToken::Name(_) | DatabaseToken::Replication => 0,
        DatabaseToken::SameUser | DatabaseToken::SameRole | DatabaseToken::Regex(_) | DatabaseToken::File(_) => 1,
        DatabaseToken::All => 2,
    }
}

fn user_class(token: &UserToken) -> u32 {
    match token {
        UserToken::Name(_) => 0,
        UserToken::Member(_) | UserToken::Regex(_) | UserToken::File(_) => 1,
        UserToken::All => 2,
    }
}

fn address_class(address: Option<&Address>) -> u32 {
    match address {
        None => 0,
        Some(Address::Net { ip, prefix }) => 1 + (if ip.is_ipv4() { 32 } else { 128 }) - u32::from(*prefix).min(128),
        Some(Address::Masked { .. }) => 130,
        Some(Address::HostName(_)) => 131,
        Some(Address::Suffix(_)) => 132,
        Some(Address::SameHost) => 133,
        Some(Address::SameNet) => 134,
        Some(Address::All) => 135,
    }
}

fn connection_class(connection: ConnectionType) -> u32 {
    match connection {
        ConnectionType::Local | ConnectionType::HostSsl | ConnectionType::HostGssEnc => 0,
        ConnectionType::HostNoSsl | ConnectionType::HostNoGssEnc => 1,
        ConnectionType::Host => 2,
    }
}

/// Points 5 and 6, for rules of one rank.
fn compare(a: &Rule, b: &Rule) -> Ordering {
    let names = |rule: &Rule| (rule.databases.len(), rule.users.len());
    names(a)
        .cmp(&names(b))
        .then_with(|| a.databases.iter().map(database_name).cmp(b.databases.iter().map(database_name)))
        .then_with(|| a.users.iter().map(user_name).cmp(b.users.iter().map(user_name)))
        .then_with(|| a.address.as_ref().map(address_name).cmp(&b.address.as_ref().map(address_name)))
        .then_with(|| a.connection.keyword().cmp(b.connection.keyword()))
        .then_with(|| a.method.keyword().cmp(b.method.keyword()))
        .then_with(|| a.options.cmp(&b.options))
}

fn database_name(token: &DatabaseToken) -> (u8, &str) {
    match token {
        DatabaseToken::Name(name) => (0, name),
        DatabaseToken::Regex(pattern) => (1, pattern),
        DatabaseToken::File(file) => (2, file),
        DatabaseToken::SameUser => (3, ""),
        DatabaseToken::SameRole => (4, ""),
        DatabaseToken::Replication => (5, ""),
        DatabaseToken::All => (6, ""),
    }
}

fn user_name(token: &UserToken) -> (u8, &str) {
    match token {
        UserToken::Name(name) => (0, name),
        UserToken::Member(role) => (1, role),
        UserToken::Regex(pattern) => (2, pattern),
        UserToken::File(file) => (3, file),
        UserToken::All => (4, ""),
    }
}

/// Addresses of one rank: IPv4 before IPv6, as numbers; names as text.
fn address_name(address: &Address) -> (Option<(std::net::IpAddr, Option<std::net::IpAddr>)>, &str) {
    match address {
        Address::Net { ip, .. } => (Some((*ip, None)), ""),
        Address::Masked { ip, mask } => (Some((*ip, Some(*mask))), ""),
        Address::HostName(name) | Address::Suffix(name) => (None, name),
        Address::All | Address::SameHost | Address::SameNet => (None, ""),
    }
}
