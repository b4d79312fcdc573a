use dbgen::diagnostic::{Diagnostic, OutputFormat, RenderOptions, render};
use dbgen::source::{Format, Span};

use crate::fixture::{DUPLICATE, UNKNOWN, add, find, findings, one, rendered};

fn human(sources: &dbgen::source::Sources, findings: &[Diagnostic]) -> String {
    render(
        OutputFormat::Human,
        findings,
        sources,
        RenderOptions::default(),
    )
}

/// The report on the first `needle` of a file.
fn pointing_at(text: &str, needle: &str) -> String {
    let (sources, file) = one(text);
    let found = Diagnostic::new(&UNKNOWN, find(&sources, file, needle), "found").label("here");
    human(&sources, &[found])
}

#[test]
fn findings_show_their_places_help_and_a_summary() {
    insta::assert_snapshot!(rendered(OutputFormat::Human));
}

#[test]
fn colours_change_nothing_but_colours() {
    let (sources, findings) = findings();
    let options = RenderOptions {
        color: true,
        ..RenderOptions::default()
    };
    let colored = render(OutputFormat::Human, &findings, &sources, options);
    assert!(colored.contains("\x1b["));
    assert_eq!(
        anstream::adapter::strip_str(&colored).to_string(),
        human(&sources, &findings)
    );
}

#[test]
fn nothing_found_prints_nothing() {
    assert_eq!(human(&one("a = 1").0, &[]), "");
}

#[test]
fn tabs_and_crlf_keep_the_caret_under_its_word() {
    insta::assert_snapshot!(pointing_at("a 1\r\n\tb\t= 2\r\n", "="));
}

#[test]
fn a_byte_order_mark_does_not_move_the_column() {
    let shown = pointing_at("\u{feff}key = 1\n", "key");
    assert!(shown.contains("a.toml:1:1"), "{shown}");
    assert!(shown.contains("\n1 | key = 1\n  | ^^^ here\n"), "{shown}");
}

#[test]
fn an_empty_file_can_be_pointed_at() {
    insta::assert_snapshot!(pointing_at("", ""));
}

#[test]
fn the_end_of_a_file_can_be_pointed_at() {
    for text in ["key =", "key =\n"] {
        let (sources, file) = one(text);
        let end = Span::new(file, text.len(), text.len());
        let found = Diagnostic::new(&UNKNOWN, end, "a value is missing").label("here");
        insta::assert_snapshot!(human(&sources, &[found]));
    }
}

#[test]
fn a_long_line_is_cut_around_the_mark() {
    let text = format!(
        "{{{}\"needle\": 1{}}}",
        "\"ä\": 1, ".repeat(500_000),
        ", \"b\": 2".repeat(500_000)
    );
    let shown = pointing_at(&text, "needle");
    assert!(shown.len() < 1000, "{} bytes", shown.len());
    insta::assert_snapshot!(shown);
}

#[test]
fn a_mark_longer_than_the_cut_line_is_cut_too() {
    let needle = "x".repeat(1_000_000);
    let shown = pointing_at(&format!("key = \"{needle}\"\n"), &needle);
    assert!(shown.len() < 1000, "{} bytes", shown.len());
}

#[test]
fn two_marks_far_apart_on_a_long_line_are_both_shown() {
    let (sources, file) = one(&format!("first = 1, {} second = 2", "x".repeat(100_000)));
    let found = Diagnostic::new(&DUPLICATE, find(&sources, file, "second"), "twice")
        .label("again here")
        .related(find(&sources, file, "first"), "first here");
    insta::assert_snapshot!(human(&sources, &[found]));
}

#[test]
fn marks_on_far_lines_show_only_those_lines() {
    let (sources, file) = one(&format!(
        "first = 1\n{}second = 2\n",
        "x = 1\n".repeat(100_000)
    ));
    let found = Diagnostic::new(&DUPLICATE, find(&sources, file, "second"), "twice")
        .label("again here")
        .related(find(&sources, file, "first"), "first here");
    insta::assert_snapshot!(human(&sources, &[found]));
}

#[test]
fn a_mark_over_very_many_lines_shows_the_first() {
    let text = format!("[table]\n{}", "x = 1\n".repeat(100_000));
    insta::assert_snapshot!(pointing_at(&text, &text));
}

#[test]
fn marks_on_near_lines_share_one_excerpt() {
    let (sources, file) = one("first = 1\n\nx = 1\nsecond = 2\n");
    let found = Diagnostic::new(&DUPLICATE, find(&sources, file, "second"), "twice")
        .label("again here")
        .related(find(&sources, file, "first"), "first here");
    insta::assert_snapshot!(human(&sources, &[found]));
}

#[test]
fn ten_thousand_findings_in_one_long_line_are_all_shown() {
    let mut sources = dbgen::source::Sources::default();
    let file = add(
        &mut sources,
        "a.json",
        Format::Json,
        &"\"ä\",".repeat(200_000),
    );
    let found =
        |n: usize| Diagnostic::new(&UNKNOWN, Span::new(file, n * 100, n * 100 + 4), "found");
    let findings: Vec<Diagnostic> = (0..10_000).map(found).collect();
    let shown = human(&sources, &findings);
    assert_eq!(shown.matches("error[unknown-key]").count(), 10_000);
    assert!(shown.ends_with("found 10000 errors in 1 file\n"));
}
