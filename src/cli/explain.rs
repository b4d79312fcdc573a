//! `dbgen explain`

use std::io::Write;

use anyhow::{Result, bail};
use clap::Args;

use dbgen::check::RULES;
use dbgen::diagnostic::{page, phrase};

use super::Outcome;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  dbgen explain duplicate-database")]
pub struct ExplainArgs {
    /// The code of the finding, as in `error[duplicate-database]`; without one: a list of all codes
    code: Option<String>,

    /// Print the pages of all rules as one Markdown document
    #[arg(long, conflicts_with = "code")]
    all: bool,
}

pub fn run(args: &ExplainArgs) -> Result<Outcome> {
    let mut stdout = std::io::stdout().lock();
    match &args.code {
        Some(code) => {
            let Some(rule) = RULES.iter().find(|rule| rule.code == code) else {
                match phrase::did_you_mean(RULES.iter().map(|rule| rule.code), code) {
                    Some(near) => bail!(
                        "there is no rule {}; did you mean `{near}`?",
                        phrase::backticked(code)
                    ),
                    None => bail!(
                        "there is no rule {}; `dbgen explain` lists them",
                        phrase::backticked(code)
                    ),
                }
            };
            stdout.write_all(page::page(rule).as_bytes())?;
        }
        None if args.all => stdout.write_all(page::all_pages(RULES).as_bytes())?,
        None => {
            for rule in RULES {
                writeln!(stdout, "{:28} {}", rule.code, rule.severity.as_str())?;
            }
        }
    }
    stdout.flush()?;
    Ok(Outcome::Fine)
}
