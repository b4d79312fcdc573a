//! The command line: arguments as they are typed, and one file per subcommand.

mod apply;
mod check;
mod completions;
mod explain;
mod hba;
mod init;
mod man;
mod new;
mod output;
mod plan;
mod progress;
mod render;
mod report;
mod rotate;
pub mod say;
mod schema;
mod server;
mod sql;
mod verify;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use dbgen::declaration::load::Input;
use dbgen::diagnostic::OutputFormat;
use dbgen::diagnostic::color::ColorChoice;

/// How a run ended; could-not-run is an error instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Exit status 0.
    Fine,
    /// Exit status 1: findings, or a file that is not current.
    Findings,
}

/// Declare the PostgreSQL databases of your services once; dbgen checks them and renders one NixOS module.
#[derive(Debug, Parser)]
#[command(name = "dbgen", version, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    global: Global,
}

const AFTER_HELP: &str = "\
Exit status: 0 fine, 1 findings or a file that is not current, 2 could not run.

Examples:
  dbgen init                           start a project: a commented dbgen.toml
  dbgen check                          tell every mistake in the project's declarations
  dbgen render                         write the project's module
  dbgen render services/ -o db.nix     render a folder of declarations to a file
  dbgen render --check --diff          is the committed module current?
  dbgen plan                           what would change on the running server
  dbgen verify                         does every login get in, and if not, why?
  dbgen explain duplicate-database     what a finding means, and how to mend it";

/// Says the output format where no option does.
const FORMAT: &str = "DBGEN_OUTPUT_FORMAT";

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// How findings are shown
    #[arg(long, global = true, value_enum, default_value_t = OutputFormat::Human, value_name = "FORMAT", env = FORMAT)]
    pub output_format: OutputFormat,

    /// When to use colours in what people read; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub color: ColorChoice,

    /// Treat warnings as errors
    #[arg(long, global = true)]
    pub deny_warnings: bool,
}

/// Which declarations to read.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// Files or folders of declarations (.toml, .json, .nix); `-` is standard input. Without any: those of the
    /// project file dbgen.toml, which is looked for from the working directory upward
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The name of what comes on standard input; its ending tells the format
    #[arg(long, value_name = "NAME")]
    stdin_filename: Option<String>,
}

impl InputArgs {
    fn input(&self) -> Input {
        Input {
            paths: self.paths.clone(),
            stdin_filename: self.stdin_filename.clone(),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check declarations and tell every mistake at once
    Check(check::CheckArgs),
    /// Render the NixOS module
    Render(render::RenderArgs),
    /// Show which pg_hba rule every declared login meets
    Hba(hba::HbaArgs),
    /// Show what would change on a running server, and change nothing
    Plan(plan::PlanArgs),
    /// Make a running server what is declared
    Apply(apply::ApplyArgs),
    /// Try every declared login on a running server, and tell why one fails
    Verify(verify::VerifyArgs),
    /// Print the program that plan and apply run, for psql
    Sql(sql::SqlArgs),
    /// Make a password anew that the host made
    Rotate(rotate::RotateArgs),
    /// Explain a finding
    Explain(explain::ExplainArgs),
    /// Print the JSON Schema of declaration files
    Schema(schema::SchemaArgs),
    /// Start a project: write a commented dbgen.toml
    Init(init::InitArgs),
    /// Write a commented declaration file for a service
    New(new::NewArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Write the man pages into a folder
    Man(man::ManArgs),
}

impl Cli {
    /// Reads the arguments. What clap says of wrong ones has the colours that `--color` wants, too.
    pub fn read() -> Cli {
        color_of(env::args_os().skip(1)).write_global();
        let mut command = Cli::command();
        // Empty is unset, as libpq and others have it.
        if env::var_os(FORMAT).is_some_and(|value| value.is_empty()) {
            command = command.mut_arg("output_format", |argument| argument.env(None::<&str>));
        }
        let matches = command.get_matches_mut();
        let cli = Cli::from_arg_matches(&matches);
        let cli = cli.unwrap_or_else(|error| error.format(&mut command).exit());
        anstream::ColorChoice::from(cli.global.color).write_global();
        cli
    }

    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let global = &self.global;
        match self.command {
            Command::Check(args) => check::run(&args, global),
            Command::Render(args) => render::run(&args, global),
            Command::Hba(args) => hba::run(&args, global),
            Command::Plan(args) => plan::run(&args, global),
            Command::Apply(args) => apply::run(&args, global),
            Command::Verify(args) => verify::run(&args, global),
            Command::Sql(args) => sql::run(&args, global),
            Command::Rotate(args) => rotate::run(&args, global),
            Command::Explain(args) => explain::run(&args),
            Command::Schema(args) => schema::run(&args),
            Command::Init(args) => init::run(&args),
            Command::New(args) => new::run(&args),
            Command::Completions(args) => completions::run(&args),
            Command::Man(args) => man::run(&args),
        }
    }
}

/// What the arguments say of colours, before it is known whether they are right.
fn color_of(arguments: impl Iterator<Item = OsString>) -> anstream::ColorChoice {
    let mut choice = ColorChoice::Auto;
    let mut is_value = false;
    for argument in arguments.take_while(|argument| argument != "--") {
        let argument = argument.to_string_lossy();
        let said = match argument.strip_prefix("--color=") {
            None => is_value.then_some(&*argument),
            said => said,
        };
        is_value = argument == "--color";
        if let Some(said) = said {
            choice = ColorChoice::from_str(said, false).unwrap_or(choice);
        }
    }
    choice.into()
}
