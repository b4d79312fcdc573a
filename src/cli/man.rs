//! `dbgen man`

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, CommandFactory};

use super::{Cli, Outcome};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  dbgen man ./man && man ./man/dbgen.1")]
pub struct ManArgs {
    /// The folder, made when it is missing
    folder: PathBuf,
}

pub fn run(args: &ManArgs) -> Result<Outcome> {
    let folder = &args.folder;
    fs::create_dir_all(folder).with_context(|| format!("can't make `{}`", folder.display()))?;
    clap_mangen::generate_to(Cli::command(), folder)
        .with_context(|| format!("can't write the man pages into `{}`", folder.display()))?;
    Ok(Outcome::Fine)
}
