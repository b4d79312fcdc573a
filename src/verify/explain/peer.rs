//! The Unix user is not let in as the role.

use super::Case;
use crate::diagnostic::phrase::backticked;
use crate::postgres::hba::{self, Method};
use crate::postgres::quote::quote_token;
use crate::verify::{Failure, Problem};

impl Case<'_> {
    pub(super) fn is_peer(&self) -> bool {
        self.answer
            .is_some_and(|answer| answer.method == Some(Method::Peer))
    }

    pub(super) fn peer(&self) -> Problem {
        if let Some(problem) = self.not_in_force(Failure::Peer) {
            return problem;
        }
        if self.declared.method != Some(Method::Peer) {
            return Problem::new(
                Failure::Peer.code(),
                format!(
                    "a password is declared for this login, and the rule that decides looks at the Unix user instead: {}",
                    self.rule.unwrap_or("which one, only a superuser may read")
                ),
                format!(
                    "put the line `{}` before it, which the module that dbgen renders does, then SELECT pg_reload_conf()",
                    self.declared_rule()
                ),
            );
        }
        let (user, role) = (
            backticked(self.login.system_user()),
            backticked(self.login.user),
        );
        let rules = self.judge.rules;
        let index = self.answer.and_then(|answer| answer.rule);
        let rule = rules
            .zip(index)
            .and_then(|(rules, index)| rules.rules.get(index));
        let map = rule
            .and_then(|rule| rule.option("map"))
            .filter(|map| !map.is_empty());
        let (cause, fix) = match map {
            None => (
                format!("without a map, `peer` lets in only the Unix user that is named like the role: the Unix user {user} is not {role}"),
                "render and load the declared rules, which have `map=dbgen` for a declared `unixUser`; or let the service run as the Unix user of \
                 that name"
                    .to_owned(),
            ),
            Some(map) => {
                let known = rules.is_some_and(|rules| rules.maps.iter().any(|line| line.map == map));
                let lines = match known {
                    true => format!("no line of the map {} in pg_ident.conf is for both", backticked(map)),
                    false => format!("pg_ident.conf has no map {}", backticked(map)),
                };
                (
                    format!("the Unix user {user} may not be the role {role}: {lines}"),
                    format!(
                        "add the line `{}` to pg_ident.conf, then SELECT pg_reload_conf()",
                        self.line(map)
                    ),
                )
            }
        };
        Problem::new(Failure::Peer.code(), cause, fix)
    }

    fn line(&self, map: &str) -> String {
        let of_map = || {
            let instance = self.judge.instance;
            let declared = instance.ident_map.iter().filter(|line| line.map == map);
            let mut printed = declared.filter_map(|line| hba::print_ident(line, self.major()).ok());
            printed.find(|line| {
                line.contains(&quote_token(self.login.system_user()))
                    && line.contains(&quote_token(self.login.user))
            })
        };
        of_map().unwrap_or_else(|| {
            format!(
                "{} {} {}",
                quote_token(map),
                quote_token(self.login.system_user()),
                quote_token(self.login.user)
            )
        })
    }

    fn major(&self) -> u8 {
        let asked = self.judge.facts.map(|facts| facts.version / 10_000);
        asked
            .and_then(|major| u8::try_from(major).ok())
            .unwrap_or(18)
    }
}
