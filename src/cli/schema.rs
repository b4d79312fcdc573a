//! `dbgen schema`

use anyhow::Result;
use clap::Args;

use dbgen::declaration::reference;
use dbgen::declaration::schema::{self, Document};

use super::Outcome;
use super::say::print;

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
    print(&match args.markdown {
        true => reference::reference(),
        false => format!(
            "{}\n",
            serde_json::to_string_pretty(&schema::schema(document))?
        ),
    })?;
    Ok(Outcome::Fine)
}
