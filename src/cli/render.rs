//! `dbgen render`

use std::fs;
use std::io;
use std::mem::ManuallyDrop;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use similar::TextDiff;

use dbgen::declaration::load::{self, Loaded};
use dbgen::diagnostic::color::{Paint, Tone};
use dbgen::emit::module;

use super::output::{self, State};
use super::say::{self, print, say};
use super::{Global, InputArgs, Outcome, report};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dbgen render                              write the project's module to its `output`
  dbgen render -o -                         the same to standard output
  dbgen render services/ -o postgresql.nix  a folder of declarations to a file
  dbgen render --check --diff               exit with 1 and show the difference when the file is not current")]
pub struct RenderArgs {
    #[command(flatten)]
    input: InputArgs,

    /// Write the module to FILE; `-` is standard output. An equal file is left alone. Default: the project's
    /// `output` when no PATH is given, standard output otherwise
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write nothing; exit with 1 when the file is not what would be written
    #[arg(long)]
    check: bool,

    /// With --check: show the difference on standard output
    #[arg(long, requires = "check")]
    diff: bool,

    /// Exit with 1 when the file was written, for hooks that must stop the commit then
    #[arg(long, conflicts_with = "check")]
    exit_non_zero_on_change: bool,

    /// Templates in DIR replace the built-in ones of the same name
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
}

enum Destination {
    Stdout,
    File(PathBuf),
}

pub fn run(args: &RenderArgs, global: &Global) -> Result<Outcome> {
    let loaded = load::load(&args.input.input())?;
    let destination = destination(args, &loaded)?;
    if let Destination::File(path) = &destination {
        refuse_input(path, &loaded.inputs)?;
    }
    let Some(catalog) = report::accepted(loaded, global)? else {
        return Ok(Outcome::Findings);
    };
    // The process is about to end: to take the catalog apart would only cost time.
    let catalog = &mut *ManuallyDrop::new(catalog);
    let text = module::render(catalog, args.templates.as_deref())?;
    match destination {
        Destination::Stdout => {
            print(&text)?;
            Ok(Outcome::Fine)
        }
        Destination::File(path) if args.check => check(&path, &text, args.diff),
        Destination::File(path) => {
            if output::state(&path, &text)? == State::Current {
                return Ok(Outcome::Fine);
            }
            output::write(&path, &text)?;
            say!("wrote `{}`", path.display());
            Ok(if args.exit_non_zero_on_change {
                Outcome::Findings
            } else {
                Outcome::Fine
            })
        }
    }
}

fn destination(args: &RenderArgs, loaded: &Loaded) -> Result<Destination> {
    let file = match (&args.output, &loaded.output) {
        (Some(path), _) if path == Path::new("-") => None,
        (Some(path), _) => Some(path.clone()),
        (None, Some(path)) => Some(path.clone()),
        (None, None) => None,
    };
    match file {
        Some(path) => Ok(Destination::File(path)),
        None if args.check => {
            bail!("--check needs a file to compare with: give -o FILE, or `output` in dbgen.toml")
        }
        None if args.exit_non_zero_on_change => {
            bail!("--exit-non-zero-on-change needs a file: give -o FILE, or `output` in dbgen.toml")
        }
        None => Ok(Destination::Stdout),
    }
}

/// What a person has written is never overwritten, whatever name leads there.
fn refuse_input(path: &Path, inputs: &[PathBuf]) -> Result<()> {
    let Ok(of_output) = fs::metadata(path) else {
        return Ok(());
    };
    let is_output = |input: &&PathBuf| {
        fs::metadata(input).is_ok_and(|of_input| {
            (of_input.dev(), of_input.ino()) == (of_output.dev(), of_output.ino())
        })
    };
    match inputs.iter().find(is_output) {
        None => Ok(()),
        Some(input) if input == path => bail!(
            "`{}` is one of the files that declare: the module would replace it; give another -o FILE, or `output` in dbgen.toml",
            path.display()
        ),
        Some(input) => bail!(
            "`{}` is `{}`, one of the files that declare: the module would replace it; give another -o FILE, or `output` in dbgen.toml",
            path.display(),
            input.display()
        ),
    }
}

fn check(path: &Path, text: &str, diff: bool) -> Result<Outcome> {
    let state = output::state(path, text)?;
    match state {
        State::Current => return Ok(Outcome::Fine),
        State::Stream => bail!("--check needs a file, and `{}` is none", path.display()),
        State::Missing => {
            say!("`{}` is missing; run `dbgen render`", path.display())
        }
        State::Stale => say!("`{}` is not current; run `dbgen render`", path.display()),
    }
    if diff {
        let old = match state {
            State::Missing => String::new(),
            _ => {
                let bytes =
                    fs::read(path).with_context(|| format!("can't read `{}`", path.display()))?;
                String::from_utf8_lossy(&bytes).into_owned()
            }
        };
        let name = path.display().to_string();
        let diff = TextDiff::from_lines(old.as_str(), text);
        let diff = diff
            .unified_diff()
            .header(&format!("{name} (on disk)"), &format!("{name} (rendered)"))
            .to_string();
        let paint = say::paint(&io::stdout());
        print(&match paint.wanted {
            true => painted(&diff, paint),
            false => diff,
        })?;
    }
    Ok(Outcome::Findings)
}

/// A difference in the colours that it has elsewhere.
fn painted(diff: &str, paint: Paint) -> String {
    let mut out = String::new();
    for (number, line) in diff.lines().enumerate() {
        let tone = match line.as_bytes().first() {
            // The header.
            _ if number < 2 => Some(Tone::Strong),
            Some(b'+') => Some(Tone::Good),
            Some(b'-') => Some(Tone::Bad),
            Some(b'@') => Some(Tone::Hint),
            _ => None,
        };
        match tone {
            Some(tone) => out.push_str(&paint.text(tone, line)),
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}
