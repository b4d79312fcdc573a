//! Workflow commands of GitHub Actions ("Workflow commands for GitHub Actions", section "Setting an error
//! message"; escaping as in the toolkit's `command.ts`).

use std::fmt::Write as _;

use super::Diagnostic;
use super::escape::{visible, visible_lines};
use super::place::Places;

pub(super) fn render(diagnostics: &[Diagnostic], places: &Places<'_>) -> String {
    let mut out = String::new();
    for found in diagnostics {
        let place = places.place(found.primary.span);
        let severity = found.rule.severity.as_str();
        let file = property(&visible(place.file.name));
        let _ = write!(out, "::{severity} file={file},line={}", place.start.line);
        // GitHub's checks take columns only where the annotation lies on one line ("Create a check run",
        // `start_column`).
        if place.start.line == place.end.line {
            let (start, end) = (place.start.column, place.end.column);
            let _ = write!(
                out,
                ",col={start},endLine={},endColumn={end}",
                place.end.line
            );
        } else {
            let _ = write!(out, ",endLine={}", place.end.line);
        }
        let title = property(found.rule.code);
        let _ = writeln!(out, ",title={title}::{}", data(&message(found)));
    }
    out
}

/// The message with its help and example: the annotation shows all lines.
fn message(found: &Diagnostic) -> String {
    let mut text = visible(&found.message);
    if let Some(help) = &found.help {
        let _ = write!(text, "\nhelp: {}", visible(help));
    }
    for line in found
        .example
        .iter()
        .flat_map(|example| visible_lines(example))
    {
        let _ = write!(text, "\n    {line}");
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
