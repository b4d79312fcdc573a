//! Which rule decides, for many logins: found by names, without looking at every rule for each of them.

use std::collections::HashMap;

use super::pattern::{Answer, Patterns};
use super::simulate::{self, Client, Login, Outcome};
use super::{DatabaseToken, DatabaseUser, IdentDecision, IdentMap, Rule, SystemUser, UserToken};

/// Rules and maps, for the logins of one client; answers as [`super::simulate`] does.
pub struct Search<'r> {
    client: Client,
    rules: &'r [Rule],
    /// The rules that name databases and users, but several of one of them at most, by both.
    pairs: HashMap<&'r str, HashMap<&'r str, Vec<usize>>>,
    /// Others that only name users.
    by_user: HashMap<&'r str, Vec<usize>>,
    /// Others that only name databases.
    by_database: HashMap<&'r str, Vec<usize>>,
    /// The rest.
    wide: Vec<usize>,
    maps: &'r [IdentMap],
    lines: HashMap<&'r str, Lines<'r>>,
    patterns: Patterns,
}

/// The lines of one map.
#[derive(Default)]
struct Lines<'r> {
    /// Those of two names, by both.
    named: HashMap<(&'r str, &'r str), Vec<usize>>,
    /// The rest.
    wide: Vec<usize>,
}

impl<'r> Search<'r> {
    /// Looks over the rules once. What says the same for every login of the client is not looked at again.
    pub fn new(rules: &'r [Rule], maps: &'r [IdentMap], client: Client) -> Search<'r> {
        let mut search = Search {
            client,
            rules,
            pairs: HashMap::new(),
            by_user: HashMap::new(),
            by_database: HashMap::new(),
            wide: Vec::new(),
            maps,
            lines: HashMap::new(),
            patterns: Patterns::default(),
        };
        for (at, rule) in rules.iter().enumerate() {
            if simulate::is_from(rule, client) != Answer::No {
                search.add(at, rule);
            }
        }
        for (at, map) in maps.iter().enumerate() {
            let lines = search.lines.entry(&map.map).or_default();
            match (&map.system_user, &map.database_user) {
                (SystemUser::Name(system_user), DatabaseUser::Name(user)) => {
                    let same = lines.named.entry((system_user, user));
                    same.or_default().push(at);
                }
                _ => lines.wide.push(at),
            }
        }
        search
    }

    fn add(&mut self, at: usize, rule: &'r Rule) {
        let databases = rule.databases.iter().map(|token| match token {
            DatabaseToken::Name(name) => Some(name.as_str()),
            _ => None,
        });
        let users = rule.users.iter().map(|token| match token {
            UserToken::Name(name) => Some(name.as_str()),
            _ => None,
        });
        let databases: Option<Vec<&str>> = databases.collect();
        let users: Option<Vec<&str>> = users.collect();
        match (databases, users) {
            (Some(databases), Some(users)) if databases.len() == 1 || users.len() == 1 => {
                for database in databases {
                    let of_database = self.pairs.entry(database).or_default();
                    for user in &users {
                        of_database.entry(user).or_default().push(at);
                    }
                }
            }
            (_, Some(users)) => {
                for user in users {
                    self.by_user.entry(user).or_default().push(at);
                }
            }
            (Some(databases), None) => {
                for database in databases {
                    self.by_database.entry(database).or_default().push(at);
                }
            }
            (None, None) => self.wide.push(at),
        }
    }

    /// What the server does with the login, whose client is taken to be the one of this search.
    pub fn simulate(&self, login: &Login) -> Outcome {
        let login = &Login {
            client: self.client,
            ..*login
        };
        let pairs = self.pairs.get(login.database);
        let lists = [
            pairs.and_then(|of_database| of_database.get(login.user)),
            self.by_user.get(login.user),
            self.by_database.get(login.database),
            Some(&self.wide),
        ];
        let rules = in_order(lists).into_iter();
        let rules = rules.filter_map(|at| Some((at, self.rules.get(at)?)));
        simulate::first(rules, login, &self.patterns, |rule| self.ident(rule, login))
    }

    fn ident(&self, rule: &Rule, login: &Login) -> Option<IdentDecision> {
        let lines = rule.option("map").and_then(|name| self.lines.get(name));
        let names = login.system_user.map(|name| (name, login.user));
        let named = lines.and_then(|lines| lines.named.get(&names?));
        let places = in_order([named, lines.map(|lines| &lines.wide)]).into_iter();
        let maps = places.filter_map(|at| Some((at, self.maps.get(at)?)));
        simulate::ident(rule, maps, login, &self.patterns)
    }
}

/// Sorted lists in one, each place once.
fn in_order<const N: usize>(lists: [Option<&Vec<usize>>; N]) -> Vec<usize> {
    let mut places: Vec<usize> = lists.into_iter().flatten().flatten().copied().collect();
    places.sort();
    places.dedup();
    places
}
