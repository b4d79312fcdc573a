//! Running the convergence program.

use std::sync::Mutex;

use thiserror::Error;

use super::message;
use super::psql::{Ended, Psql, PsqlError};
use super::removal::RemovalError;
use crate::catalog::Instance;
use crate::emit::sql::ready_name;
use crate::plan::json::Mode;
use crate::plan::read::{self, Line, ReadError};
use crate::plan::{Kind, Plan, Scope, ScopeName, Step};
use crate::postgres::Identifier;
use crate::postgres::quote::shown_identifier;

/// Why there is no result.
#[derive(Debug, Error)]
pub enum RunError {
    /// psql itself.
    #[error(transparent)]
    Psql(#[from] PsqlError),
    /// What the program printed.
    #[error(transparent)]
    Report(#[from] ReadError),
    /// What is declared to be removed could not be looked at.
    #[error("can't look at what is to be removed")]
    Removal(#[source] RemovalError),
    /// The connection.
    #[error(
        "the connection was lost; what was not committed is rolled back, and the next run does the rest"
    )]
    Lost,
    /// The program ended with an error that belongs to no part of the server.
    #[error("the program failed")]
    Failed,
}

impl From<RemovalError> for RunError {
    fn from(error: RemovalError) -> RunError {
        match error {
            RemovalError::Psql(error) => RunError::Psql(error),
            error => RunError::Removal(error),
        }
    }
}

/// Runs the program. `reported` gets each scope as it comes. A database that can't be connected to ends psql: then it runs once more
/// without that database, so that the others get theirs, and `reported` gets what is new.
///
/// # Errors
/// When psql fails, the connection is lost, or the program prints what can't be read.
pub fn run(
    psql: &Psql,
    instance: &Instance,
    script: &str,
    (mode, without_superuser): (Mode, bool),
    told: impl Fn(&str) + Send + Sync,
    mut reported: impl FnMut(&Scope),
) -> Result<Plan, RunError> {
    let mut plan = Plan::default();
    let mut left_out: Vec<Scope> = Vec::new();
    let mut earlier: Vec<Scope> = Vec::new();
    let ended = loop {
        let mut connecting = None;
        let names: Vec<String> = left_out.iter().filter_map(ready_name_of).collect();
        let refusal = Mutex::new(None);
        let listen = |line: &str| {
            if let Ok(mut refusal) = refusal.lock() {
                match (&mut *refusal, message::refused_connection(line)) {
                    (none, Some(why)) => *none = Some(why.to_owned()),
                    (Some(why), None) => *why = format!("{why} {}", line.trim()),
                    (None, None) => {}
                }
            }
            told(line);
        };
        let how = (mode, without_superuser, names.join(" "));
        let ended = once(psql, script, &how, listen, |line| match line {
            Line::Connecting(database) => connecting = Some(database),
            Line::Scope(scope) => {
                if let Some(news) = news(&scope, &earlier, mode) {
                    reported(&news);
                }
                plan.add(scope);
            }
        })?;
        let Some(database) = connecting.filter(|_| ended == Ended::NoConnection) else {
            break ended;
        };
        let why = refusal.into_inner().ok().flatten();
        let failed = unconnected(database, why);
        if left_out.iter().any(|scope| scope.name == failed.name) {
            break ended;
        }
        reported(&failed);
        left_out.push(failed);
        // What was executed stays; everything else is looked at again.
        earlier.clone_from(&plan.scopes);
        for scope in &mut plan.scopes {
            scope.steps.retain(|step| is_executed(step, mode));
        }
    };
    if ended == Ended::NoConnection {
        return Err(RunError::Lost);
    }
    for scope in left_out {
        plan.add(scope);
    }
    plan.unreported = expected(instance)
        .filter(|name| !plan.scopes.iter().any(|scope| scope.name == *name))
        .collect();
    let is_told = plan.failed().next().is_some() || plan.counts().blocked > 0;
    if ended == Ended::ScriptFailed && !is_told {
        return Err(RunError::Failed);
    }
    Ok(plan)
}

/// Runs it, from its start to the first connection that fails.
fn once(
    psql: &Psql,
    script: &str,
    (mode, without_superuser, leave_out): &(Mode, bool, String),
    told: impl Fn(&str) + Send,
    mut said: impl FnMut(Line),
) -> Result<Ended, RunError> {
    let mut unreadable = None;
    let mut variables = vec![
        (
            "mode",
            match mode {
                Mode::Plan => "plan",
                Mode::Apply => "apply",
            },
        ),
        ("format", "json"),
    ];
    if *without_superuser {
        variables.push(("without_superuser", "on"));
    }
    if !leave_out.is_empty() {
        variables.push(("leave_out", leave_out));
    }
    let ended = psql.run(script, &variables, told, |line| {
        // Whatever comes after: the program is not stopped half-way for that.
        if line.is_empty() || unreadable.is_some() {
            return;
        }
        match read::line(line) {
            Ok(line) => said(line),
            Err(error) => unreadable = Some(error),
        }
    })?;
    match unreadable {
        Some(error) if ended != Ended::NoConnection => Err(error.into()),
        _ => Ok(ended),
    }
}

/// A database without a connection, as a scope that failed.
fn unconnected(database: String, why: Option<String>) -> Scope {
    let failed = Step {
        kind: Kind::Failed,
        object: format!("database {}", shown_identifier(&database)),
        sql: None,
        why: why.unwrap_or_else(|| "the connection was lost".into()),
        password: None,
        outside: false,
    };
    Scope {
        name: ScopeName::Contents(database),
        steps: vec![failed],
    }
}

fn ready_name_of(scope: &Scope) -> Option<String> {
    match &scope.name {
        ScopeName::Contents(database) => Identifier::new(database).ok().map(|it| ready_name(&it)),
        _ => None,
    }
}

fn is_executed(step: &Step, mode: Mode) -> bool {
    mode == Mode::Apply && matches!(step.kind, Kind::Change | Kind::Record)
}

/// The scope without what was reported of it before; nothing when it was reported and nothing is new.
fn news(scope: &Scope, earlier: &[Scope], mode: Mode) -> Option<Scope> {
    let Some(before) = earlier.iter().find(|before| before.name == scope.name) else {
        return Some(scope.clone());
    };
    let mut scope = scope.clone();
    scope
        .steps
        .retain(|step| is_executed(step, mode) || !before.steps.contains(step));
    (!scope.steps.is_empty()).then_some(scope)
}

/// Every scope that the program reports when nothing fails.
pub fn expected(instance: &Instance) -> impl Iterator<Item = ScopeName> {
    let contents = instance.databases.keys();
    [ScopeName::Roles, ScopeName::Databases]
        .into_iter()
        .chain(contents.map(|name| ScopeName::Contents(name.as_str().to_owned())))
}
