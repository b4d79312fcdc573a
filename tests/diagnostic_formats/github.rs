use dbgen::diagnostic::{Diagnostic, OutputFormat, RenderOptions, render};
use dbgen::source::{Format, Sources};

use crate::fixture::{UNKNOWN, add, find, rendered};

#[test]
fn each_finding_is_one_workflow_command() {
    insta::assert_snapshot!(rendered(OutputFormat::Github));
}

#[test]
fn separators_within_a_property_are_escaped() {
    let mut sources = Sources::default();
    let file = add(&mut sources, "a:b,c%d.toml", Format::Toml, "key");
    let found = Diagnostic::new(&UNKNOWN, find(&sources, file, "key"), "x: y, z");
    let text = render(
        OutputFormat::Github,
        &[found],
        &sources,
        RenderOptions::default(),
    );
    assert_eq!(
        text,
        "::error file=a%3Ab%2Cc%25d.toml,line=1,col=1,endLine=1,endColumn=4,title=unknown-key::x: y, z\n"
    );
}

#[test]
fn the_percent_sign_of_a_message_is_escaped_and_its_colon_is_not() {
    let text = rendered(OutputFormat::Github);
    assert!(
        text.contains("::role `ä` owns nothing: 100%25 unused\n"),
        "{text}"
    );
}

#[test]
fn columns_are_given_only_within_one_line() {
    let text = rendered(OutputFormat::Github);
    let several = text
        .lines()
        .find(|line| line.ends_with("::spans three lines"));
    let several = several.expect("the finding is there");
    assert!(several.contains(",line=3,endLine=5,title="), "{several}");
}
