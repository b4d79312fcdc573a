//! The two streams. What goes wrong in writing to them never changes what a run does, and a run that can't tell its errors still ends
//! with their exit status.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};

use anyhow::{Context, Result};

/// Writes to standard error, as `eprint!` does. A closed or a full one is nobody's loss: there is no other place to tell of it.
pub fn stderr(text: Arguments) {
    // At once, so that the lines of several processes stay whole.
    let text = text.to_string();
    let mut stderr = anstream::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

/// A line on standard error.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::cli::say::stderr(format_args!("{}\n", format_args!($($text)*)))
    };
}
pub(crate) use say;

/// Prints the result. A reader that has had enough, as with `| head`, changes nothing in what the exit status says.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("can't write to standard output"),
    }
}
