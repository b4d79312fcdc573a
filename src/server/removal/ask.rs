//! Scripts for psql whose errors are the answer.

use std::sync::Mutex;

use super::{RemovalError, Result};
use crate::server::psql::{Ended, Psql, PsqlError, SESSION};

/// What a script prints, unless a signal arrives before it ends.
pub(super) fn ask(psql: &Psql, script: &str) -> Result<Vec<String>> {
    undisturbed(psql)?;
    let mut lines = Vec::new();
    answered(
        |script, told| psql.run(script, &[], told, |line| lines.push(line.to_owned())),
        script,
    )?;
    Ok(lines)
}

/// Runs a script, unless a signal has arrived before. What comes of it is told, also when one arrives meanwhile.
pub(super) fn finish(psql: &Psql, script: &str) -> Result<()> {
    undisturbed(psql)?;
    through(psql, script, true)
}

/// Runs a script that puts something right, and does no harm a second time: a terminal sends a signal to psql as well.
pub(super) fn repair(psql: &Psql, script: &str) -> Result<()> {
    through(psql, script, false).or_else(|error| match psql.interrupts.signal() {
        Some(_) => through(psql, script, false),
        None => Err(error),
    })
}

fn undisturbed(psql: &Psql) -> Result<()> {
    match psql.interrupts.signal() {
        Some(signal) => Err(PsqlError::Interrupted(signal).into()),
        None => Ok(()),
    }
}

fn through(psql: &Psql, script: &str, with_signals: bool) -> Result<()> {
    answered(
        |script, told| psql.end(script, &[], with_signals, told, |_| {}),
        script,
    )
}

/// Runs a script by `run`; what the server said is the error.
fn answered(
    run: impl FnOnce(&str, &(dyn Fn(&str) + Sync)) -> std::result::Result<Ended, PsqlError>,
    script: &str,
) -> Result<()> {
    let messages = Mutex::new(Vec::new());
    let told = |line: &str| {
        if let Ok(mut messages) = messages.lock() {
            messages.push(line.to_owned());
        }
    };
    if run(&format!("{SESSION}{script}"), &told)? == Ended::Fine {
        return Ok(());
    }
    let messages = messages.into_inner().unwrap_or_default();
    Err(RemovalError::Server(match messages.is_empty() {
        true => "the connection was lost".to_owned(),
        false => messages.join("; "),
    }))
}
