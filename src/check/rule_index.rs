//! Which rules could decide the connections of another one, without looking at all of them.

use std::collections::HashMap;

use crate::postgres::hba::{Address, Answer, DatabaseToken, Rule, UserToken};
use crate::source::Span;

/// The rules by the databases that they name.
pub struct RuleIndex<'r> {
    rules: &'r [(Rule, Span)],
    named: HashMap<&'r str, Vec<u32>>,
    wide: Vec<u32>,
}

impl<'r> RuleIndex<'r> {
    /// Looks over the rules once.
    pub fn new(rules: &'r [(Rule, Span)]) -> RuleIndex<'r> {
        let mut index = RuleIndex {
            rules,
            named: HashMap::with_capacity(rules.len() / 2),
            wide: Vec::new(),
        };
        for (at, (rule, _)) in (0..).zip(rules) {
            for token in &rule.databases {
                match token {
                    DatabaseToken::Name(name) => index.named.entry(name).or_default().push(at),
                    _ => index.wide.push(at),
                }
            }
        }
        index
    }

    /// The places of the rules that share a database with `rule` or may do so, in order, each once.
    pub fn sharing_database(&self, rule: &Rule) -> Vec<usize> {
        let databases = rule.databases.iter().filter_map(|token| match token {
            DatabaseToken::Name(name) => Some(name.as_str()),
            _ => None,
        });
        // `sameuser` next to a user is the database of that name.
        let same_user = rule.databases.contains(&DatabaseToken::SameUser);
        let users = rule.users.iter().filter_map(|token| match token {
            UserToken::Name(name) if same_user => Some(name.as_str()),
            _ => None,
        });
        let named = databases
            .chain(users)
            .filter_map(|name| self.named.get(name))
            .flatten();
        let mut places: Vec<usize> = named.chain(&self.wide).map(|at| *at as usize).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// The rules before `at` that may take a connection from it, in order.
    pub fn rivals(&self, at: usize) -> Vec<&'r (Rule, Span)> {
        let Some((rule, _)) = self.rules.get(at) else {
            return Vec::new();
        };
        let earlier = self
            .sharing_database(rule)
            .into_iter()
            .take_while(|other| *other < at);
        earlier
            .filter_map(|other| self.rules.get(other))
            .filter(|(other, _)| may_take(other, rule))
            .collect()
    }
}

/// Cheap, and right when it says no.
fn may_take(wide: &Rule, narrow: &Rule) -> bool {
    let address = match (&wide.address, &narrow.address) {
        (None, None) => true,
        (Some(wide), Some(Address::Net { ip, .. })) => wide.contains(*ip) != Answer::No,
        (Some(_), Some(_)) => true,
        _ => false,
    };
    address
        && wide
            .users
            .iter()
            .any(|user| !matches!(user, UserToken::Name(_)) || narrow.users.contains(user))
}
