//! The `dbgen` command.

mod cli;

use std::process::ExitCode;

use cli::{Cli, Outcome, say};
use dbgen::diagnostic::color::Tone;
use dbgen::server::ask::AskError;
use dbgen::server::interrupt;
use dbgen::server::psql::PsqlError;
use dbgen::server::run::RunError;
use dbgen::verify::AttemptError;

fn main() -> ExitCode {
    match Cli::read().run() {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(error) => {
            say::line(Tone::Bad, format_args!("{error:#}"));
            if let Some(PsqlError::Interrupted(signal)) = psql_error(&error) {
                interrupt::die(*signal);
            }
            ExitCode::from(2)
        }
    }
}

fn psql_error(error: &anyhow::Error) -> Option<&PsqlError> {
    let of_run = error
        .downcast_ref::<RunError>()
        .and_then(|error| match error {
            RunError::Psql(error) => Some(error),
            _ => None,
        });
    let of_ask = error
        .downcast_ref::<AskError>()
        .and_then(|error| match error {
            AskError::Psql(error) => Some(error),
            _ => None,
        });
    let of_attempt = error
        .downcast_ref::<AttemptError>()
        .and_then(|error| match error {
            AttemptError::Psql(error) => Some(error),
            AttemptError::PasswordFile(_) => None,
        });
    of_run.or(of_ask).or(of_attempt)
}
