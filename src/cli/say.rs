//! The two streams. What goes wrong in writing to them never changes what a run does, and a run that can't tell its errors still ends
//! with their exit status.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::Mutex;

use anstream::stream::RawStream;
use anyhow::{Context, Result};

use dbgen::diagnostic::color::{Paint, Tone};

/// How wide the line is that tells how far it is, while it stands on the terminal.
static PROGRESS: Mutex<usize> = Mutex::new(0);

/// How text looks that goes to this stream, as `--color` and the environment want it.
pub fn paint(stream: &impl RawStream) -> Paint {
    Paint {
        wanted: anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never,
    }
}

/// Writes to standard error, as `eprint!` does. A closed or a full one is nobody's loss: there is no other place to tell of it.
pub fn stderr(text: Arguments) {
    clear_progress();
    raw_stderr(text);
}

fn raw_stderr(text: Arguments) {
    // At once, so that the lines of several processes stay whole.
    let text = text.to_string();
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

/// A line on standard error that tells who says it.
pub fn line(tone: Tone, text: Arguments) {
    let name = paint(&io::stderr()).text(tone, "dbgen:");
    stderr(format_args!("{name} {text}\n"));
}

/// A line on standard error.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::cli::say::line(dbgen::diagnostic::color::Tone::Strong, format_args!($($text)*))
    };
}
pub(crate) use say;

/// Shows how far it is, in a line that whatever comes next replaces. For a terminal only.
pub fn progress(text: &str) {
    clear_progress();
    raw_stderr(format_args!("{text}"));
    if let Ok(mut width) = PROGRESS.lock() {
        *width = text.chars().count();
    }
}

/// Takes that line away. By blanks, as not every terminal knows more.
pub fn clear_progress() {
    let width = PROGRESS
        .lock()
        .map_or(0, |mut width| std::mem::take(&mut *width));
    if width > 0 {
        raw_stderr(format_args!("\r{:width$}\r", ""));
    }
}

/// Prints the result. A reader that has had enough, as with `| head`, changes nothing in what the exit status says.
pub fn print(text: &str) -> Result<()> {
    clear_progress();
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("can't write to standard output"),
    }
}
