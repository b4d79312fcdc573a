//! `dbgen apply`

use std::io::{self, IsTerminal};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use dbgen::diagnostic::phrase;
use dbgen::plan::json::Mode;
use dbgen::plan::{Plan, human, json};

use super::progress::Progress;
use super::say::{self, print, say};
use super::server::{self, ConvergeArgs, Server};
use super::{Global, Outcome, report};

const AFTER_HELP: &str = "\
What is executed is printed as it is done; `dbgen plan` shows it before. On a terminal
the plan is shown first, and dbgen asks.

Exit status: 0 the server is as declared, 1 something failed or is blocked, 2 could not
run, or rights are missing and nothing was changed.

Examples:
  dbgen apply                                    the project's declarations, the local server
  dbgen apply --yes --connect service=production
  dbgen apply --remove                           also drop what `removed` names, after dumps
  dbgen apply --password-file immich=immich.secret --connect 'host=db user=postgres'";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, after_long_help = format!("{}\n\n{AFTER_HELP}", server::CONNECTION_HELP))]
pub struct ApplyArgs {
    #[command(flatten)]
    converge: ConvergeArgs,

    /// Don't ask. Without a terminal to ask on, nothing is asked either
    #[arg(short, long)]
    yes: bool,

    /// How the result is shown
    #[arg(long, value_enum, default_value_t = ApplyFormat::Human, value_name = "FORMAT")]
    format: ApplyFormat,
}

/// How the result is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ApplyFormat {
    /// For a person
    Human,
    /// One JSON object, version 1
    Json,
}

pub fn run(args: &ApplyArgs, global: &Global) -> Result<Outcome> {
    let Some(catalog) = report::load(&args.converge.server.input, global)? else {
        bail!("the declarations have errors: nothing was changed")
    };
    let server = Server::reach(&args.converge, &catalog)?;
    server.tell_left_out();
    if server.is_standby() {
        return Ok(Outcome::Fine);
    }
    let asks = !args.yes && io::stdin().is_terminal() && io::stderr().is_terminal();
    if asks || !server.answer.superuser {
        let plan = server.plan()?;
        if plan.failed().next().is_some() {
            bail!("not everything could be compared: nothing was changed");
        }
        refuse_without_rights(&server, &plan)?;
        if asks && plan.counts().change > 0 {
            say::stderr(format_args!(
                "{}",
                human::render(&plan, Mode::Plan, say::paint(&io::stderr()))
            ));
            if !is_confirmed(plan.counts().change, &server)? {
                bail!("nothing was changed");
            }
        }
    }
    let mut progress = Progress::new(server.parts());
    let paint = say::paint(&io::stdout());
    let mut printed: Result<()> = Ok(());
    let mut heading = String::new();
    let plan = server.run(Mode::Apply, |scope| {
        // Whatever becomes of the output: the program is not stopped half-way for that.
        if args.format == ApplyFormat::Human && printed.is_ok() && !scope.steps.is_empty() {
            let before = std::mem::replace(&mut heading, human::heading(&scope.name, paint));
            let heading = if before == heading { "" } else { &heading };
            printed = print(&format!(
                "{heading}{}",
                human::steps(scope, Mode::Apply, paint)
            ));
        }
        progress.step();
    });
    say::clear_progress();
    let plan = plan?;
    printed?;
    print(&match args.format {
        ApplyFormat::Human => human::summary(&plan, Mode::Apply),
        ApplyFormat::Json => json::render(&plan, Mode::Apply),
    })?;
    Ok(match plan.is_converged() {
        true => Outcome::Fine,
        false => Outcome::Findings,
    })
}

fn refuse_without_rights(server: &Server, plan: &Plan) -> Result<()> {
    let missing = server.missing_rights(plan)?;
    if missing.is_empty() {
        return Ok(());
    }
    let user = &server.answer.user;
    say!("`{user}` is no superuser, and lacks what these need:");
    for (right, statements) in &missing {
        say!("  {}", phrase::shown(right));
        for statement in statements {
            say!("    {}", phrase::shown(statement));
        }
    }
    bail!(
        "{} missing; nothing was changed: connect as a superuser, or as a role that has them",
        phrase::count(missing.len(), "right")
    )
}

fn is_confirmed(changes: usize, server: &Server) -> Result<bool> {
    say::stderr(format_args!(
        "dbgen: execute {} {}? [y/N] ",
        phrase::count(changes, "change"),
        server.place()
    ));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
