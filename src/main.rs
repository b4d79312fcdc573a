//! The `dbgen` command.

mod cli;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Outcome};
use dbgen::server::ask::AskError;
use dbgen::server::interrupt;
use dbgen::server::psql::PsqlError;
use dbgen::server::run::RunError;
use dbgen::verify::AttemptError;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        // Whoever reads the output has had enough, as with `| head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("dbgen: {error:#}");
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

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kinds = error.chain().filter_map(|cause| {
        let of_json = || cause.downcast_ref::<serde_json::Error>()?.io_error_kind();
        let of_io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        of_io.or_else(of_json)
    });
    kinds
        .into_iter()
        .any(|kind| kind == io::ErrorKind::BrokenPipe)
}
