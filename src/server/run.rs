//! Running the convergence program.

use thiserror::Error;

use super::psql::{Ended, Psql, PsqlError};
use super::removal::RemovalError;
use crate::catalog::Instance;
use crate::plan::json::Mode;
use crate::plan::read::{self, ReadError};
use crate::plan::{Plan, Scope, ScopeName};

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

/// Runs the program. `reported` gets each scope as it comes.
///
/// # Errors
/// When psql fails, the connection is lost, or the program prints what can't be read.
pub fn run(
    psql: &Psql,
    instance: &Instance,
    script: &str,
    (mode, without_superuser): (Mode, bool),
    told: impl Fn(&str) + Send,
    mut reported: impl FnMut(&Scope),
) -> Result<Plan, RunError> {
    let mut plan = Plan::default();
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
    if without_superuser {
        variables.push(("without_superuser", "on"));
    }
    let ended = psql.run(script, &variables, told, |line| {
        // Whatever comes after: the program is not stopped half-way for that.
        if line.is_empty() || unreadable.is_some() {
            return;
        }
        match read::scope(line) {
            Ok(scope) => {
                reported(&scope);
                plan.add(scope);
            }
            Err(error) => unreadable = Some(error),
        }
    })?;
    if ended == Ended::NoConnection {
        return Err(RunError::Lost);
    }
    if let Some(error) = unreadable {
        return Err(error.into());
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

/// Every scope that the program reports when nothing fails.
pub fn expected(instance: &Instance) -> impl Iterator<Item = ScopeName> {
    let contents = instance.databases.keys();
    [ScopeName::Roles, ScopeName::Databases]
        .into_iter()
        .chain(contents.map(|name| ScopeName::Contents(name.as_str().to_owned())))
}
