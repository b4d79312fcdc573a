//! One JSON object, version 1 (docs/output-formats.md, docs/findings-1.schema.json).

use serde::Serialize;

use super::place::{Place, Places};
use super::position::Position;
use super::summary::counts;
use super::{Diagnostic, Label, RenderOptions, escape};

#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    findings: Vec<Finding<'r>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Finding<'r> {
    code: &'r str,
    severity: &'r str,
    #[serde(flatten)]
    at: Located<'r>,
    label: Option<&'r str>,
    related: Vec<Located<'r>>,
    help: Option<&'r str>,
    example: Option<&'r str>,
    url: Option<String>,
}

#[derive(Serialize)]
struct Located<'r> {
    message: &'r str,
    file: &'r str,
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: usize,
    column: usize,
    offset: usize,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
}

pub(super) fn render(
    diagnostics: &[Diagnostic],
    places: &Places<'_>,
    options: RenderOptions<'_>,
) -> String {
    let (errors, warnings) = counts(diagnostics);
    let findings = diagnostics
        .iter()
        .map(|found| finding(found, places, options))
        .collect();
    to_string(&Report {
        version: 1,
        findings,
        summary: Summary { errors, warnings },
    })
}

/// A document of this crate's own types, which have string keys only and so can always be written.
pub fn to_string(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    escape::json(&text)
}

fn finding<'r>(
    found: &'r Diagnostic,
    places: &'r Places<'_>,
    options: RenderOptions<'_>,
) -> Finding<'r> {
    let Label { span, text } = &found.primary;
    Finding {
        code: found.rule.code,
        severity: found.rule.severity.as_str(),
        at: located(&found.message, places.place(*span)),
        label: (!text.is_empty()).then_some(text.as_str()),
        related: found
            .related
            .iter()
            .map(|at| located(&at.text, places.place(at.span)))
            .collect(),
        help: found.help.as_deref(),
        example: found.example.as_deref(),
        url: options.url(found.rule),
    }
}

fn located<'r>(message: &'r str, place: Place<'r>) -> Located<'r> {
    Located {
        message,
        file: place.file.name,
        start: place.start.into(),
        end: place.end.into(),
    }
}

impl From<Position> for Point {
    fn from(at: Position) -> Point {
        Point {
            line: at.line,
            column: at.column,
            offset: at.offset,
        }
    }
}
