//! SARIF 2.1.0 (OASIS standard, "Static Analysis Results Interchange Format").

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::place::{Place, Places};
use super::{Diagnostic, Label, RenderOptions, Rule, json, page};

pub(super) fn render(
    diagnostics: &[Diagnostic],
    places: &Places<'_>,
    options: RenderOptions<'_>,
) -> String {
    let rules: Vec<Value> = options
        .rules
        .iter()
        .map(|rule| descriptor(rule, options))
        .collect();
    let results: Vec<Value> = diagnostics
        .iter()
        .map(|found| result(found, places, options.rules))
        .collect();
    json::to_string(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": env!("CARGO_PKG_NAME"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

/// Section 3.49, `reportingDescriptor`.
fn descriptor(rule: &Rule, options: RenderOptions<'_>) -> Value {
    let body = page::body(rule);
    let mut object = json!({
        "id": rule.code,
        "shortDescription": { "text": page::first_paragraph(rule) },
        "help": { "text": body, "markdown": body },
        "defaultConfiguration": { "level": rule.severity.as_str() },
    });
    if let (Some(url), Some(object)) = (options.url(rule), object.as_object_mut()) {
        object.insert("helpUri".into(), url.into());
    }
    object
}

/// Section 3.27, `result`.
fn result(found: &Diagnostic, places: &Places<'_>, rules: &[&Rule]) -> Value {
    let mut message = found.message.clone();
    if let Some(help) = &found.help {
        let _ = write!(message, "\nhelp: {help}");
    }
    let mut object = Map::new();
    object.insert("ruleId".into(), found.rule.code.into());
    if let Some(index) = rules.iter().position(|rule| rule.code == found.rule.code) {
        object.insert("ruleIndex".into(), index.into());
    }
    object.insert("level".into(), found.rule.severity.as_str().into());
    object.insert("message".into(), json!({ "text": message }));
    object.insert(
        "locations".into(),
        json!([location(&found.primary, places)]),
    );
    if !found.related.is_empty() {
        let related: Vec<Value> = found
            .related
            .iter()
            .map(|at| location(at, places))
            .collect();
        object.insert("relatedLocations".into(), related.into());
    }
    object.into()
}

/// Section 3.28, `location`.
fn location(label: &Label, places: &Places<'_>) -> Value {
    let Place { file, start, end } = places.place(label.span);
    let mut object = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(file.name) },
            "region": {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            },
        },
    });
    if let (false, Some(object)) = (label.text.is_empty(), object.as_object_mut()) {
        object.insert("message".into(), json!({ "text": label.text }));
    }
    object
}

/// A path as a URI reference (RFC 3986): relative stays relative, absolute becomes `file:`. The colon is encoded
/// too, because a first segment with one would be read as a scheme (section 4.2).
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(byte.into());
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_becomes_a_uri_reference() {
        assert_eq!(uri("services/a b.toml"), "services/a%20b.toml");
        assert_eq!(uri("c:ä%.nix"), "c%3A%C3%A4%25.nix");
        assert_eq!(uri("/srv/a.json"), "file:///srv/a.json");
    }
}
