//! `dbgen init`

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use dbgen::declaration::schema::{Document, schema};

use super::{Outcome, output};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  dbgen init && dbgen new immich && dbgen render")]
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
        let text = format!("{}\n", serde_json::to_string_pretty(&schema(document))?);
        output::write(&folder.join(name), &text)?;
    }
    anstream::eprintln!("dbgen: wrote `{}`; next: dbgen new SERVICE", path.display());
    Ok(Outcome::Fine)
}

/// Writes a file that must not exist yet: what a person has written is never overwritten.
pub fn create(path: &Path, text: &str) -> Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        bail!("`{}` exists already; nothing was written", path.display());
    }
    output::write(path, text)
}
