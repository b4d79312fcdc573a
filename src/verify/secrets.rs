//! The passwords of the declared logins, as far as they are known here.

use std::collections::BTreeMap;

use crate::catalog::Instance;
use crate::postgres::scram::Secret;
use crate::server::passwords::{LeftOut, Passwords, key};

/// The passwords.
#[derive(Default)]
pub struct Secrets {
    known: BTreeMap<String, Secret>,
    elsewhere: BTreeMap<String, String>,
    impossible: BTreeMap<String, String>,
}

/// What is known of the password of one role.
#[derive(Clone, Copy)]
pub(super) enum Known<'s> {
    /// It is here.
    Password(&'s Secret, &'s str),
    /// It is declared, and can't be used here: why.
    Unusable(&'s str),
    /// What is in its file can't be one: who is told that file does not get in.
    Impossible(&'s str),
    /// None is declared.
    Undeclared,
}

impl From<Passwords> for Secrets {
    fn from(passwords: Passwords) -> Secrets {
        let known = passwords.secrets.into_iter();
        let (mut elsewhere, mut impossible) = (BTreeMap::new(), BTreeMap::new());
        for left_out in passwords.left_out {
            match left_out {
                LeftOut::Elsewhere { role, keeper } => {
                    let why = format!(
                        "{keeper} has the password on the module's host; --password-file {}=FILE says where it is here",
                        key(&role)
                    );
                    elsewhere.insert(role, why);
                }
                LeftOut::Unreadable { role, path, error } => {
                    let why = format!(
                        "the password in `{path}` can't be read ({error}); --password-file {}=FILE says where it is here",
                        key(&role)
                    );
                    elsewhere.insert(role, why);
                }
                LeftOut::Impossible { role, path, error } => {
                    impossible.insert(
                        role,
                        format!("what is in `{path}` can't be a password: {error}"),
                    );
                }
            }
        }
        Secrets {
            known: known
                .map(|(role, secret)| (role.as_str().to_owned(), secret))
                .collect(),
            elsewhere,
            impossible,
        }
    }
}

impl Secrets {
    pub(super) fn of(&self, instance: &Instance, role: &str) -> Known<'_> {
        if let Some(secret) = self.known.get(role) {
            return match secret.password() {
                None => {
                    Known::Unusable("its file holds a verifier, and nobody can log in with that")
                }
                Some(password) if password.contains(['\n', '\r']) => Known::Unusable(
                    "the password has a line break, and libpq reads none from a password file: it can't be tried by psql",
                ),
                Some(password) => Known::Password(secret, password),
            };
        }
        if let Some(why) = self.impossible.get(role) {
            return Known::Impossible(why);
        }
        if let Some(why) = self.elsewhere.get(role) {
            return Known::Unusable(why);
        }
        let declared = instance.roles.get(role);
        match declared.is_some_and(|role| role.password.is_some()) {
            true => Known::Unusable("the password is not looked for (--without-passwords)"),
            false => Known::Undeclared,
        }
    }
}
