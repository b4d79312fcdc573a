//! One line for each finding: `file:line:column: error[code]: message`.

use std::fmt::Write as _;

use super::Diagnostic;
use super::escape::visible;
use super::place::Places;

pub(super) fn render(diagnostics: &[Diagnostic], places: &Places<'_>) -> String {
    let mut out = String::new();
    for found in diagnostics {
        let place = places.place(found.primary.span);
        let _ = writeln!(
            out,
            "{}:{}:{}: {}[{}]: {}",
            visible(place.file.name),
            place.start.line,
            place.start.column,
            found.rule.severity.as_str(),
            found.rule.code,
            visible(&found.message),
        );
    }
    out
}
