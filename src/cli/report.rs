//! Showing findings.

use std::io::Write;

use anyhow::Result;

use dbgen::check::RULES;
use dbgen::diagnostic::{self, Diagnostic, RenderOptions, Severity};
use dbgen::source::Sources;

use super::{Global, Outcome};

/// What findings mean for the exit status.
pub fn outcome(findings: &[Diagnostic], global: &Global) -> Outcome {
    let bad =
        |finding: &Diagnostic| finding.rule.severity == Severity::Error || global.deny_warnings;
    if findings.iter().any(bad) {
        Outcome::Findings
    } else {
        Outcome::Fine
    }
}

/// Writes findings to standard error.
pub fn to_stderr(findings: &[Diagnostic], sources: &Sources, global: &Global) -> Result<()> {
    let color = global.color.is_wanted(&std::io::stderr());
    write(std::io::stderr().lock(), color, findings, sources, global)
}

/// Writes findings to standard output.
pub fn to_stdout(findings: &[Diagnostic], sources: &Sources, global: &Global) -> Result<()> {
    let color = global.color.is_wanted(&std::io::stdout());
    write(std::io::stdout().lock(), color, findings, sources, global)
}

fn write(
    mut to: impl Write,
    color: bool,
    findings: &[Diagnostic],
    sources: &Sources,
    global: &Global,
) -> Result<()> {
    let options = RenderOptions {
        color,
        rules: RULES,
        rules_url: None,
    };
    to.write_all(diagnostic::render(global.output_format, findings, sources, options).as_bytes())?;
    Ok(to.flush()?)
}
