//! `dbgen new`

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use dbgen::postgres::identifier::{Identifier, is_reserved_role, is_system_database};

use super::Outcome;
use super::init::create;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  dbgen new immich        writes services/immich.toml")]
pub struct NewArgs {
    /// The service's name
    service: String,

    /// The file; default: services/SERVICE.toml
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

const SERVICE_FILE: &str = include_str!("../../templates/service.toml");

pub fn run(args: &NewArgs) -> Result<Outcome> {
    let service = &args.service;
    if let Err(error) = Identifier::new(service) {
        bail!("a database can't be named like the service: {error}");
    }
    if is_reserved_role(service) || is_system_database(service) {
        bail!("`{service}` is a name of PostgreSQL's own: its database needs another one");
    }
    if service.contains('/') || service.starts_with('.') {
        bail!("the service's name can't be the name of a file");
    }
    // The one is the project file, the other is named after its folder.
    if matches!(service.as_str(), "dbgen" | "default") && args.output.is_none() {
        bail!(
            "`{service}.toml` would not be read as the service `{service}`; declare it in another file, below `services`"
        );
    }
    let path = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("services/{service}.toml")));
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).with_context(|| format!("can't make `{}`", folder.display()))?;
    }
    let text = commented(service);
    create(&path, &text)?;
    anstream::eprintln!("dbgen: wrote `{}`", path.display());
    Ok(Outcome::Fine)
}

/// The declarations with comments. Each mark is replaced once: the service's name may look like a mark.
fn commented(service: &str) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let parts = SERVICE_FILE.split('@').map(|part| match part {
        "UNIT" => quoted(&format!("{service}.service")),
        "NAME" => quoted(service),
        "SERVICE" => service.to_owned(),
        text => text.to_owned(),
    });
    parts.collect()
}
