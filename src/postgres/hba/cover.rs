//! Whether earlier rules take everything that a rule could match.
//!
//! A rule is cut into atoms (one carrier, one database entry, one user entry, one address family); it is unreachable when
//! each atom lies within some earlier rule. What cannot be compared (files, different patterns) is taken as not covered, so
//! an answer is never wrong, but ranges that only several earlier ranges together cover are not found.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::connection::Carrier;
use super::pattern::{Answer, Patterns};
use super::{Address, DatabaseToken, Rule, UserToken, address};

/// Rules, in their order, by what they are about: which of them cover an atom is found without looking at all of them.
pub struct Coverage<'r> {
    rules: Vec<&'r Rule>,
    places: HashMap<Databases<'r>, HashMap<Users<'r>, HashMap<From, Vec<usize>>>>,
    /// The lengths of the prefixes that the ranges have, by the width of their addresses.
    prefixes: BTreeSet<(u32, u8)>,
    patterns: Patterns,
}

/// One of a rule's databases.
#[derive(PartialEq, Eq, Hash)]
enum Databases<'r> {
    One(&'r DatabaseToken),
    Named(&'r str),
    AnyRegex,
}

/// A rule's users.
#[derive(PartialEq, Eq, Hash)]
enum Users<'r> {
    One(&'r UserToken),
    AnyRegex,
    Several,
}

/// Where a rule's clients come from.
#[derive(PartialEq, Eq, Hash)]
enum From {
    Socket,
    /// The bits that count, their number, and the width of the address.
    Net(u128, u8, u32),
    /// A host name or what it ends with, in small letters.
    Host(String),
    Other,
}

impl<'r> Coverage<'r> {
    /// Looks over the rules once.
    pub fn new(rules: impl IntoIterator<Item = &'r Rule>) -> Coverage<'r> {
        let mut coverage = Coverage {
            rules: rules.into_iter().collect(),
            places: HashMap::new(),
            prefixes: BTreeSet::new(),
            patterns: Patterns::default(),
        };
        for at in 0..coverage.rules.len() {
            coverage.add(at);
        }
        coverage
    }

    fn add(&mut self, at: usize) {
        let Some(rule) = self.rules.get(at).copied() else {
            return;
        };
        if let Some(Address::Net { ip, prefix }) = &rule.address {
            self.prefixes.insert((address::bits(*ip).1, *prefix));
        }
        for database in rule.databases.iter() {
            let database = match database {
                DatabaseToken::Regex(_) => {
                    [Some(Databases::One(database)), Some(Databases::AnyRegex)]
                }
                DatabaseToken::Name(name) => [Some(Databases::Named(name)), None],
                _ => [Some(Databases::One(database)), None],
            };
            for database in database.into_iter().flatten() {
                let users = match &*rule.users {
                    [one @ UserToken::Regex(_)] => [Some(Users::One(one)), Some(Users::AnyRegex)],
                    [one] => [Some(Users::One(one)), None],
                    _ => [Some(Users::Several), None],
                };
                let of_database = self.places.entry(database).or_default();
                for users in users.into_iter().flatten() {
                    let of_users = of_database.entry(users).or_default();
                    of_users
                        .entry(from(rule.address.as_ref()))
                        .or_default()
                        .push(at);
                }
            }
        }
    }

    /// The rules before `at` that together leave nothing for it, in order.
    pub fn covering(&self, at: usize) -> Option<Vec<usize>> {
        let rule = *self.rules.get(at)?;
        let mut covering = Vec::new();
        for address in families(rule.address.as_ref()) {
            let froms = self.froms(address.as_ref());
            for database in rule.databases.iter() {
                for user in rule.users.iter() {
                    let near = self.near(database, user, &froms);
                    for carrier in rule.connection.carriers() {
                        let atom = Atom {
                            carrier: *carrier,
                            address: address.as_ref(),
                            database,
                            user,
                        };
                        covering.push(self.first(&near, at, &atom)?);
                    }
                }
            }
        }
        covering.sort_unstable();
        covering.dedup();
        Some(covering)
    }

    fn first(&self, near: &[&[usize]], end: usize, atom: &Atom) -> Option<usize> {
        let covers = |at: &usize| {
            let rule = self.rules.get(*at);
            rule.is_some_and(|rule| covers(rule, atom, &self.patterns))
        };
        let firsts = near.iter().filter_map(|list| {
            let mut earlier = list.iter().copied().take_while(|at| *at < end);
            earlier.find(covers)
        });
        firsts.min()
    }

    /// The places of all rules that may cover these, each list in order.
    fn near(
        &self,
        database: &'r DatabaseToken,
        user: &'r UserToken,
        froms: &[From],
    ) -> Vec<&[usize]> {
        let mut databases = vec![Databases::One(&DatabaseToken::All)];
        match (database, user) {
            // Next to one user, `sameuser` is one database.
            (DatabaseToken::Name(name), _) | (DatabaseToken::SameUser, UserToken::Name(name)) => {
                databases.extend([
                    Databases::Named(name),
                    Databases::AnyRegex,
                    Databases::One(&DatabaseToken::SameUser),
                ])
            }
            _ => databases.push(Databases::One(database)),
        }
        let users = [
            Users::One(user),
            Users::One(&UserToken::All),
            Users::AnyRegex,
            Users::Several,
        ];
        let of_databases = databases.iter().filter_map(|key| self.places.get(key));
        let mut near = Vec::new();
        for of_database in of_databases {
            let of_users = users.iter().filter_map(|key| of_database.get(key));
            for of_users in of_users {
                let lists = froms.iter().filter_map(|key| of_users.get(key));
                near.extend(lists.map(Vec::as_slice));
            }
        }
        near
    }

    /// Where the clients of a rule that covers this address may come from.
    fn froms(&self, address: Option<&Address>) -> Vec<From> {
        let Some(address) = address else {
            return vec![From::Socket];
        };
        let mut froms = vec![From::Other];
        match address {
            Address::Net { ip, .. } | Address::Masked { ip, .. } => {
                let (_, width) = address::bits(*ip);
                let lengths = self.prefixes.range((width, 0)..=(width, u8::MAX));
                froms.extend(lengths.map(|(_, prefix)| net(*ip, *prefix)));
            }
            Address::HostName(name) | Address::Suffix(name) => {
                let name = name.to_ascii_lowercase();
                let ends = name
                    .match_indices('.')
                    .filter_map(|(dot, _)| name.get(dot..));
                froms.extend(ends.map(|end| From::Host(end.to_owned())));
                froms.push(From::Host(name));
            }
            Address::All | Address::SameHost | Address::SameNet => {}
        }
        froms
    }
}

fn from(address: Option<&Address>) -> From {
    match address {
        None => From::Socket,
        Some(Address::Net { ip, prefix }) => net(*ip, *prefix),
        Some(Address::HostName(name) | Address::Suffix(name)) => {
            From::Host(name.to_ascii_lowercase())
        }
        Some(Address::Masked { .. } | Address::All | Address::SameHost | Address::SameNet) => {
            From::Other
        }
    }
}

fn net(ip: IpAddr, prefix: u8) -> From {
    let range = Address::Net { ip, prefix }.range();
    let mask = range.map_or(0, |(_, mask)| mask);
    let (bits, width) = address::bits(ip);
    From::Net(bits & mask, prefix, width)
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

fn covers(rule: &Rule, atom: &Atom, patterns: &Patterns) -> bool {
    rule.connection.carriers().contains(&atom.carrier)
        && match (&rule.address, atom.address) {
            (Some(wide), Some(narrow)) => covers_address(wide, narrow),
            (None, None) => true,
            _ => false,
        }
        && covers_names(rule, atom, patterns)
}

fn covers_names(rule: &Rule, atom: &Atom, patterns: &Patterns) -> bool {
    let user = match atom.user {
        UserToken::Name(name) => Some(name.as_str()),
        _ => None,
    };
    // Next to one user, `sameuser` is one database, and one database may be `sameuser`.
    let database = match atom.database {
        DatabaseToken::Name(name) => Some(name.as_str()),
        DatabaseToken::SameUser => user,
        _ => None,
    };
    let same = *atom.database == DatabaseToken::SameUser || database.is_some() && database == user;
    let covers_database = |wide: &DatabaseToken| match (wide, database) {
        (DatabaseToken::File(_), _) => false,
        (DatabaseToken::SameUser, _) => same,
        (DatabaseToken::All, _) => !matches!(
            atom.database,
            DatabaseToken::Replication | DatabaseToken::File(_)
        ),
        (DatabaseToken::Name(wide), Some(name)) => wide == name,
        (DatabaseToken::Regex(pattern), Some(name)) => {
            patterns.get(pattern).matches(name) == Answer::Yes
        }
        (wide, _) => wide == atom.database,
    };
    let covers_user = |wide: &UserToken| match (wide, user) {
        (UserToken::All, _) => true,
        (UserToken::File(_), _) => false,
        (UserToken::Regex(pattern), Some(name)) => {
            patterns.get(pattern).matches(name) == Answer::Yes
        }
        (wide, _) => wide == atom.user,
    };
    rule.databases.iter().any(covers_database) && rule.users.iter().any(covers_user)
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

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::postgres::hba::parse;

    /// The same by looking at every rule for every atom.
    fn by_looking(rules: &[Rule], at: usize) -> Option<Vec<usize>> {
        let (earlier, rule) = (rules.get(..at)?, rules.get(at)?);
        let patterns = Patterns::default();
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
                        let covers = |rule: &Rule| covers(rule, &atom, &patterns);
                        covering.push(earlier.iter().position(covers)?);
                    }
                }
            }
        }
        covering.sort_unstable();
        covering.dedup();
        Some(covering)
    }

    fn line() -> impl Strategy<Value = String> {
        let databases = "all sameuser samerole replication a b \"all\" /^a /b @f";
        let users = "all a b \"all\" +a +b /^a /b @f";
        let addresses = "all samehost samenet 10.0.0.0/8 10.9.9.9/8 10.0.0.0/16 10.0.0.1/32 0.0.0.0/0 ::/0 ::1/128 \
            127.0.0.1/32 10.0.0.1_255.0.0.255 10.0.7.1_255.0.255.255 x.a.org X.A.org .a.org .A.ORG .x.a.org .org";
        let connections = "host hostssl hostnossl hostgssenc hostnogssenc";
        let one = |words: &'static str| select(words.split_whitespace().collect::<Vec<_>>());
        let names = |words| vec(one(words), 1..3).prop_map(|names| names.join(","));
        let kind = prop_oneof![
            1 => Just(("local", String::new())),
            3 => (one(connections), one(addresses).prop_map(|address| address.replace('_', " "))),
        ];
        (kind, names(databases), names(users)).prop_map(|((kind, address), databases, users)| {
            format!("{kind} {databases} {users} {address} reject\n")
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_index_finds_what_looking_at_every_rule_finds(lines in vec(line(), 1..12)) {
            let (rules, errors) = parse(&lines.concat(), 16, None);
            prop_assert_eq!(errors, vec![]);
            let coverage = Coverage::new(&rules);
            for at in 0..rules.len() {
                prop_assert_eq!(coverage.covering(at), by_looking(&rules, at), "{}", lines.concat());
            }
        }
    }
}
