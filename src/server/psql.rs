//! psql as a process: the script goes through its standard input, never through its arguments.

use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use rustix::process::Pid;
use thiserror::Error;

use super::connection::ConnectionString;
use super::interrupt::Interrupts;
use super::message;
use super::patience::watched;
use crate::diagnostic::visible;
use crate::postgres::quote::quote_connection;

/// What is set in every session but those of the provisioning program, which has more to set: what a database or a
/// role has set for its clients is not for dbgen, and a superuser is itself.
pub(crate) const SESSION: &str = "\
SET statement_timeout = 0;
SET client_min_messages = warning;
SET search_path = pg_catalog, pg_temp;
SET standard_conforming_strings = on;
SET default_transaction_read_only = off;
SET default_transaction_isolation = 'read committed';
SET quote_all_identifiers = off;
SELECT CASE WHEN rolsuper THEN 'none' ELSE current_setting('role') END AS role FROM pg_roles WHERE rolname = session_user \\gset dbgen_
SET ROLE :\"dbgen_role\";
";

/// Leads a script to another database, into such a session.
pub(crate) fn connect(database: &str) -> String {
    let target = quote_connection(database);
    format!("\\connect -reuse-previous=on {target}\n{SESSION}")
}

/// How to start psql, and what it connects to.
#[derive(Clone, Debug)]
pub struct Psql {
    /// The program.
    pub program: PathBuf,
    /// The connection string; nothing: libpq's environment says it.
    pub connection: Option<ConnectionString>,
    /// What is set in psql's environment.
    pub environment: Vec<(&'static str, OsString)>,
    /// Whether nothing of the caller's environment is for libpq.
    pub alone: bool,
    /// Who listens for signals.
    pub interrupts: Interrupts,
}

/// How psql ended, in the words of its manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Exit status 0.
    Fine,
    /// Exit status 3: the script failed somewhere, or said so.
    ScriptFailed,
    /// Exit status 2: there was no connection, or it was lost.
    NoConnection,
}

/// Why there is nothing to read from psql.
#[derive(Debug, Error)]
pub enum PsqlError {
    /// It is not there.
    #[error(
        "can't find `{0}`: install PostgreSQL's client (on NixOS `nix shell nixpkgs#postgresql`), or name it with --psql PATH"
    )]
    Missing(String),
    /// It can't be started.
    #[error("can't start `{0}`: {1}")]
    Start(String, io::Error),
    /// Its output can't be read.
    #[error("can't read what psql prints")]
    Read(#[from] io::Error),
    /// It ended in a way that its manual does not have.
    #[error("psql ended unexpectedly ({0})")]
    Unexpected(ExitStatus),
    /// The server is mute.
    #[error(
        "the server had taken the connection, and no longer answers anybody: given up; what was not committed is undone"
    )]
    Mute,
    /// A signal arrived.
    #[error(
        "interrupted: the transaction that was open is rolled back, and what was committed before stays"
    )]
    Interrupted(i32),
}

impl Psql {
    /// psql, with what it connects to.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // A prompt would read the script where there is no terminal, and would come again for each run where there is one.
        command.args(["--no-psqlrc", "--no-password", "--quiet"]);
        if let Some(connection) = &self.connection {
            command.arg(format!("--dbname={}", connection.as_str()));
        }
        if self.alone {
            for (name, _) in env::vars_os() {
                if name.to_string_lossy().starts_with("PG") {
                    command.env_remove(name);
                }
            }
        }
        command
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            // What failed is known by psql's words, as they are in the locale C.
            .env("LC_ALL", "C")
            .env("PGCLIENTENCODING", "UTF8");
        command
    }

    /// Runs a script. `line` gets each line of standard output as it comes, `told` each line of standard error. What is printed
    /// is rows only, not aligned; the first error ends the script unless it says otherwise.
    ///
    /// # Errors
    /// When psql can't be started, or ends in an unexpected way.
    pub fn run(
        &self,
        script: &str,
        variables: &[(&str, &str)],
        told: impl Fn(&str) + Send,
        line: impl FnMut(&str),
    ) -> Result<Ended, PsqlError> {
        let ended = self.end(script, variables, true, told, line);
        match self.interrupts.signal() {
            Some(signal) => Err(PsqlError::Interrupted(signal)),
            None => ended,
        }
    }

    /// The same, but what came of it is told also when a signal has arrived; and psql is told of signals only where that is wanted.
    pub(super) fn end(
        &self,
        script: &str,
        variables: &[(&str, &str)],
        with_signals: bool,
        told: impl Fn(&str) + Send,
        mut line: impl FnMut(&str),
    ) -> Result<Ended, PsqlError> {
        let mut command = self.command();
        command.args(["--no-align", "--tuples-only"]);
        command.args(["--set", "ON_ERROR_STOP=on", "--set", "SHOW_CONTEXT=never"]);
        for (name, value) in variables {
            command.arg("--set").arg(format!("{name}={value}"));
        }
        command
            .args(["--file", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let program = self.program.display().to_string();
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => PsqlError::Missing(program),
            _ => PsqlError::Start(program, error),
        })?;
        let pid = Pid::from_child(&child);
        if with_signals {
            self.interrupts.pass_to(pid.into());
        }
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let talk = || {
            thread::scope(|scope| {
                scope.spawn(move || {
                    // A psql that can't connect ends without reading.
                    let _ = stdin.map(|mut stdin| stdin.write_all(script.as_bytes()));
                });
                scope.spawn(move || {
                    if let Some(stderr) = stderr {
                        let _ = lines(stderr, |text| {
                            if let Some(text) = message::cleaned(text) {
                                told(&visible(&text.replace('\t', "    ")));
                            }
                        });
                    }
                });
                stdout.map_or(Ok(()), |stdout| lines(stdout, &mut line))
            })
        };
        let (read, is_mute) = watched(self, pid, talk);
        // Both streams are closed, so psql has nothing left to do; after `wait` its number could be another process's.
        self.interrupts.pass_to(None);
        let status = child.wait()?;
        read?;
        if is_mute {
            return Err(PsqlError::Mute);
        }
        match status.code() {
            Some(0) => Ok(Ended::Fine),
            Some(2) => Ok(Ended::NoConnection),
            Some(3) => Ok(Ended::ScriptFailed),
            _ => Err(PsqlError::Unexpected(status)),
        }
    }
}

fn lines(from: impl Read, mut line: impl FnMut(&str)) -> io::Result<()> {
    let mut from = BufReader::new(from);
    let mut bytes = Vec::new();
    while from.read_until(b'\n', &mut bytes)? > 0 {
        line(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']));
        bytes.clear();
    }
    Ok(())
}
