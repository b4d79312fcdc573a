//! `dbgen init`

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use dbgen::declaration::schema::{Document, schema};

use super::say::say;
use super::{Outcome, output};

#[derive(Debug, Args)]
#[command(after_help = "\
Beside dbgen.toml it writes dbgen.schema.json and dbgen.project.schema.json, for editors.
A file that is there already is never replaced, but for such a schema of another dbgen.

Example:
  dbgen init && dbgen new immich && dbgen render")]
pub struct InitArgs {
    /// The project's folder, made when it is missing
    #[arg(default_value = ".")]
    folder: PathBuf,
}

const PROJECT_FILE: &str = include_str!("../../templates/init.toml");

pub fn run(args: &InitArgs) -> Result<Outcome> {
    let folder = &args.folder;
    fs::create_dir_all(folder).with_context(|| format!("can't make `{}`", folder.display()))?;
    let path = folder
        .strip_prefix(".")
        .unwrap_or(folder)
        .join("dbgen.toml");
    create(&path, PROJECT_FILE)?;
    for (name, document) in [
        ("dbgen.schema.json", Document::Declarations),
        ("dbgen.project.schema.json", Document::Project),
    ] {
        let schema = schema(document);
        let path = folder.strip_prefix(".").unwrap_or(folder).join(name);
        if is_of_another(&path, &schema) {
            say!(
                "note: `{}` is there already, and no schema of dbgen's: it stays, and editors find another schema",
                path.display()
            );
            continue;
        }
        let text = format!("{}\n", serde_json::to_string_pretty(&schema)?);
        output::write(&path, &text)?;
    }
    say!("wrote `{}`; next: dbgen new SERVICE", path.display());
    Ok(Outcome::Fine)
}

/// Whether a file is there that no dbgen has written as this schema, as its title tells.
fn is_of_another(path: &Path, schema: &Value) -> bool {
    if fs::symlink_metadata(path).is_err() {
        return false;
    }
    let there = fs::read_to_string(path).ok();
    let there = there.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    there.is_none_or(|there| there["title"] != schema["title"])
}

/// Writes a file that must not exist yet: what a person has written is never overwritten.
pub fn create(path: &Path, text: &str) -> Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        bail!("`{}` exists already; nothing was written", path.display());
    }
    output::write(path, text)
}
