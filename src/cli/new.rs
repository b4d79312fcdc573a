//! `dbgen new`

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use dbgen::declaration::load;
use dbgen::postgres::identifier::{Identifier, is_reserved_role, is_system_database};

use super::Outcome;
use super::init::create;
use super::say::say;

#[derive(Debug, Args)]
#[command(after_help = "\
The file is for TOML. Whether the project's `include` names it, is looked at and said.

Example:
  dbgen new immich        writes services/immich.toml")]
pub struct NewArgs {
    /// The service's name
    service: String,

    /// The file; default: services/SERVICE.toml, beside the project's `dbgen.toml` where there is one
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
    match &args.output {
        Some(path) if path == Path::new("-") => {
            bail!("-o needs the name of a file: what is written is there to be edited")
        }
        Some(path) if path.extension().is_none_or(|ending| ending != "toml") => bail!(
            "`{}` does not end in .toml, and TOML is what would be written",
            path.display()
        ),
        _ => {}
    }
    let project = load::project_above().ok();
    let path = args.output.clone().unwrap_or_else(|| {
        let folder = project.as_deref().and_then(Path::parent);
        folder
            .unwrap_or(Path::new(""))
            .join(format!("services/{service}.toml"))
    });
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).with_context(|| format!("can't make `{}`", folder.display()))?;
    }
    let text = commented(service, &schema_folder(&path, project.as_deref()));
    create(&path, &text)?;
    say!("wrote `{}`", path.display());
    match project {
        None => say!(
            "note: there is no `dbgen.toml` here or in a folder above: the file is read where it is named; `dbgen init` starts a project"
        ),
        Some(project) if !load::includes(&project, &path) => say!(
            "note: `include` in `{}` does not name `{}`: nothing reads it until it does",
            project.display(),
            path.display()
        ),
        Some(_) => {}
    }
    Ok(Outcome::Fine)
}

/// The way from the file's folder to the one where `dbgen init` has put the schema: the project's, or else the working directory.
fn schema_folder(path: &Path, project: Option<&Path>) -> String {
    let here = |folder: Option<&Path>| match folder {
        Some(folder) if folder != Path::new("") => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let from = here(path.parent()).canonicalize().unwrap_or_default();
    let to = here(project.and_then(Path::parent))
        .canonicalize()
        .unwrap_or_default();
    let mut way = String::new();
    for folder in from.ancestors() {
        if let Ok(rest) = to.strip_prefix(folder) {
            for part in rest {
                way.push_str(&format!("{}/", part.to_string_lossy()));
            }
            break;
        }
        way.push_str("../");
    }
    match way.starts_with("../") {
        true => way,
        false => format!("./{way}"),
    }
}

/// The declarations with comments. Each mark is replaced once: the service's name may look like a mark.
fn commented(service: &str, schema_folder: &str) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let parts = SERVICE_FILE.split('@').map(|part| match part {
        "UNIT" => quoted(&format!("{service}.service")),
        "NAME" => quoted(service),
        "SERVICE" => service.to_owned(),
        "SCHEMA" => format!("{schema_folder}dbgen.schema.json"),
        text => text.to_owned(),
    });
    parts.collect()
}
