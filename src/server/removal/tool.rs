//! pg_dump and pg_restore as processes.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Pid;

use super::{RemovalError, Result};
use crate::diagnostic::visible;
use crate::server::patience::watched;
use crate::server::psql::{Psql, PsqlError};

/// Runs a program of PostgreSQL's client to its end, on the server and as the role that psql has.
pub(super) fn run(psql: &Psql, name: &str, arguments: &[OsString], stdout: Stdio) -> Result<()> {
    if let Some(signal) = psql.interrupts.signal() {
        return Err(PsqlError::Interrupted(signal).into());
    }
    let program = beside(&psql.program, name);
    let shown = program.display().to_string();
    let mut child = Command::new(&program)
        .arg("--no-password")
        .args(arguments)
        .envs(psql.environment.iter().map(|(name, value)| (name, value)))
        // What they say is read here, and stands beside dbgen's own words.
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => PsqlError::Missing(shown.clone()),
            _ => PsqlError::Start(shown.clone(), error),
        })?;
    let pid = Pid::from_child(&child);
    psql.interrupts.pass_to(pid.into());
    let mut told = Vec::new();
    let stderr = child.stderr.take();
    let (read, is_mute) = watched(psql, pid, || match stderr {
        Some(mut stderr) => stderr.read_to_end(&mut told),
        None => Ok(0),
    });
    psql.interrupts.pass_to(None);
    let status = child.wait().map_err(PsqlError::Read)?;
    read.map_err(PsqlError::Read)?;
    if let Some(signal) = psql.interrupts.signal() {
        return Err(PsqlError::Interrupted(signal).into());
    }
    if is_mute {
        return Err(PsqlError::Mute.into());
    }
    if status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&told);
    let lines = told.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut told = lines.map(visible).collect::<Vec<_>>().join("; ");
    if told.is_empty() {
        told = status.to_string();
    }
    Err(RemovalError::Tool {
        program: name.to_owned(),
        told,
    })
}

/// The program of the same installation as psql, where that is told by its path.
fn beside(psql: &Path, name: &str) -> PathBuf {
    let own = psql.with_file_name(name);
    match own.is_file() {
        true => own,
        false => name.into(),
    }
}
