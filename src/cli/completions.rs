//! `dbgen completions`

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::say::print;
use super::{Cli, Outcome};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  dbgen completions fish > ~/.config/fish/completions/dbgen.fish"
)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub fn run(args: &CompletionsArgs) -> Result<Outcome> {
    // Into memory first: clap_complete panics when its writer fails, as a closed pipe does.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "dbgen", &mut script);
    print(&String::from_utf8(script)?)?;
    Ok(Outcome::Fine)
}
