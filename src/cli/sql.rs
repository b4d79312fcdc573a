//! `dbgen sql`

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use dbgen::catalog::{Instance, MAIN};
use dbgen::emit::sql::{self, Secrets};

use super::output::{self, State};
use super::say::{print, say};
use super::{Global, InputArgs, Outcome, report};

#[derive(Debug, Args)]
#[command(after_help = "\
The program is one script for psql and a superuser. It does what is missing, each
database in one transaction, and nothing when nothing is missing. Variables of it:
mode=plan prints what would be done, format=json prints one line of JSON for each
part, metrics=FILE writes metrics for Prometheus. Exit status 3: something failed
or is blocked.

Examples:
  dbgen sql | psql --variable mode=plan   what would be done
  dbgen sql | psql                        do it
  dbgen sql services/ -o provision.sql    a folder of declarations to a file
  dbgen sql --secrets-directory /run/secrets/dbgen | psql")]
pub struct SqlArgs {
    #[command(flatten)]
    input: InputArgs,

    /// The server reads the passwords of roles from the files in DIR, a folder of the server's host; without it,
    /// passwords are left as they are. A role's file is named `password.ROLE`, which is told on standard error
    #[arg(long, value_name = "DIR")]
    secrets_directory: Option<PathBuf>,

    /// Write the program to FILE; an equal file is left alone. Default, and `-`: standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(args: &SqlArgs, global: &Global) -> Result<Outcome> {
    let Some(catalog) = report::load(&args.input, global)? else {
        return Ok(Outcome::Findings);
    };
    let Some(instance) = catalog.instances.get(MAIN) else {
        bail!("nothing is declared")
    };
    let directory = match &args.secrets_directory {
        None => None,
        Some(directory) => match directory.to_str() {
            Some(text) if directory.is_absolute() => Some(text),
            _ => bail!(
                "--secrets-directory needs an absolute path in UTF-8, and `{}` is none: the server looks there, not dbgen",
                directory.display()
            ),
        },
    };
    tell_of_secrets(instance, directory);
    let secrets = directory.map_or(Secrets::None, Secrets::Directory);
    let text = sql::script(instance, &secrets);
    match &args.output {
        Some(path) if path != Path::new("-") => {
            if output::state(path, &text)? != State::Current {
                output::write(path, &text)?;
                say!("wrote `{}`", path.display());
            }
        }
        _ => print(&text)?,
    }
    Ok(Outcome::Fine)
}

fn tell_of_secrets(instance: &Instance, directory: Option<&str>) {
    for credential in sql::credentials(instance) {
        let role = credential.role.as_str();
        match directory {
            None => {
                say!("note: the password of `{role}` is left as it is: see --secrets-directory")
            }
            Some(directory) => say!(
                "note: the password of `{role}` is read from `{}`",
                Path::new(directory).join(&credential.name).display()
            ),
        }
    }
}
