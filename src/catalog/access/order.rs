//! The order of the rules: the most specific first.
//!
//! 1. databases: names, then regular expressions, `sameuser` and `samerole`, then `all`; `replication` counts as a name;
//! 2. users: names, then members of a role and regular expressions, then `all`;
//! 3. addresses: the socket, then ranges by the number of addresses in them, host names, `.suffix`, `samehost`, `samenet`,
//!    `all`;
//! 4. connections: of one kind (`local`, `hostssl`, `hostgssenc`), of two, of any (`host`);
//! 5. the number of names, and the names themselves;
//! 6. what remains: address, connection, method, options. Of rules for the same connections the stricter method comes
//!    first: `reject`, then those that ask for proof, then `md5`, `password` and `trust`.
//!
//! A list counts as its widest entry.

use std::cmp::Ordering;

use crate::postgres::hba::{Address, ConnectionType, DatabaseToken, Method, Rule, UserToken};
use crate::source::Span;

/// Sorts; of equal rules the one with the first place stays.
pub fn sort(mut rules: Vec<(Rule, Span)>) -> Vec<(Rule, Span)> {
    let mut order: Vec<(u32, u32)> = (0..)
        .zip(&rules)
        .map(|(at, (rule, _))| (rank(rule), at))
        .collect();
    let rule = |at: u32| rules.get(at as usize);
    // Files are mostly in the order of names: a sort that makes use of it needs few comparisons.
    order.sort_unstable();
    order.sort_by(|(a_rank, a), (b_rank, b)| {
        a_rank.cmp(b_rank).then_with(|| match (rule(*a), rule(*b)) {
            (Some((a, a_span)), Some((b, b_span))) => compare(a, b).then(a_span.cmp(b_span)),
            _ => Ordering::Equal,
        })
    });
    // In place: a second list of the rules would be the largest thing in memory. A rule that has been swapped away from
    // its place is found by following the swaps.
    for to in 0..order.len() {
        let mut from = order[to].1 as usize;
        while from < to {
            from = order[from].1 as usize;
        }
        order[to].1 = from as u32;
        rules.swap(to, from);
    }
    rules.dedup_by(|(later, _), (first, _)| later == first);
    rules
}

/// Points 1 to 4 in one number.
fn rank(rule: &Rule) -> u32 {
    let databases = rule.databases.iter().map(database_class).max().unwrap_or(0);
    let users = rule.users.iter().map(user_class).max().unwrap_or(0);
    databases << 24
        | users << 16
        | address_class(rule.address.as_ref()) << 4
        | connection_class(rule.connection)
}

fn database_class(token: &DatabaseToken) -> u32 {
    match token {
        DatabaseToken::Name(_) | DatabaseToken::Replication => 0,
        DatabaseToken::SameUser
        | DatabaseToken::SameRole
        | DatabaseToken::Regex(_)
        | DatabaseToken::File(_) => 1,
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
        Some(Address::Net { ip, prefix }) => {
            1 + (if ip.is_ipv4() { 32 } else { 128 }) - u32::from(*prefix).min(128)
        }
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
        .then_with(|| {
            a.databases
                .iter()
                .map(database_name)
                .cmp(b.databases.iter().map(database_name))
        })
        .then_with(|| {
            a.users
                .iter()
                .map(user_name)
                .cmp(b.users.iter().map(user_name))
        })
        .then_with(|| {
            a.address
                .as_ref()
                .map(address_name)
                .cmp(&b.address.as_ref().map(address_name))
        })
        .then_with(|| a.connection.keyword().cmp(b.connection.keyword()))
        .then_with(|| {
            (laxity(a.method), a.method.keyword()).cmp(&(laxity(b.method), b.method.keyword()))
        })
        .then_with(|| a.options.cmp(&b.options))
}

fn laxity(method: Method) -> u8 {
    match method {
        Method::Reject => 0,
        Method::Md5 => 2,
        Method::Password => 3,
        Method::Trust => 4,
        _ => 1,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::hba::parse;

    /// From the first to the last.
    const SORTED: &str = r#"
        local "b" "b" peer
        hostssl replication "standby" 10.0.0.7/32 scram-sha-256
        host "a" "a" 10.0.0.6/32 reject
        host "a" "a" 10.0.0.6/32 scram-sha-256
        host "a" "a" 10.0.0.6/32 md5
        host "a" "a" 10.0.0.6/32 trust
        host "b" "b" 127.0.0.1/32 scram-sha-256
        host "b" "b" ::1/128 scram-sha-256
        host "a","b" "a" 127.0.0.1/32 scram-sha-256
        hostssl "z" "z" 10.1.0.0/16 scram-sha-256
        hostnossl "a" "a" 10.1.0.0/16 scram-sha-256
        host "a" "a" 10.0.0.0/8 scram-sha-256
        host "a" "a" 0.0.0.0/0 scram-sha-256
        host "a" "a" "db.example.org" scram-sha-256
        host "a" "a" ".example.org" scram-sha-256
        host "a" "a" samehost scram-sha-256
        host "a" "a" samenet scram-sha-256
        host "a" "a" all scram-sha-256
        local "a" +"staff" peer
        local "a" "/^app" peer
        host "a" +"staff" 10.0.0.6/32 scram-sha-256
        local "a" all peer
        local "/^app" "a" peer
        local sameuser "c" peer
        host sameuser all 127.0.0.1/32 scram-sha-256
        local all "postgres" peer
        host all all all scram-sha-256
    "#;

    fn rules(text: &str) -> Vec<(Rule, Span)> {
        let (rules, errors) = parse(text, 18, None);
        assert_eq!(errors, []);
        rules
            .into_iter()
            .map(|rule| (Rule { line: 0, ..rule }, Span::default()))
            .collect()
    }

    #[test]
    fn the_most_specific_rule_comes_first_whatever_the_order_of_the_input() {
        let sorted = rules(SORTED);
        let mut shuffled = sorted.clone();
        for turn in 0..sorted.len() {
            shuffled.rotate_left(turn);
            shuffled.reverse();
            assert_eq!(sort(shuffled.clone()), sorted);
        }
    }

    #[test]
    fn no_sorted_rule_is_hidden_but_those_for_the_same_connections() {
        use crate::postgres::hba::{Fact, PasswordEncryption, lint};
        let sorted: Vec<Rule> = rules(SORTED).into_iter().map(|(rule, _)| rule).collect();
        let hidden: Vec<usize> = lint(&sorted, 18, PasswordEncryption::ScramSha256)
            .into_iter()
            .filter_map(|fact| match fact {
                Fact::Unreachable { rule, .. } => Some(rule),
                _ => None,
            })
            .collect();
        assert_eq!(hidden, [3, 4, 5], "only the laxer methods for 10.0.0.6");
    }

    #[test]
    fn equal_rules_appear_once_with_the_first_place() {
        let rule = rules("local all all peer").remove(0).0;
        let place = |start| Span::new(Default::default(), start, start + 1);
        let sorted = sort(vec![
            (rule.clone(), place(7)),
            (rule.clone(), place(3)),
            (rule.clone(), place(5)),
        ]);
        assert_eq!(sorted, [(rule, place(3))]);
    }
}
