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
            for token in rule.databases.iter() {
                match token {
                    DatabaseToken::Name(name) => index.named.entry(name).or_default().push(at),
                    _ => index.wide.push(at),
                }
            }
        }
        index
    }

    /// The places of the rules before `end` that share a database with `rule`, or may do so, and that `wanted` takes; in
    /// order, each once.
    fn places(&self, rule: &Rule, end: usize, wanted: impl Fn(&Rule) -> bool) -> Vec<usize> {
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
            .filter_map(|name| self.named.get(name));
        let lists = named.chain([&self.wide]);
        let earlier = lists.flat_map(|list| {
            list.iter()
                .map(|at| *at as usize)
                .take_while(|at| *at < end)
        });
        let is_wanted = |at: &usize| self.rules.get(*at).is_some_and(|(rule, _)| wanted(rule));
        let mut places: Vec<usize> = earlier.filter(is_wanted).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// The rules before `at` that may take a connection from it, in order.
    pub fn rivals(&self, at: usize) -> Vec<&'r (Rule, Span)> {
        let Some((rule, _)) = self.rules.get(at) else {
            return Vec::new();
        };
        let places = self.places(rule, at, |other| may_take(other, rule));
        places
            .into_iter()
            .filter_map(|other| self.rules.get(other))
            .collect()
    }

    /// The rules that share a database with `rule`, or may do so, and that `wanted` takes, in order.
    pub fn sharing_database(&self, rule: &Rule, wanted: impl Fn(&Rule) -> bool) -> Vec<&'r Rule> {
        let places = self.places(rule, self.rules.len(), wanted);
        places
            .into_iter()
            .filter_map(|other| self.rules.get(other))
            .map(|(other, _)| other)
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
