//! `dbgen new`

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use dbgen::postgres::identifier::Identifier;

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
    if service.contains('/') || service.starts_with('.') {
        bail!("the service's name can't be the name of a file");
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
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let text = SERVICE_FILE
        .replace("@UNIT@", &quoted(&format!("{service}.service")))
        .replace("@NAME@", &quoted(service))
        .replace("@SERVICE@", service);
    create(&path, &text)?;
    anstream::eprintln!("dbgen: wrote `{}`", path.display());
    Ok(Outcome::Fine)
}
