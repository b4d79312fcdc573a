//! Whether what is said of one loopback address is said of the other.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::pattern::Answer;
use super::{Address, ConnectionType, DatabaseToken, Rule, UserToken};

/// The rules that reach a loopback address, by each of their databases and their user; several users: nothing.
pub struct Twins<'r> {
    rules: HashMap<(&'r DatabaseToken, Option<&'r UserToken>), Vec<&'r Rule>>,
}

impl<'r> Twins<'r> {
    /// Looks over the rules once.
    pub fn new(rules: impl IntoIterator<Item = &'r Rule>) -> Twins<'r> {
        let mut twins = Twins {
            rules: HashMap::new(),
        };
        for rule in rules {
            if !reaches(rule, Ipv4Addr::LOCALHOST.into())
                && !reaches(rule, Ipv6Addr::LOCALHOST.into())
            {
                continue;
            }
            let user = match &*rule.users {
                [user] => Some(user),
                _ => None,
            };
            for database in rule.databases.iter() {
                let same = twins.rules.entry((database, user));
                same.or_default().push(rule);
            }
        }
        twins
    }

    /// The loopback address that is missing: the range of the rule reaches the one of the other family and not much more
    /// (`/32` to `/8`, `/128`), and no rule says the same for this one.
    pub fn missing(&self, rule: &Rule) -> Option<IpAddr> {
        let Some(Address::Net { ip, .. }) = &rule.address else {
            return None;
        };
        let twin = match ip {
            ip if !ip.is_loopback() => return None,
            IpAddr::V4(_) => Ipv6Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv4Addr::LOCALHOST.into(),
        };
        let database = rule.databases.first()?;
        let user = rule.users.first()?;
        let databases = [database, &DatabaseToken::All].into_iter();
        let mut lists = databases.flat_map(|database| {
            let users = [Some(user), Some(&UserToken::All), None].into_iter();
            users.filter_map(move |user| self.rules.get(&(database, user)))
        });
        let is_said = lists.any(|list| list.iter().any(|other| says_the_same(other, rule, twin)));
        (!is_said).then_some(twin)
    }
}

fn reaches(rule: &Rule, ip: IpAddr) -> bool {
    let address = rule.address.as_ref();
    address.is_some_and(|address| address.contains(ip) == Answer::Yes)
}

fn says_the_same(other: &Rule, rule: &Rule, twin: IpAddr) -> bool {
    let (databases, users) = (&other.databases, &other.users);
    other.method == rule.method
        && (other.connection == rule.connection || other.connection == ConnectionType::Host)
        && reaches(other, twin)
        && (databases.contains(&DatabaseToken::All)
            || rule.databases.iter().all(|token| databases.contains(token)))
        && (users.contains(&UserToken::All) || rule.users.iter().all(|token| users.contains(token)))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::postgres::hba::parse;

    fn line() -> impl Strategy<Value = String> {
        let names = || vec(select(vec!["all", "a", "b", "/^a"]), 1..3);
        let addresses = select(vec![
            "127.0.0.1/32",
            "127.0.0.0/8",
            "::1/128",
            "::/0",
            "0.0.0.0/0",
            "samehost",
            "all",
            "10.0.0.0/8",
        ]);
        let methods = select(vec!["trust", "reject"]);
        let connection = select(vec!["host", "hostssl"]);
        (connection, names(), names(), addresses, methods).prop_map(
            |(connection, databases, users, address, method)| {
                let (databases, users) = (databases.join(","), users.join(","));
                format!("{connection} {databases} {users} {address} {method}\n")
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_index_finds_what_looking_at_every_rule_finds(lines in vec(line(), 1..8)) {
            let (rules, errors) = parse(&lines.concat(), 16, None);
            prop_assert_eq!(errors, vec![]);
            let twins = Twins::new(&rules);
            for rule in &rules {
                let expected = match &rule.address {
                    Some(Address::Net { ip, .. }) if ip.is_loopback() => {
                        let twin: IpAddr = match ip {
                            IpAddr::V4(_) => Ipv6Addr::LOCALHOST.into(),
                            IpAddr::V6(_) => Ipv4Addr::LOCALHOST.into(),
                        };
                        let said = rules.iter().any(|other| says_the_same(other, rule, twin));
                        (!said).then_some(twin)
                    }
                    _ => None,
                };
                prop_assert_eq!(twins.missing(rule), expected, "{}", lines.concat());
            }
        }
    }
}
