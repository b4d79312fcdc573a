//! Showing findings.

use std::io;

use anyhow::Result;

use dbgen::catalog::Catalog;
use dbgen::check::RULES;
use dbgen::declaration::load::{self, Loaded};
use dbgen::diagnostic::{self, Diagnostic, RenderOptions, Severity};
use dbgen::source::Sources;

use super::say::{self, print};
use super::{Global, InputArgs, Outcome};

/// The declarations, when their findings, which go to standard error, are no reason to stop.
pub fn load(args: &InputArgs, global: &Global) -> Result<Option<Catalog>> {
    accepted(load::load(&args.input())?, global)
}

/// Writes the findings to standard error; the catalog, when they are no reason to stop.
pub fn accepted(loaded: Loaded, global: &Global) -> Result<Option<Catalog>> {
    if !loaded.findings.is_empty() {
        to_stderr(&loaded.findings, &loaded.sources, global);
    }
    Ok(match outcome(&loaded.findings, global) {
        Outcome::Fine => loaded.catalog,
        Outcome::Findings => None,
    })
}

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

fn to_stderr(findings: &[Diagnostic], sources: &Sources, global: &Global) {
    let color = say::paint(&io::stderr()).wanted;
    say::stderr(format_args!(
        "{}",
        rendered(color, findings, sources, global)
    ));
}

/// Writes findings to standard output.
pub fn to_stdout(findings: &[Diagnostic], sources: &Sources, global: &Global) -> Result<()> {
    let color = say::paint(&io::stdout()).wanted;
    print(&rendered(color, findings, sources, global))
}

fn rendered(color: bool, findings: &[Diagnostic], sources: &Sources, global: &Global) -> String {
    let options = RenderOptions {
        color,
        rules: RULES,
        rules_url: None,
    };
    diagnostic::render(global.output_format, findings, sources, options)
}
