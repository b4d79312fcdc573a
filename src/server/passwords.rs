//! Passwords of roles, read from their files here; the server gets nothing but what it keeps of them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::catalog::PasswordSource;
use crate::emit::sql::Credential;
use crate::postgres::Identifier;
use crate::postgres::quote::{quote_identifier, until_quote};
use crate::postgres::scram::{LONGEST, Secret, SecretError};

/// The secrets that were found, and what is to be said about the others.
#[derive(Default)]
pub struct Passwords {
    /// The secrets.
    pub secrets: BTreeMap<Identifier, Secret>,
    /// Roles whose password is left as it is, and why.
    pub left_out: Vec<LeftOut>,
}

/// A password that is left as it is.
#[derive(Debug, Error)]
pub enum LeftOut {
    /// Only the host that the module is for knows the file.
    #[error(
        "the password of `{role}` is left as it is: {keeper} has it on the module's host; --password-file {}=FILE says where it is here",
        key(role)
    )]
    Elsewhere {
        /// The role.
        role: String,
        /// Who has it.
        keeper: &'static str,
    },
    /// The file is not here.
    #[error(
        "the password of `{role}` is left as it is: can't read `{path}` ({error}); --password-file {}=FILE says where it is here",
        key(role)
    )]
    Unreadable {
        /// The role.
        role: String,
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// What is in the file can't be a password.
    #[error("the password of `{role}` in `{path}` can't be used: {error}")]
    Impossible {
        /// The role.
        role: String,
        /// The file.
        path: String,
        /// Why.
        error: SecretError,
    },
}

/// The role as `--password-file ROLE=FILE` has it: between double quotes, as in SQL, where it would be read otherwise.
pub fn key(role: &str) -> String {
    match role.contains('=') || role.starts_with('"') {
        true => quote_identifier(role),
        false => role.to_owned(),
    }
}

/// The role and the file of `ROLE=FILE`: up to the first equals sign, or the first after a role between double quotes.
/// Nothing when it is of another form.
pub fn key_and_file(text: &str) -> Option<(String, PathBuf)> {
    let (role, file) = match text.strip_prefix('"') {
        None => {
            let (role, file) = text.split_once('=')?;
            (role.to_owned(), file)
        }
        Some(quoted) => {
            let (role, after) = until_quote(quoted)?;
            (role, after.strip_prefix('=')?)
        }
    };
    (!role.is_empty() && !file.is_empty()).then(|| (role, file.into()))
}

/// Why passwords can't be read.
#[derive(Debug, Error)]
pub enum PasswordsError {
    /// A file was named for a role that has no password.
    #[error("--password-file names `{0}`, and no password is declared for such a role")]
    NoSuchRole(String),
    /// A file that was named can't be read.
    #[error("can't read the password of `{role}` from `{path}`: {error}")]
    Unreadable {
        /// The role.
        role: String,
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
}

/// Reads the secrets, from `files` where it names one and otherwise from the declared files.
///
/// # Errors
/// When a file of `files` can't be read.
pub fn read(
    credentials: &[Credential],
    files: &BTreeMap<String, PathBuf>,
) -> Result<Passwords, PasswordsError> {
    let declared = |role: &String| {
        credentials
            .iter()
            .any(|credential| credential.role.as_str() == role)
    };
    if let Some(role) = files.keys().find(|role| !declared(role)) {
        return Err(PasswordsError::NoSuchRole(role.clone()));
    }
    let mut passwords = Passwords::default();
    for credential in credentials {
        let role = credential.role.as_str().to_owned();
        let named = files.get(&role);
        let path = match (named, &credential.source) {
            (Some(path), _) => path,
            (None, PasswordSource::File(path)) => Path::new::<str>(path),
            (None, source) => {
                passwords.left_out.push(LeftOut::Elsewhere {
                    role,
                    keeper: keeper(source),
                });
                continue;
            }
        };
        // One that is named may be what another command writes; nobody writes to a declared one while this waits for it.
        let is_file = named.is_some() || fs::metadata(path).map_or(true, |it| it.is_file());
        let read = match is_file {
            true => beginning(path),
            false => Err(io::Error::other("it is no file")),
        };
        let path = path.display().to_string();
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) if named.is_some() => {
                return Err(PasswordsError::Unreadable { role, path, error });
            }
            Err(error) => {
                passwords
                    .left_out
                    .push(LeftOut::Unreadable { role, path, error });
                continue;
            }
        };
        match Secret::from_bytes(&bytes) {
            Ok(secret) => {
                passwords.secrets.insert(credential.role.clone(), secret);
            }
            Err(error) => passwords
                .left_out
                .push(LeftOut::Impossible { role, path, error }),
        }
    }
    Ok(passwords)
}

/// As much of a file as can be a password with its line end, and a byte more.
fn beginning(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    const MOST: usize = LONGEST + 3;
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST));
    File::open(path)?
        .take(MOST as u64)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn keeper(source: &PasswordSource) -> &'static str {
    match source {
        PasswordSource::File(_) => "its file",
        PasswordSource::Sops(_) => "sops-nix",
        PasswordSource::Agenix(_) => "agenix",
        PasswordSource::Generated => "dbgen's own unit",
    }
}

impl Passwords {
    /// What the server is to keep: what it keeps already where that belongs to the secret.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn verifiers(
        &self,
        stored: &BTreeMap<String, Option<String>>,
        iterations: u32,
    ) -> io::Result<BTreeMap<Identifier, String>> {
        let secrets = self.secrets.iter();
        secrets
            .map(|(role, secret)| {
                let stored = stored.get(role.as_str()).and_then(Option::as_deref);
                let verifier = secret
                    .verifier(stored, iterations)
                    .map_err(io::Error::other)?;
                Ok((role.clone(), verifier))
            })
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::process::Command;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_declared_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let path = pipe.to_str().unwrap().into();
        let (done, ends) = mpsc::channel();
        thread::spawn(move || {
            let credential = Credential {
                name: "password.app".to_owned(),
                role: Identifier::new("app").unwrap(),
                source: PasswordSource::File(path),
            };
            let read = read(&[credential], &BTreeMap::new()).unwrap();
            done.send(read.left_out[0].to_string()).unwrap();
        });
        let told = ends.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(told.contains("(it is no file)"), "{told}");
    }

    #[test]
    fn a_role_and_a_file_are_told_apart_whatever_the_role_is() {
        for role in [
            "app",
            "a=b",
            "=",
            "a\"b",
            "\"",
            "\"a\"=",
            "a b",
            "\"\"=\"\"",
        ] {
            for file in ["secret", "a=b", "\"", "/run/x=\"y\""] {
                let argument = format!("{}={file}", key(role));
                let read = key_and_file(&argument);
                assert_eq!(read, Some((role.to_owned(), file.into())), "{argument}");
                let always = format!("{}={file}", quote_identifier(role));
                assert_eq!(key_and_file(&always), read, "{always}");
            }
        }
        assert_eq!(key("a\"b"), "a\"b");
        assert_eq!(key("a=b"), "\"a=b\"");
        for wrong in [
            "", "=", "a", "a=", "=a", "\"a", "\"a\"", "\"a\"b=c", "\"\"=c", "\"a\"=", "\"a=b",
        ] {
            assert_eq!(key_and_file(wrong), None, "{wrong}");
        }
    }
}
