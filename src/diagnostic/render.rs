//! One entry for all output formats.

use clap::ValueEnum;

use super::place::Places;
use super::{Diagnostic, Rule, concise, github, human, json, sarif};
use crate::source::Sources;

/// How findings are written (`--output-format`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For a person: the place in its text, what to do, and a summary.
    #[default]
    Human,
    /// One line for each finding.
    Concise,
    /// One JSON object, described in docs/output-formats.md.
    Json,
    /// Workflow commands of GitHub Actions, which it shows at the changed lines.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// What the formats need besides the findings.
#[derive(Clone, Copy, Debug, Default)]
pub struct RenderOptions<'o> {
    /// Whether [`OutputFormat::Human`] has colours; no other format ever has.
    pub color: bool,
    /// All rules there are: SARIF lists them whether they found something or not.
    pub rules: &'o [&'static Rule],
    /// The address of the document that [`page::all_pages`](super::page::all_pages) makes, if it is published.
    pub rules_url: Option<&'o str>,
}

impl RenderOptions<'_> {
    /// The address of a rule's page.
    pub(super) fn url(&self, rule: &Rule) -> Option<String> {
        self.rules_url.map(|base| format!("{base}#{}", rule.code))
    }
}

/// Writes findings, in the order given. Time and size are linear in the number of findings: long lines of the
/// sources are cut. No output has a control character but line breaks (and the colours that were asked for).
pub fn render(
    format: OutputFormat,
    diagnostics: &[Diagnostic],
    sources: &Sources,
    options: RenderOptions<'_>,
) -> String {
    let places = Places::new(sources);
    match format {
        OutputFormat::Human => human::render(diagnostics, &places, options),
        OutputFormat::Concise => concise::render(diagnostics, &places),
        OutputFormat::Json => json::render(diagnostics, &places, options),
        OutputFormat::Github => github::render(diagnostics, &places),
        OutputFormat::Sarif => sarif::render(diagnostics, &places, options),
    }
}
