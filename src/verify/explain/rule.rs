//! No rule matches, or one that refuses.

use super::Case;
use crate::catalog::reach::{Route, Verdict};
use crate::diagnostic::phrase::backticked;
use crate::postgres::Version;
use crate::postgres::hba::{self, Address, Method};
use crate::verify::{Failure, Problem};

const RELOAD: &str = "SELECT pg_reload_conf()";

impl Case<'_> {
    pub(super) fn no_rule(&self) -> Problem {
        if let Some(problem) = self.not_in_force(Failure::NoRule) {
            return problem;
        }
        let file = match self.judge.rules {
            Some(rules) => backticked(&rules.hba.path),
            None => "pg_hba.conf".to_owned(),
        };
        let hint = match self.route {
            Route::Ipv6 => {
                ". libpq tries ::1 first for `localhost`: this is the first thing that the service is told"
            }
            _ => "",
        };
        Problem::new(
            Failure::NoRule.code(),
            format!(
                "no line of {file} is for the role {} in the database {} {}{}{hint}",
                backticked(self.login.user),
                backticked(self.login.database),
                self.from(),
                self.unresolved()
            ),
            format!(
                "add the line `{}`, which the module that dbgen renders has, then {RELOAD}",
                self.declared_rule()
            ),
        )
    }

    /// A line that would be for it, did the server find the host name for the client's address.
    fn unresolved(&self) -> String {
        let found = self
            .judge
            .rules
            .zip(self.answer)
            .and_then(|(rules, answer)| {
                let index = answer.undecided?;
                let named = matches!(
                    rules.rules.get(index)?.address,
                    Some(Address::HostName(_) | Address::Suffix(_))
                );
                rules.shown(index).filter(|_| named)
            });
        found.map_or(String::new(), |line| {
            format!(
                "; the name in {line} is not that of the address, as far as the server can find out"
            )
        })
    }

    pub(super) fn rejected(&self) -> Problem {
        if let Some(problem) = self.not_in_force(Failure::Rejected) {
            return problem;
        }
        Problem::new(
            Failure::Rejected.code(),
            format!(
                "a rule refuses the role {} in the database {} {}: {}",
                backticked(self.login.user),
                backticked(self.login.database),
                self.from(),
                self.rule.unwrap_or("which one, only a superuser may read")
            ),
            format!(
                "put the line `{}` before it, which the module that dbgen renders does, then {RELOAD}",
                self.declared_rule()
            ),
        )
    }

    pub(super) fn other_method(&self) -> Problem {
        if let Some(problem) = self.not_in_force(Failure::Authentication) {
            return problem;
        }
        Problem::new(
            Failure::Authentication.code(),
            format!(
                "the method of the rule that decides refuses the login: {}",
                self.rule.unwrap_or("which one, only a superuser may read")
            ),
            format!(
                "the server's log says more; the declared line is `{}`: put it before the other, then {RELOAD}",
                self.declared_rule()
            ),
        )
    }

    /// The file says otherwise than the server does.
    pub(super) fn not_in_force(&self, failure: Failure) -> Option<Problem> {
        let (rules, answer) = (self.judge.rules?, self.answer?);
        let agree = match failure {
            Failure::NoRule => answer.verdict == Verdict::NoRule,
            Failure::Rejected => answer.verdict == Verdict::Refused,
            Failure::Peer => self.is_peer(),
            Failure::Password => answer.method.is_some_and(Method::compares_password),
            Failure::Authentication => answer.method.is_some_and(|method| {
                let others = matches!(method, Method::Trust | Method::Reject | Method::Peer);
                !others && !method.compares_password()
            }),
            _ => true,
        };
        if agree || answer.undecided.is_some() {
            return None;
        }
        let path = backticked(&rules.hba.path);
        let line = self.rule.unwrap_or("none of its lines");
        let (code, why, fix) = match (rules.hba.errors.first(), rules.hba.changed) {
            (Some(error), _) => (
                "file-error",
                format!(
                    "the server refused the file ({error}), and goes on with the rules that it had before"
                ),
                format!("mend the line, then {RELOAD}"),
            ),
            (None, true) => (
                "file-not-loaded",
                "the file was changed after the server read it".to_owned(),
                RELOAD.to_owned(),
            ),
            (None, false) => (
                failure.code(),
                "the server says otherwise".to_owned(),
                format!("{RELOAD}, and look into the server's log"),
            ),
        };
        let cause =
            format!("in {path}, {line} decides this login, and that is not in force: {why}");
        Some(Problem::new(code, cause, fix))
    }

    fn from(&self) -> String {
        match self.route {
            Route::Socket => "over the socket".to_owned(),
            route => format!("from {route}"),
        }
    }

    pub(super) fn declared_rule(&self) -> String {
        let instance = self.judge.instance;
        let asked = self.judge.facts.map(|facts| facts.version / 10_000);
        let major = asked.and_then(|major| Version::new(i64::from(major)));
        let version = instance.version.or(major).unwrap_or(Version::NEWEST);
        let rule = self.declared.undecided.or(self.declared.rule);
        let rule = rule.and_then(|index| instance.rules.get(index));
        let printed = rule.and_then(|rule| hba::print(rule, version.major()).ok());
        printed.unwrap_or_default()
    }
}
