//! One login over one route: what the rules say, what really happens, and whether that is as declared.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::ask::Facts;
use super::attempt::{AttemptError, Place, attempt};
use super::explain::Case;
use super::rules::Rules;
use super::secrets::{Known, Secrets};
use super::{Failure, Problem, Status, Tried};
use crate::catalog::Instance;
use crate::catalog::reach::{Answer, DeclaredLogin, Route, Verdict};
use crate::diagnostic::phrase::backticked;
use crate::postgres::hba::Method;
use crate::server::message::is_unanswered;
use crate::server::psql::Psql;

/// What all logins are judged by.
pub(super) struct Judge<'j> {
    pub psql: &'j Psql,
    pub instance: &'j Instance,
    pub facts: Option<&'j Facts>,
    pub rules: Option<&'j Rules>,
    pub secrets: &'j Secrets,
    pub place: &'j Place,
    /// The Unix user that tries.
    pub runner: Option<String>,
    /// How many attempts in a row over each route ended without an answer.
    pub mute: RefCell<BTreeMap<Route, usize>>,
}

/// After so many of them over a route no more are made there: each takes all the time that there is to connect.
const MUTE: usize = 2;

fn is_refused(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Refused | Verdict::NoRule)
}

impl Judge<'_> {
    /// Judges a login over a route.
    pub fn route(&self, login: &DeclaredLogin, route: Route) -> Result<Tried, AttemptError> {
        let instance = self.instance;
        let declared = instance.answer(&instance.rules, &instance.ident_map, login, route);
        let answer = self.answer(login, route);
        let certain = answer.filter(|answer| answer.undecided.is_none());
        let rule = answer.and_then(|answer| self.shown(&answer));
        let tried = |status| Tried {
            route,
            status,
            method: certain.and_then(|answer| Some(answer.method?.keyword())),
            rule: rule.clone(),
            note: None,
            problem: None,
        };
        if is_refused(declared.verdict) {
            return Ok(tried(Status::NotDeclared));
        }
        let case = Case {
            judge: self,
            login,
            route,
            declared: &declared,
            answer: answer.as_ref(),
            rule: rule.as_deref(),
            secret: self.secrets.of(instance, login.user),
        };
        let refused = |problem: Problem| Tried {
            problem: Some(problem),
            ..tried(Status::Refused)
        };
        let not_tried = |note: String| Tried {
            note: Some(note),
            ..tried(Status::NotTried)
        };
        // A login by password meets `peer` whoever tries it.
        let is_foreign = declared.method == Some(Method::Peer) && !self.is_runner(login);
        let is_peer = certain.is_some_and(|answer| answer.method == Some(Method::Peer));

        if let Some(host) = &self.place.elsewhere {
            return Ok(match certain {
                Some(answer) if is_refused(answer.verdict) => refused(case.simulated(&answer)),
                _ => not_tried(format!(
                    "it can be tried on {} only{}",
                    backticked(host),
                    self.by_rules(certain.as_ref())
                )),
            });
        }
        // An attempt as the wrong Unix user would only write a failure into the server's log.
        if is_foreign && is_peer && self.place.has_socket() {
            return Ok(match certain {
                Some(answer) if is_refused(answer.verdict) => refused(case.simulated(&answer)),
                _ => not_tried(format!(
                    "only the Unix user {} can try it{}",
                    backticked(login.system_user()),
                    self.by_rules(certain.as_ref())
                )),
            });
        }
        if self.is_mute(route) {
            return Ok(not_tried(format!(
                "the {MUTE} logins before it over this route got no answer in time: see there"
            )));
        }
        let password = match case.secret {
            Known::Password(_, password) => Some(password),
            _ => None,
        };
        let attempted = attempt(self.psql, self.place, login, route, password)?;
        self.heard(route, attempted.as_ref());
        let message = match attempted {
            Ok(()) => return Ok(tried(Status::Ok)),
            Err(message) => message,
        };
        let failure = Failure::of(&message);
        Ok(match (failure, case.secret) {
            (Failure::Peer, _) if is_foreign => not_tried(format!(
                "only the Unix user {} can try it{}",
                backticked(login.system_user()),
                self.by_rules(None)
            )),
            (Failure::NoPassword, secret) => match (case.why_no_password(), secret) {
                (Some(problem), _) => refused(problem.said(message)),
                (None, Known::Unusable(why)) => not_tried(why.to_owned()),
                (None, Known::Impossible(why)) => refused(Problem::new(
                    "password",
                    why,
                    "put a password into that file; the next provisioning gives it to the server",
                )),
                (None, _) => not_tried(
                    "it asks for a password, and none is declared for the role".to_owned(),
                ),
            },
            // The server knows what the rules here leave open.
            (Failure::NoRule, _) if certain.is_none() => Tried {
                rule: None,
                ..refused(case.explain(failure).said(message))
            },
            (failure, _) => refused(case.explain(failure).said(message)),
        })
    }

    /// The rule that decides, or the first of which only the server knows whether it does.
    fn shown(&self, answer: &Answer) -> Option<String> {
        let rules = self.rules?;
        match answer.undecided {
            Some(index) => rules.shown(index).map(|rule| format!("perhaps {rule}")),
            None => rules.shown(answer.rule?),
        }
    }

    fn answer(&self, login: &DeclaredLogin, route: Route) -> Option<Answer> {
        let (rules, facts) = (self.rules?, self.facts?);
        let role = facts.roles.get(login.user);
        let member_of = |group: &str| role.is_some_and(|role| role.member_of.contains(group));
        let tls = facts.tls && route != Route::Socket;
        Some(login.answer((&rules.rules, &rules.maps), route, tls, &member_of))
    }

    fn is_mute(&self, route: Route) -> bool {
        self.mute
            .borrow()
            .get(&route)
            .is_some_and(|attempts| *attempts >= MUTE)
    }

    /// Counts the attempts without an answer. Any answer tells that there is somebody.
    fn heard(&self, route: Route, attempted: Result<&(), &String>) {
        let is_late = attempted.is_err_and(|message| is_unanswered(message));
        let mut mute = self.mute.borrow_mut();
        let attempts = mute.entry(route).or_default();
        *attempts = if is_late { *attempts + 1 } else { 0 };
    }

    fn is_runner(&self, login: &DeclaredLogin) -> bool {
        self.runner.as_deref() == Some(login.system_user())
    }

    /// What is known without having tried.
    fn by_rules(&self, answer: Option<&Answer>) -> String {
        let Some(answer) = answer else {
            return String::new();
        };
        let map = answer.map.and_then(|index| self.rules?.shown_map(index));
        match (answer.verdict, map) {
            (Verdict::Admitted, Some(map)) => format!("; by the rules it gets in ({map})"),
            (Verdict::Admitted, None) => "; by the rules it gets in".to_owned(),
            (Verdict::ProofNeeded, _) => "; by the rules it is asked for proof".to_owned(),
            _ => String::new(),
        }
    }
}
