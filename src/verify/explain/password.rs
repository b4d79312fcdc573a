//! The password is refused, for one of the reasons that the server does not tell apart to a client.

use super::Case;
use crate::diagnostic::phrase::backticked;
use crate::postgres::hba::Method;
use crate::postgres::scram::{DEFAULT_ITERATIONS, Verifier};
use crate::verify::secrets::Known;
use crate::verify::{Failure, Problem, role};

const SET: &str = "`dbgen apply` sets it from the declared file, or from the one that --password-file names (on the module's host the provisioning unit does)";

/// What the server keeps of a password.
enum Stored<'s> {
    Nothing,
    Md5,
    Scram(&'s str),
    Other,
}

impl Case<'_> {
    pub(super) fn password(&self) -> Problem {
        let known = self.why_no_password();
        if let Some(problem) = known.or_else(|| self.not_in_force(Failure::Password)) {
            return problem;
        }
        let code = Failure::Password.code();
        let user = backticked(self.login.user);
        match (self.stored(), self.secret) {
            (Some(Stored::Scram(stored)), Known::Password(secret, _)) => {
                let same = secret.verifier(Some(stored), DEFAULT_ITERATIONS);
                match same.is_ok_and(|verifier| verifier == stored) {
                    false => Problem::new(
                        code,
                        format!(
                            "the password file for the role {user} holds another password than the server has"
                        ),
                        SET,
                    ),
                    true => Problem::new(
                        code,
                        format!(
                            "the server has this password for the role {user}, and its method refuses it all the same: {}",
                            self.rule.unwrap_or("its rule can't be read")
                        ),
                        "the server's log says more",
                    ),
                }
            }
            (Some(_), _) => Problem::new(
                code,
                format!(
                    "the password file for the role {user} holds another password than the server has, as far as can be told"
                ),
                SET,
            ),
            (None, _) => Problem::new(
                code,
                format!(
                    "the password is wrong, or the server has none for the role {user}, or there is no such role: it says the same of all, \
                     and only a superuser may look"
                ),
                format!("{SET}; a superuser is told which it is"),
            ),
        }
    }

    /// Why no password at all would get in.
    pub fn why_no_password(&self) -> Option<Problem> {
        let facts = self.judge.facts?;
        let Some(its_role) = facts.roles.get(self.login.user) else {
            let missing = role::missing(self.login.user);
            let cause = format!(
                "{}: the server says the same as of a wrong password",
                missing.cause
            );
            return Some(Problem { cause, ..missing });
        };
        let user = backticked(self.login.user);
        let is_declared = !matches!(self.secret, Known::Undeclared);
        let method = self.answer.and_then(|answer| answer.method);
        match self.stored() {
            Some(Stored::Nothing) if is_declared => {
                return Some(Problem::new(
                    "no-password-stored",
                    format!("the server has no password for the role {user}: no password gets in"),
                    SET,
                ));
            }
            Some(Stored::Md5) if method == Some(Method::ScramSha256) => {
                return Some(Problem::new(
                    "md5-stored",
                    format!(
                        "the server keeps the password of the role {user} as an MD5 hash, with which scram-sha-256 lets nobody in"
                    ),
                    format!(
                        "set it anew, as SCRAM: {SET}; on the server `\\password` of psql does, where password_encryption is scram-sha-256"
                    ),
                ));
            }
            _ => {}
        }
        role::expired(self.login.user, its_role)
    }

    /// Nothing where it may not be read.
    fn stored(&self) -> Option<Stored<'_>> {
        let stored = self.judge.facts?.passwords.as_ref()?.get(self.login.user)?;
        Some(match stored.as_deref() {
            None => Stored::Nothing,
            Some(text) if Verifier::parse(text).is_some() => Stored::Scram(text),
            Some(text) if text.starts_with("md5") => Stored::Md5,
            Some(_) => Stored::Other,
        })
    }
}
