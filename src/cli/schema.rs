//! `dbgen schema`

use anyhow::Result;
use clap::Args;

use dbgen::declaration::reference;
use dbgen::declaration::schema::{self, Document};

use super::Outcome;
use super::say::print;

#[derive(Debug, Args)]
#[command(after_help = "\
Editors find the schema by a line at the top of a TOML file, or by a key of a JSON file:
  #:schema ./dbgen.schema.json
  \"$schema\": \"./dbgen.schema.json\"

The schema does not have the older form qgroget.serviceModules.<name>.databases, which
dbgen reads too. `null` means left out, as in what `nix eval --json` prints.

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
