//! Showing findings.

use std::io::Write;

use anyhow::Result;

use dbgen::diagnostic::{self, Diagnostic, Severity};
use dbgen::source::Sources;

use super::{Global, Outcome};

/// What findings mean for the exit status.
pub fn outcome(findings: &[Diagnostic], global: &Global) -> Outcome {
    let bad = |finding: &Diagnostic| finding.rule.severity == Severity::Error || global.deny_warnings;
    if findings.iter().any(bad) { Outcome::Findings } else { Outcome::Fine }
}

/// Writes findings in the format that was asked for. The machine-readable formats write a document even when there
/// is nothing to tell.
pub fn write(mut to: impl Write, colour: bool, findings: &[Diagnostic], sources: &Sources, global: &Global) -> Result<()> {
    to.write_all(diagnostic::render(global.output_format, findings, sources, colour).as_bytes())?;
    Ok(to.flush()?)
}

/// Writes findings to standard error.
pub fn to_stderr(findings: &[Diagnostic], sources: &Sources, global: &Global) -> Result<()> {
    let stream = anstream::stderr();
    write(stream.lock(), true, findings, sources, global)
}

/// Writes findings to standard output.
pub fn to_stdout(findings: &[Diagnostic], sources: &Sources, global: &Global) -> Result<()> {
    let stream = anstream::stdout();
    write(stream.lock(), true, findings, sources, global)
}
