//! The line that ends a report for a person.

use std::collections::BTreeSet;

use super::phrase::count;
use super::{Diagnostic, Severity};

/// How much was found, as in `found 3 errors and 1 warning in 2 files`; `None` if nothing was.
pub fn summary(diagnostics: &[Diagnostic]) -> Option<String> {
    let files: BTreeSet<_> = diagnostics
        .iter()
        .map(|found| found.primary.span.file)
        .collect();
    let (errors, warnings) = counts(diagnostics);
    let what = match (errors, warnings) {
        (0, 0) => return None,
        (_, 0) => count(errors, "error"),
        (0, _) => count(warnings, "warning"),
        (_, _) => format!(
            "{} and {}",
            count(errors, "error"),
            count(warnings, "warning")
        ),
    };
    Some(format!("found {what} in {}", count(files.len(), "file")))
}

/// The number of errors, and of warnings.
pub(super) fn counts(diagnostics: &[Diagnostic]) -> (usize, usize) {
    let errors = diagnostics
        .iter()
        .filter(|found| found.rule.severity == Severity::Error)
        .count();
    (errors, diagnostics.len() - errors)
}
