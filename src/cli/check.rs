//! `dbgen check`

use anyhow::Result;
use clap::Args;

use dbgen::declaration::load;

use super::{Global, InputArgs, Outcome, report};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dbgen check                                      the project's declarations
  dbgen check services/immich.toml                 one file
  dbgen check --output-format sarif > check.sarif  for a code scanner
  nix eval --json --apply 's: { services = s; }' .#services | dbgen check --stdin-filename s.json -")]
pub struct CheckArgs {
    #[command(flatten)]
    input: InputArgs,
}

pub fn run(args: &CheckArgs, global: &Global) -> Result<Outcome> {
    let loaded = load::load(&args.input.input())?;
    report::to_stdout(&loaded.findings, &loaded.sources, global)?;
    Ok(report::outcome(&loaded.findings, global))
}
