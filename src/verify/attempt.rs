//! A login that is really tried, as the service would: by libpq, with the password in a file that only this user can read.

use std::env;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use tempfile::NamedTempFile;
use thiserror::Error;
use zeroize::Zeroizing;

use super::ask;
use crate::catalog::reach::{DeclaredLogin, Route};
use crate::server::connection::PATIENCE;
use crate::server::psql::{Ended, Psql, PsqlError};

/// Where logins are tried.
#[derive(Clone, Debug)]
pub struct Place {
    /// The directory of the socket.
    pub socket_directory: String,
    /// The port, which also names the socket.
    pub port: u16,
    /// Another host that has the server: from here, its loopback addresses and its socket are out of reach.
    pub elsewhere: Option<String>,
}

/// Why a login could not be tried.
#[derive(Debug, Error)]
pub enum AttemptError {
    /// psql itself.
    #[error(transparent)]
    Psql(#[from] PsqlError),
    /// The password file.
    #[error("can't write a password file for psql: {0}")]
    PasswordFile(#[from] io::Error),
}

impl Place {
    /// Whether somebody listens on the socket.
    pub fn has_socket(&self) -> bool {
        let socket = format!("{}/.s.PGSQL.{}", self.socket_directory, self.port);
        UnixStream::connect(socket).is_ok()
    }

    fn host(&self, route: Route) -> String {
        match route {
            Route::Socket => self.socket_directory.clone(),
            Route::Ipv4 | Route::Ipv6 => route.to_string(),
        }
    }
}

/// Tries a login. What libpq and the server said, if it failed.
///
/// # Errors
/// When psql can't be started.
pub fn attempt(
    psql: &Psql,
    place: &Place,
    login: &DeclaredLogin,
    route: Route,
    password: Option<&str>,
) -> Result<Result<(), String>, AttemptError> {
    // A signal must not leave the file, whenever it comes.
    psql.interrupts.hold(true);
    let tried = try_login(psql, place, login, route, password);
    psql.interrupts.hold(false);
    match psql.interrupts.signal() {
        Some(signal) => Err(PsqlError::Interrupted(signal).into()),
        None => tried,
    }
}

fn try_login(
    psql: &Psql,
    place: &Place,
    login: &DeclaredLogin,
    route: Route,
    password: Option<&str>,
) -> Result<Result<(), String>, AttemptError> {
    let file = password.map(password_file).transpose()?;
    // Without a password, none of another server's may be found either.
    let path = file.as_ref().map_or("/nonexistent".into(), |file| {
        file.path().as_os_str().to_owned()
    });
    let patience = env::var_os("PGCONNECT_TIMEOUT").filter(|value| !value.is_empty());
    let psql = Psql {
        connection: None,
        alone: true,
        environment: vec![
            ("PGHOST", place.host(route).into()),
            ("PGPORT", place.port.to_string().into()),
            ("PGDATABASE", login.database.into()),
            ("PGUSER", login.user.into()),
            ("PGPASSFILE", path),
            (
                "PGCONNECT_TIMEOUT",
                patience.unwrap_or_else(|| PATIENCE.into()),
            ),
            ("PGAPPNAME", "dbgen verify".into()),
            ("LC_ALL", "C".into()),
        ],
        ..psql.clone()
    };
    // To connect is all: an empty script.
    let (ended, _, told) = ask::asked(&psql, "")?;
    Ok(match ended {
        Ended::Fine => Ok(()),
        Ended::NoConnection | Ended::ScriptFailed => Err(without_file(&told)),
    })
}

/// libpq also tells which file a wrong password is from, and that is none of the service's.
fn without_file(told: &str) -> String {
    let lines = told.lines();
    let lines = lines.filter(|line| !line.starts_with("password retrieved from file"));
    lines.collect::<Vec<_>>().join("\n")
}

/// A file of mode 0600, as libpq wants it, where no disk keeps it if that can be had.
fn password_file(password: &str) -> io::Result<NamedTempFile> {
    let folders = ["RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"];
    let mut folders = folders
        .into_iter()
        .filter_map(env::var_os)
        .map(PathBuf::from);
    let folder = folders.find(|folder| folder.is_dir());
    let builder = {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".dbgen-");
        builder
    };
    let mut file = match folder.map(|folder| builder.tempfile_in(folder)) {
        Some(Ok(file)) => file,
        _ => builder.tempfile()?,
    };
    let mut line = Zeroizing::new(String::with_capacity(2 * password.len() + 16));
    line.push_str("*:*:*:*:");
    for character in password.chars() {
        if matches!(character, '\\' | ':') {
            line.push('\\');
        }
        // A string takes everything.
        let _ = line.write_char(character);
    }
    line.push('\n');
    file.write_all(line.as_bytes())?;
    Ok(file)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_this_user_reads_the_password_file() {
        let file = password_file("a:b\\c").unwrap();
        let mode = file.as_file().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            std::fs::read_to_string(file.path()).unwrap(),
            "*:*:*:*:a\\:b\\\\c\n"
        );
    }
}
