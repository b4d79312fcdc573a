//! Why a login fails, and how to mend it.

mod network;
mod password;
mod peer;
mod rule;

use super::judge::Judge;
use super::secrets::Known;
use super::{Failure, Problem, database, role};
use crate::catalog::reach::{Answer, DeclaredLogin, Route, Verdict};
use crate::diagnostic::phrase::backticked;

/// A login that fails, and all that is known of it.
pub(super) struct Case<'c> {
    pub judge: &'c Judge<'c>,
    pub login: &'c DeclaredLogin<'c>,
    pub route: Route,
    /// What the declared rules make of it.
    pub declared: &'c Answer,
    /// What the server's files make of it.
    pub answer: Option<&'c Answer>,
    /// The rule of the server's file that decides, with its place.
    pub rule: Option<&'c str>,
    pub secret: Known<'c>,
}

impl Case<'_> {
    /// The problem of a login that was not tried, because the rules refuse it.
    pub fn simulated(&self, answer: &Answer) -> Problem {
        if answer.verdict == Verdict::NoRule {
            return self.no_rule();
        }
        if !self.is_peer() {
            return self.rejected();
        }
        let peer = self.peer();
        let told = format!(
            "Peer authentication failed for user \"{}\"",
            self.login.user
        );
        let cause = format!("{}; who tries is told `FATAL:  {told}`", peer.cause);
        Problem { cause, ..peer }
    }

    /// The problem behind what was said.
    pub fn explain(&self, failure: Failure) -> Problem {
        match failure {
            Failure::NoListener
            | Failure::SocketDenied
            | Failure::NoAddress
            | Failure::Unreachable
            | Failure::NoServer
            | Failure::StartingUp
            | Failure::ShuttingDown => self.network(failure),
            Failure::NoRule => self.no_rule(),
            Failure::Rejected => self.rejected(),
            Failure::Password | Failure::NoPassword => self.password(),
            Failure::Peer => self.peer(),
            Failure::Authentication => self.other_method(),
            failure => self.refused_later(failure),
        }
    }

    /// Whoever is known to be who they say is refused all the same.
    fn refused_later(&self, failure: Failure) -> Problem {
        let login = self.login;
        let facts = self.judge.facts;
        let its_role = facts.and_then(|facts| facts.roles.get(login.user));
        let its_database = facts.and_then(|facts| facts.databases.get(login.database));
        let known = match failure {
            Failure::NoRole => Some(role::missing(login.user)),
            Failure::NoDatabase => Some(database::missing(login.database)),
            Failure::NoLogin => its_role.and_then(|role| role::no_login(login.user, role)),
            Failure::RoleLimit => its_role.and_then(|role| role::limit(login.user, role)),
            Failure::NoConnect => its_database.and_then(|have| database::no_connect(login, have)),
            Failure::DatabaseLimit => {
                its_database.and_then(|have| database::limit(login.database, have))
            }
            Failure::DatabaseClosed => {
                its_database.and_then(|have| database::closed(login.database, have))
            }
            _ => None,
        };
        known.unwrap_or_else(|| self.plainly(failure))
    }

    /// What the message alone says, where the server could not be asked, or answers otherwise by now.
    fn plainly(&self, failure: Failure) -> Problem {
        let (user, name) = (backticked(self.login.user), backticked(self.login.database));
        let (cause, fix) = match failure {
            Failure::NoLogin => (
                format!("the role {user} has no LOGIN"),
                "`dbgen apply` gives it LOGIN",
            ),
            Failure::NoConnect => (
                format!("the role {user} has no CONNECT on the database {name}"),
                "`dbgen apply` grants CONNECT to every declared login",
            ),
            Failure::RoleLimit => (
                format!("the connection limit of the role {user} was reached"),
                "declare a higher `connectionLimit` for the role and run `dbgen apply`, or let the service keep fewer connections open",
            ),
            Failure::DatabaseLimit => (
                format!("the connection limit of the database {name} was reached"),
                "declare a higher `connectionLimit` for the database and run `dbgen apply`, or let its services keep fewer connections open",
            ),
            Failure::DatabaseClosed => (
                format!("the database {name} takes no connections"),
                "ALTER DATABASE ... ALLOW_CONNECTIONS true, as a superuser in another database",
            ),
            Failure::ServerLimit => (
                "all connections of the server but those kept for superusers are taken (max_connections)".to_owned(),
                "let services keep fewer connections open, or raise max_connections (services.postgresql.settings) and restart the server",
            ),
            failure => {
                // A server with another language, or one that is newer than this.
                return self.by_facts().unwrap_or_else(|| {
                    Problem::new(
                        failure.code(),
                        "dbgen does not know these words",
                        "the server's log may say more",
                    )
                });
            }
        };
        Problem::new(failure.code(), cause, fix)
    }

    /// What is known of the server, where its words are not understood.
    fn by_facts(&self) -> Option<Problem> {
        let facts = self.judge.facts?;
        let login = self.login;
        if self
            .answer
            .is_some_and(|answer| answer.verdict == Verdict::NoRule)
        {
            return Some(self.no_rule());
        }
        let Some(role) = facts.roles.get(login.user) else {
            return Some(role::missing(login.user));
        };
        let Some(have) = facts.databases.get(login.database) else {
            return Some(database::missing(login.database));
        };
        role::no_login(login.user, role)
            .or_else(|| self.why_no_password())
            .or_else(|| database::no_connect(login, have))
            .or_else(|| database::closed(login.database, have))
    }
}
