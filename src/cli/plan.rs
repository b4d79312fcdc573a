//! `dbgen plan`

use std::io;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use dbgen::plan::json::Mode;
use dbgen::plan::{Plan, human, json, sql};

use super::say::{self, print};
use super::server::{self, ConvergeArgs, Server};
use super::{Global, Outcome, report};

const AFTER_HELP: &str = "\
Exit status: 0 nothing to do, 1 something would change or is blocked, 2 could not run
(also when a single database could not be looked at).

Examples:
  dbgen plan                                     the project's declarations, the local server
  dbgen plan --connect 'host=db.example.org user=postgres sslmode=verify-full'
  dbgen plan --connect service=production --format json
  dbgen plan services/immich.toml --format sql > changes.sql";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, after_long_help = format!("{}\n\n{AFTER_HELP}", server::CONNECTION_HELP))]
pub struct PlanArgs {
    #[command(flatten)]
    converge: ConvergeArgs,

    /// How the plan is shown
    #[arg(long, value_enum, default_value_t = PlanFormat::Human, value_name = "FORMAT")]
    format: PlanFormat,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PlanFormat {
    /// For a person
    Human,
    /// One JSON object, version 1
    Json,
    /// A script for psql
    Sql,
}

pub fn run(args: &PlanArgs, global: &Global) -> Result<Outcome> {
    let Some(catalog) = report::load(&args.converge.server.input, global)? else {
        // Exit status 1 would say that there are differences.
        bail!("the declarations have errors: nothing was compared")
    };
    let server = Server::reach(&args.converge, &catalog)?;
    server.tell_left_out();
    let plan = match server.is_standby() {
        true => Plan::default(),
        false => {
            server.tell_what_is_looked_at();
            server.plan()?
        }
    };
    print(&match args.format {
        PlanFormat::Human => human::render(&plan, Mode::Plan, say::paint(&io::stdout())),
        PlanFormat::Json => json::render(&plan, Mode::Plan),
        PlanFormat::Sql => sql::render(&plan),
    })?;
    if plan.failed().next().is_some() {
        bail!("not everything could be compared");
    }
    let counts = plan.counts();
    Ok(match counts.change + counts.blocked {
        0 => Outcome::Fine,
        _ => Outcome::Findings,
    })
}
