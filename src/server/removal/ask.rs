//! Scripts for psql whose errors are the answer.

use std::sync::Mutex;

use super::{RemovalError, Result};
use crate::server::psql::{Ended, Psql, PsqlError};

const HEAD: &str = "\
\\set ON_ERROR_STOP on
\\set SHOW_CONTEXT never
\\set QUIET on
\\pset format unaligned
\\pset tuples_only on
SET client_min_messages = warning;
SET search_path = pg_catalog;
SET standard_conforming_strings = on;
";

/// What a script prints, unless a signal has arrived before it begins.
pub(super) fn ask(psql: &Psql, script: &str) -> Result<Vec<String>> {
    if let Some(signal) = psql.interrupts.signal() {
        return Err(PsqlError::Interrupted(signal).into());
    }
    run(psql, script)
}

/// Runs a script that puts something right, also after a signal.
pub(super) fn execute(psql: &Psql, script: &str) -> Result<()> {
    match run(psql, script) {
        Err(error) if !error.is_interrupted() => Err(error),
        _ => Ok(()),
    }
}

fn run(psql: &Psql, script: &str) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    let messages = Mutex::new(Vec::new());
    let told = |line: &str| {
        if let Ok(mut messages) = messages.lock() {
            messages.push(line.to_owned());
        }
    };
    let script = format!("{HEAD}{script}");
    let ended = psql.run(&script, &[], told, |line| lines.push(line.to_owned()))?;
    if ended == Ended::Fine {
        return Ok(lines);
    }
    let messages = messages.into_inner().unwrap_or_default();
    Err(RemovalError::Server(match messages.is_empty() {
        true => "the connection was lost".to_owned(),
        false => messages.join("; "),
    }))
}
