use dbgen::diagnostic::{Diagnostic, Rule, summary};
use dbgen::source::{FileId, Span};

use crate::fixture::{UNKNOWN, UNUSED};

fn found(rule: &'static Rule, file: u32) -> Diagnostic {
    Diagnostic::new(rule, Span::new(FileId(file), 0, 0), "found")
}

#[test]
fn the_summary_counts_what_there_is() {
    let (error, warning) = (|file| found(&UNKNOWN, file), |file| found(&UNUSED, file));
    assert_eq!(summary(&[]), None);
    assert_eq!(
        summary(&[error(0)]).as_deref(),
        Some("found 1 error in 1 file")
    );
    assert_eq!(
        summary(&[warning(0), warning(1)]).as_deref(),
        Some("found 2 warnings in 2 files")
    );
    assert_eq!(
        summary(&[error(0), error(1), error(1), warning(0)]).as_deref(),
        Some("found 3 errors and 1 warning in 2 files")
    );
}
