//! `dbgen man`

use std::fs;
use std::io;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::{Cli, Outcome};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  dbgen man ./man && man ./man/dbgen.1")]
pub struct ManArgs {
    /// The folder, made when it is missing
    folder: PathBuf,
}

pub fn run(args: &ManArgs) -> Result<Outcome> {
    let folder = &args.folder;
    fs::create_dir_all(folder).with_context(|| format!("can't make `{}`", folder.display()))?;
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let commands = command.get_subcommands().chain([&command]);
    for command in commands {
        let man = Man::new(command.clone()).source(concat!("dbgen ", env!("CARGO_PKG_VERSION")));
        let path = folder.join(man.get_filename());
        let page = page(command, &man)?;
        fs::write(&path, page).with_context(|| format!("can't write `{}`", path.display()))?;
    }
    Ok(Outcome::Fine)
}

/// As clap_mangen makes it, but for what follows the options, of which it would fill all lines to one paragraph.
fn page(command: &Command, man: &Man) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut out)?;
    }
    let help = command
        .get_after_long_help()
        .or(command.get_after_help())
        .map(ToString::to_string);
    after_help(&help.unwrap_or_default()).to_writer(&mut out)?;
    if command.get_version().is_some() {
        man.render_version_section(&mut out)?;
    }
    Ok(out)
}

/// Each block of the text in the section where people look for it.
fn after_help(text: &str) -> Roff {
    let (mut notes, mut status, mut examples) = (Vec::new(), Vec::new(), Vec::new());
    for block in text.split("\n\n") {
        if let Some(text) = block.strip_prefix("Exit status: ") {
            status.push(text);
        } else if let Some((_, lines)) = block
            .split_once('\n')
            .filter(|(first, _)| matches!(*first, "Example:" | "Examples:"))
        {
            examples.push(lines);
        } else if !block.is_empty() {
            notes.push(block);
        }
    }
    let mut roff = Roff::new();
    for (title, blocks) in [
        ("NOTES", notes),
        ("EXIT STATUS", status),
        ("EXAMPLES", examples),
    ] {
        if !blocks.is_empty() {
            roff.control("SH", [title]);
        }
        for (number, block) in blocks.into_iter().enumerate() {
            if number > 0 {
                roff.control("PP", []);
            }
            lines(&mut roff, block);
        }
    }
    roff
}

/// Indented lines stay as they are, all others are filled.
fn lines(roff: &mut Roff, block: &str) {
    let mut is_example = false;
    for line in block.lines() {
        let example = line.strip_prefix("  ");
        if example.is_some() != is_example {
            is_example = !is_example;
            set_example(roff, is_example);
        }
        roff.text([roman(example.unwrap_or(line))]);
    }
    if is_example {
        set_example(roff, false);
    }
}

fn set_example(roff: &mut Roff, begins: bool) {
    if begins {
        roff.control("RS", ["2"]).control("EX", []);
    } else {
        roff.control("EE", []).control("RE", []);
    }
}
