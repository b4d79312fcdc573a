//! One JSON object, version 1 (docs/output-formats.md).

use serde::Serialize;

use super::{Report, Status};
use crate::diagnostic;

#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    ok: bool,
    #[serde(flatten)]
    report: &'r Report,
    summary: Summary,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    ok: usize,
    refused: usize,
    not_tried: usize,
    not_declared: usize,
    problems: usize,
}

/// The document.
pub fn render(report: &Report) -> String {
    let problems = report.problems().count();
    diagnostic::json_document(&Document {
        version: 1,
        ok: problems == 0,
        report,
        summary: Summary {
            ok: report.count(Status::Ok),
            refused: report.count(Status::Refused),
            not_tried: report.count(Status::NotTried),
            not_declared: report.count(Status::NotDeclared),
            problems,
        },
    })
}
