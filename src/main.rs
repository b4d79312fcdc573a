//! The `dbgen` command.

mod cli;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Outcome};

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        // Whoever reads the output has had enough, as with `| head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("dbgen: {error:#}");
            ExitCode::from(2)
        }
    }
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
