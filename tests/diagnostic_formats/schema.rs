//! JSON Schema validation by Python's `jsonschema`.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const VALIDATOR: &str = "
import json, sys
import jsonschema
with open(sys.argv[1], encoding='utf-8') as file:
    schema = json.load(file)
validator = jsonschema.validators.validator_for(schema)
validator.check_schema(schema)
errors = list(validator(schema).iter_errors(json.loads(sys.stdin.buffer.read())))
for error in errors:
    print(error.json_path, error.message, file=sys.stderr)
sys.exit(1 if errors else 0)
";

/// Whether this machine's Python has the validator.
fn has_validator() -> bool {
    let import = Command::new("python3")
        .args(["-c", "import jsonschema"])
        .stderr(Stdio::null())
        .status();
    import.is_ok_and(|status| status.success())
}

/// The complaints of the schema about a document; `None` if there is no validator.
pub fn complaints(schema: &Path, document: &str) -> Option<String> {
    if !has_validator() {
        return None;
    }
    let mut python = Command::new("python3")
        .args(["-c", VALIDATOR])
        .arg(schema)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let mut stdin = python.stdin.take().expect("it is piped");
    stdin.write_all(document.as_bytes()).expect("python3 reads");
    drop(stdin);
    let output = python.wait_with_output().expect("python3 ends");
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        output.status.success(),
        complaints.is_empty(),
        "{complaints}"
    );
    Some(complaints)
}

/// Asserts that the document fits, or says that the test `name` is skipped.
pub fn validate(name: &str, schema: &Path, document: &str) {
    match complaints(schema, document) {
        Some(complaints) => assert_eq!(complaints, "", "{document}"),
        None => eprintln!("skipped: {name}: python3 has no module jsonschema"),
    }
}

#[test]
fn the_validator_tells_a_document_that_does_not_fit() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/findings-1.schema.json");
    let document = r#"{ "version": 2, "findings": [], "summary": { "errors": 0, "warnings": 0 } }"#;
    match complaints(schema.as_ref(), document) {
        Some(complaints) => assert_eq!(complaints, "$.version 1 was expected\n"),
        None => eprintln!(
            "skipped: the_validator_tells_a_document_that_does_not_fit: python3 has no module jsonschema"
        ),
    }
}
