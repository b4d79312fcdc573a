//! `dbgen schema`

use std::io::Write;

use anyhow::Result;
use clap::Args;

use dbgen::declaration::schema::{self, Document};

use super::Outcome;

#[derive(Debug, Args)]
#[command(after_help = "\
Editors find the schema by a line at the top of a TOML file:
  #:schema ./dbgen.schema.json

Example:
  dbgen schema > dbgen.schema.json")]
pub struct SchemaArgs {
    /// Print the schema of the project file dbgen.toml instead
    #[arg(long)]
    project: bool,
}

pub fn run(args: &SchemaArgs) -> Result<Outcome> {
    let document = if args.project {
        Document::Project
    } else {
        Document::Declarations
    };
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, &schema::schema(document))?;
    writeln!(stdout)?;
    Ok(Outcome::Fine)
}
