use dbgen::diagnostic::{OutputFormat, RenderOptions, render};
use serde_json::Value;

use crate::fixture::{RULES, findings, one, options, rendered};
use crate::schema::validate;

#[test]
fn all_findings_are_one_run() {
    let version = format!("\"semanticVersion\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let text = rendered(OutputFormat::Sarif);
    assert!(text.contains(&version));
    insta::assert_snapshot!(text.replace(&version, "\"semanticVersion\": \"[version]\""));
}

#[test]
fn each_result_points_to_its_rule() {
    let run: Value = serde_json::from_str(&rendered(OutputFormat::Sarif)).expect("it is JSON");
    let run = &run["runs"][0];
    let results = run["results"].as_array().expect("results are a list");
    assert_eq!(results.len(), findings().1.len());
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("the rule is listed") as usize;
        assert_eq!(
            run["tool"]["driver"]["rules"][index]["id"],
            result["ruleId"]
        );
        assert_eq!(RULES[index].code, result["ruleId"]);
    }
}

#[test]
fn the_log_fits_the_schema_of_the_standard() {
    let test = "the_log_fits_the_schema_of_the_standard";
    let Some(schema) = std::env::var_os("DBGEN_SARIF_SCHEMA") else {
        eprintln!("skipped: {test}: DBGEN_SARIF_SCHEMA is not set (see tests/schemas/README.md)");
        return;
    };
    let plain = RenderOptions {
        rules_url: None,
        ..options()
    };
    let (sources, findings) = findings();
    let without_url = render(OutputFormat::Sarif, &findings, &sources, plain);
    let nothing = render(OutputFormat::Sarif, &[], &one("").0, plain);
    for document in [rendered(OutputFormat::Sarif), without_url, nothing] {
        validate(test, schema.as_ref(), &document);
    }
}
