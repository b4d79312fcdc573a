//! Whether earlier rules take everything that a rule could match.
//!
//! A rule is cut into atoms (one carrier, one database entry, one user entry, one address family); it is unreachable when
//! each atom lies within some earlier rule. What cannot be compared (files, different patterns) is taken as not covered, so
//! an answer is never wrong, but ranges that only several earlier ranges together cover are not found.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::connection::Carrier;
use super::pattern::{Answer, Pattern};
use super::{Address, DatabaseToken, Rule, UserToken, address};

/// The earlier rules that together leave nothing for `rules[index]`, in order.
pub(super) fn covering(rules: &[Rule], index: usize) -> Option<Vec<usize>> {
    let (earlier, rule) = (rules.get(..index)?, rules.get(index)?);
    let mut covering = Vec::new();
    for carrier in rule.connection.carriers() {
        for address in families(rule.address.as_ref()) {
            for database in rule.databases.iter() {
                for user in rule.users.iter() {
                    let atom = Atom {
                        carrier: *carrier,
                        address: address.as_ref(),
                        database,
                        user,
                    };
                    covering.push(earlier.iter().position(|rule| covers(rule, &atom))?);
                }
            }
        }
    }
    covering.sort_unstable();
    covering.dedup();
    Some(covering)
}

struct Atom<'a> {
    carrier: Carrier,
    address: Option<&'a Address>,
    database: &'a DatabaseToken,
    user: &'a UserToken,
}

fn families(address: Option<&Address>) -> Vec<Option<Address>> {
    match address {
        Some(Address::All) => [
            IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        ]
        .map(|ip| Some(Address::Net { ip, prefix: 0 }))
        .to_vec(),
        other => vec![other.cloned()],
    }
}

fn covers(rule: &Rule, atom: &Atom) -> bool {
    rule.connection.carriers().contains(&atom.carrier)
        && match (&rule.address, atom.address) {
            (Some(wide), Some(narrow)) => covers_address(wide, narrow),
            (None, None) => true,
            _ => false,
        }
        && covers_names(rule, atom)
}

fn covers_names(rule: &Rule, atom: &Atom) -> bool {
    // Next to one user, `sameuser` is one database, and one database may be `sameuser`.
    let own;
    let mut database = atom.database;
    let mut same = *database == DatabaseToken::SameUser;
    if let UserToken::Name(user) = atom.user {
        own = DatabaseToken::Name(user.clone());
        if same {
            database = &own;
        }
        same |= *database == own;
    }
    let database_covered = rule.databases.iter().any(|wide| match wide {
        DatabaseToken::SameUser => same,
        wide => covers_database(wide, database),
    });
    database_covered && rule.users.iter().any(|wide| covers_user(wide, atom.user))
}

fn covers_database(wide: &DatabaseToken, narrow: &DatabaseToken) -> bool {
    match (wide, narrow) {
        (DatabaseToken::File(_), _) | (_, DatabaseToken::File(_)) => false,
        (DatabaseToken::All, narrow) => *narrow != DatabaseToken::Replication,
        (DatabaseToken::Regex(pattern), DatabaseToken::Name(name)) => {
            Pattern::new(pattern).matches(name) == Answer::Yes
        }
        (wide, narrow) => wide == narrow,
    }
}

fn covers_user(wide: &UserToken, narrow: &UserToken) -> bool {
    match (wide, narrow) {
        (UserToken::All, _) => true,
        (UserToken::File(_), _) | (_, UserToken::File(_)) => false,
        (UserToken::Regex(pattern), UserToken::Name(name)) => {
            Pattern::new(pattern).matches(name) == Answer::Yes
        }
        (wide, narrow) => wide == narrow,
    }
}

fn covers_address(wide: &Address, narrow: &Address) -> bool {
    if let (Some((wide, wide_mask)), Some((narrow, narrow_mask))) = (wide.range(), narrow.range()) {
        let ((wide, wide_width), (narrow, width)) = (address::bits(wide), address::bits(narrow));
        return wide_width == width
            && wide_mask & narrow_mask == wide_mask
            && (wide ^ narrow) & wide_mask == 0;
    }
    match (wide, narrow) {
        (Address::All, _) | (Address::SameNet, Address::SameHost) => true,
        (Address::Suffix(suffix), Address::HostName(name) | Address::Suffix(name)) => {
            ends_with(name, suffix)
        }
        (Address::HostName(wide), Address::HostName(narrow)) => wide.eq_ignore_ascii_case(narrow),
        (wide, narrow) => wide == narrow,
    }
}

fn ends_with(name: &str, suffix: &str) -> bool {
    name.to_ascii_lowercase()
        .ends_with(&suffix.to_ascii_lowercase())
}
