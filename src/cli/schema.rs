//! `dbgen schema`

use std::io::Write;

use anyhow::Result;
use clap::Args;

use dbgen::declaration::reference;
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

    /// Print a reference of all fields as Markdown instead
    #[arg(long, conflicts_with = "project")]
    markdown: bool,
}

pub fn run(args: &SchemaArgs) -> Result<Outcome> {
    let document = if args.project {
        Document::Project
    } else {
        Document::Declarations
    };
    let mut stdout = std::io::stdout().lock();
    if args.markdown {
        stdout.write_all(reference::reference().as_bytes())?;
        stdout.flush()?;
        return Ok(Outcome::Fine);
    }
    serde_json::to_writer_pretty(&mut stdout, &schema::schema(document))?;
    writeln!(stdout)?;
    Ok(Outcome::Fine)
}
