//! `dbgen explain`

use anyhow::{Result, bail};
use clap::Args;

use dbgen::check::RULES;
use dbgen::diagnostic::{page, phrase};

use super::Outcome;
use super::say::print;

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
    let text = match &args.code {
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
            page::page(rule)
        }
        None if args.all => page::all_pages(RULES),
        None => RULES
            .iter()
            .map(|rule| format!("{:28} {}\n", rule.code, rule.severity.as_str()))
            .collect(),
    };
    print(&text)?;
    Ok(Outcome::Fine)
}
