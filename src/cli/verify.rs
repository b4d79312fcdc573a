//! `dbgen verify`

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use dbgen::verify::{Report, human, json, metrics, run};

use super::say::{self, print};
use super::server::{self, ServerArgs};
use super::{Global, Outcome, output, report};

const AFTER_HELP: &str = "\
Every declared login is really tried, over the socket, 127.0.0.1 and ::1. What is
refused is explained: docs/verify.md. Run it as a superuser (`sudo -u postgres dbgen
verify`): others may not read the server's pg_hba.conf, nor why a password is refused.

Exit status: 0 everything is as declared, 1 something is not, 2 could not run.

Examples:
  dbgen verify                                   the project's declarations, the local server
  dbgen verify --password-file immich=immich.secret
  dbgen verify --format json --connect 'host=/run/postgresql user=postgres'
  dbgen verify --metrics /var/lib/node_exporter/dbgen-verify.prom";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, after_long_help = format!("{}\n\n{AFTER_HELP}", server::CONNECTION_HELP))]
pub struct VerifyArgs {
    #[command(flatten)]
    server: ServerArgs,

    /// How the result is shown
    #[arg(long, value_enum, default_value_t = VerifyFormat::Human, value_name = "FORMAT")]
    format: VerifyFormat,

    /// Write the result for Prometheus' textfile collector as well
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
}

/// How the result is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum VerifyFormat {
    /// For a person
    Human,
    /// One JSON object, version 1
    Json,
}

pub fn run(args: &VerifyArgs, global: &Global) -> Result<Outcome> {
    if args.metrics.as_deref() == Some(Path::new("-")) {
        bail!("--metrics needs the name of a file: standard output has the result");
    }
    let report = verified(args, global);
    let written = args.metrics.as_ref().map_or(Ok(()), |path| {
        output::write(path, &metrics::render(report.as_ref().ok()))
    });
    let report = report?;
    print(&match args.format {
        VerifyFormat::Human => human::render(&report, say::paint(&io::stdout())),
        VerifyFormat::Json => json::render(&report),
    })?;
    written?;
    Ok(match report.problems().next() {
        None => Outcome::Fine,
        Some(_) => Outcome::Findings,
    })
}

fn verified(args: &VerifyArgs, global: &Global) -> Result<Report> {
    let Some(catalog) = report::load(&args.server.input, global)? else {
        bail!("the declarations have errors: nothing was verified")
    };
    let (instance, psql, passwords) = server::prepare(&args.server, &catalog)?;
    Ok(run::run(&psql, instance, &passwords.into())?)
}
