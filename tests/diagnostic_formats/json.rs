use dbgen::diagnostic::{Diagnostic, OutputFormat, RenderOptions, render};
use serde_json::Value;

use crate::fixture::{UNKNOWN, find, one, rendered};
use crate::schema::validate;

#[test]
fn all_findings_are_one_versioned_object() {
    insta::assert_snapshot!(rendered(OutputFormat::Json));
}

#[test]
fn nothing_found_is_an_empty_list() {
    let text = render(
        OutputFormat::Json,
        &[],
        &one("").0,
        RenderOptions::default(),
    );
    let value: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(
        value,
        serde_json::json!({ "version": 1, "findings": [], "summary": { "errors": 0, "warnings": 0 } })
    );
}

#[test]
fn columns_count_characters_and_offsets_count_bytes() {
    let (sources, file) = one("# ä\n日 = key");
    let found = Diagnostic::new(&UNKNOWN, find(&sources, file, "key"), "found");
    let text = render(
        OutputFormat::Json,
        &[found],
        &sources,
        RenderOptions::default(),
    );
    let value: Value = serde_json::from_str(&text).expect("it is JSON");
    let start = serde_json::json!({ "line": 2, "column": 5, "offset": 11 });
    let end = serde_json::json!({ "line": 2, "column": 8, "offset": 14 });
    assert_eq!(
        (&value["findings"][0]["start"], &value["findings"][0]["end"]),
        (&start, &end)
    );
}

#[test]
fn the_object_fits_the_published_schema() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/findings-1.schema.json");
    let nothing = render(
        OutputFormat::Json,
        &[],
        &one("").0,
        RenderOptions::default(),
    );
    for document in [rendered(OutputFormat::Json), nothing] {
        validate(
            "the_object_fits_the_published_schema",
            schema.as_ref(),
            &document,
        );
    }
}
