use dbgen::diagnostic::{Diagnostic, OutputFormat, RenderOptions, render};

use crate::fixture::{UNKNOWN, find, one, rendered};

#[test]
fn each_finding_is_one_line() {
    insta::assert_snapshot!(rendered(OutputFormat::Concise));
}

#[test]
fn a_message_with_a_line_break_stays_on_one_line() {
    let (sources, file) = one("key = 1");
    let found = Diagnostic::new(&UNKNOWN, find(&sources, file, "key"), "a\nb\r\u{2028}c");
    let text = render(
        OutputFormat::Concise,
        &[found],
        &sources,
        RenderOptions::default(),
    );
    assert_eq!(text, "a.toml:1:1: error[unknown-key]: a\\nb\\r\\u{2028}c\n");
}
