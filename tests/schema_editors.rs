//! The JSON Schemas say what the program says, in the words of those who use them: a validator, and the TOML servers
//! of editors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/run.rs"]
mod run;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use run::{Folder, Seen};
use serde_json::{Value, json};

/// What a schema can see; all other findings need more than one place, or a fact about PostgreSQL.
const STRUCTURAL: &[&str] = &[
    "unknown-key",
    "wrong-type",
    "missing-field",
    "unknown-value",
    "string-list-databases",
];

/// A file of declarations, and the codes of the errors that dbgen finds in it.
struct Judged {
    path: PathBuf,
    errors: Vec<String>,
}

impl Judged {
    fn is_project(&self) -> bool {
        self.path.ends_with("dbgen.toml")
    }

    fn schema(&self) -> &'static str {
        if self.is_project() {
            "dbgen.project.schema.json"
        } else {
            "dbgen.schema.json"
        }
    }

    /// Whether a schema must refuse it; nothing when it is for dbgen alone to judge.
    fn must_be_refused(&self) -> Option<bool> {
        match self
            .errors
            .iter()
            .any(|code| STRUCTURAL.contains(&code.as_str()))
        {
            true => Some(true),
            false => self.errors.is_empty().then_some(false),
        }
    }

    /// The file as JSON, when it can be read at all.
    fn value(&self) -> Option<Value> {
        let text = fs::read_to_string(&self.path).ok()?;
        match self.path.extension()?.to_str()? {
            "toml" => serde_json::to_value(toml::from_str::<toml::Table>(&text).ok()?).ok(),
            _ => serde_json::from_str(&text).ok(),
        }
    }
}

/// Every TOML and JSON file of the cases and the examples.
fn judged() -> Vec<Judged> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = Vec::new();
    for parent in ["tests/cases", "examples"] {
        let entries = fs::read_dir(root.join(parent))
            .into_iter()
            .flatten()
            .flatten();
        folders.extend(
            entries
                .map(|entry| entry.path())
                .filter(|path| path.is_dir()),
        );
    }
    let mut all = Vec::new();
    for folder in folders {
        let mut command = Folder::new().command(run::DBGEN);
        command
            .current_dir(&folder)
            .args(["check", ".", "--output-format", "json"]);
        let seen = run::seen(&mut command, b"");
        // A folder for the command line alone has no report.
        let Ok(report) = serde_json::from_str::<Value>(&seen.out) else {
            continue;
        };
        let mut errors: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
        for finding in report["findings"].as_array().unwrap() {
            if finding["severity"] == "error" {
                let file = folder.join(finding["file"].as_str().unwrap());
                errors
                    .entry(fs::canonicalize(file).unwrap())
                    .or_default()
                    .push(finding["code"].as_str().unwrap().to_owned());
            }
        }
        let mut paths = Vec::new();
        files(&folder, &mut paths);
        all.extend(paths.into_iter().map(|path| Judged {
            errors: errors.remove(&path).unwrap_or_default(),
            path,
        }));
    }
    assert!(all.len() > 60);
    all
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|ending| ending == "toml" || ending == "json")
        {
            found.push(fs::canonicalize(path).unwrap());
        }
    }
}

/// A folder with both schemas.
fn with_schemas() -> Folder {
    let folder = Folder::new();
    for (name, arguments) in [
        ("dbgen.schema.json", &["schema"][..]),
        ("dbgen.project.schema.json", &["schema", "--project"]),
    ] {
        let seen = folder.run(arguments);
        assert_eq!((seen.status, seen.err.as_str()), (Some(0), ""));
        folder.write(name, &seen.out);
    }
    folder
}

const VALIDATE: &str = "
import json, sys
from jsonschema import Draft7Validator
request = json.load(sys.stdin)
validators = {}
for name, schema in request['schemas'].items():
    Draft7Validator.check_schema(schema)
    validators[name] = Draft7Validator(schema)
print(json.dumps([[e.message for e in validators[name].iter_errors(value)] for name, value in request['documents']]))
";

#[test]
fn a_validator_takes_what_dbgen_takes_and_refuses_what_is_wrong_in_structure() {
    let test = "a_validator_takes_what_dbgen_takes_and_refuses_what_is_wrong_in_structure";
    let folder = with_schemas();
    let judged: Vec<(Judged, Value)> = judged()
        .into_iter()
        .filter_map(|judged| judged.value().map(|value| (judged, value)))
        .collect();
    let schema = |name: &str| serde_json::from_str::<Value>(&folder.read(name)).unwrap();
    for name in ["dbgen.schema.json", "dbgen.project.schema.json"] {
        assert_eq!(
            schema(name)["$schema"],
            "http://json-schema.org/draft-07/schema#"
        );
    }
    if !run::has("python3", test) || folder.sh("python3 -c 'import jsonschema'").status != Some(0) {
        eprintln!("skipped: {test}: Python has no jsonschema");
        return;
    }
    let documents: Vec<Value> = judged
        .iter()
        .map(|(judged, value)| json!([judged.schema(), value]))
        .collect();
    let request = json!({
        "schemas": { "dbgen.schema.json": schema("dbgen.schema.json"), "dbgen.project.schema.json": schema("dbgen.project.schema.json") },
        "documents": documents,
    });
    let seen = run::seen(
        folder.command("python3").args(["-c", VALIDATE]),
        request.to_string().as_bytes(),
    );
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    let verdicts: Vec<Vec<String>> = serde_json::from_str(&seen.out).unwrap();
    let mut wrong = Vec::new();
    let (mut taken, mut refused) = (0, 0);
    for ((judged, _), errors) in judged.iter().zip(&verdicts) {
        match judged.must_be_refused() {
            Some(wanted) if wanted == errors.is_empty() => wrong.push(format!(
                "{}: dbgen {:?}, schema {errors:?}",
                judged.path.display(),
                judged.errors
            )),
            Some(true) => refused += 1,
            Some(false) => taken += 1,
            None => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        taken > 40 && refused > 5,
        "{taken} taken, {refused} refused"
    );
}

/// Copies with the line that names the schema, in the folder of the schemas.
fn copies<'j>(folder: &Folder, judged: &'j [Judged], wanted: bool) -> Vec<(String, &'j Judged)> {
    let mut copies = Vec::new();
    for (number, judged) in judged.iter().enumerate() {
        let is_toml = judged
            .path
            .extension()
            .is_some_and(|ending| ending == "toml");
        if !is_toml || judged.must_be_refused() != Some(wanted) || judged.value().is_none() {
            continue;
        }
        let name = format!("{wanted}{number}.toml");
        let text = fs::read_to_string(&judged.path).unwrap();
        let text: String = text
            .lines()
            .filter(|line| !line.starts_with("#:schema"))
            .map(|line| format!("{line}\n"))
            .collect();
        folder.write(&name, &format!("#:schema ./{}\n{text}", judged.schema()));
        copies.push((name, judged));
    }
    copies
}

fn an_editors_server_agrees(test: &str, program: &str, arguments: &[&str]) {
    if !run::has(program, test) {
        return;
    }
    let folder = with_schemas();
    let judged = judged();
    let lint = |names: &[&str]| -> Seen {
        let mut command = folder.command(program);
        command
            .args(arguments)
            .args(names)
            .env("HOME", folder.path("."));
        run::seen(&mut command, b"")
    };
    let taken = copies(&folder, &judged, false);
    let names: Vec<&str> = taken.iter().map(|(name, _)| name.as_str()).collect();
    let seen = lint(&names);
    assert_eq!(seen.status, Some(0), "{}{}", seen.out, seen.err);
    let refused = copies(&folder, &judged, true);
    assert!(
        taken.len() > 30 && refused.len() > 3,
        "{} taken, {} refused",
        taken.len(),
        refused.len()
    );
    for (name, judged) in refused {
        let seen = lint(&[&name]);
        assert_ne!(
            seen.status,
            Some(0),
            "{} is taken, dbgen finds {:?}",
            judged.path.display(),
            judged.errors
        );
    }
    // What init and new write names its schema by itself.
    let project = Folder::new();
    assert_eq!(project.run(&["init"]).status, Some(0));
    for service in ["immich", "two words", "a\"b'c\\"] {
        assert_eq!(project.run(&["new", service]).status, Some(0));
    }
    let mut files: Vec<String> = project
        .names("services")
        .iter()
        .map(|name| format!("services/{name}"))
        .collect();
    files.push("dbgen.toml".into());
    for file in &files {
        assert!(project.read(file).starts_with("#:schema "), "{file}");
    }
    let lint = |names: &[String]| {
        let mut command = project.command(program);
        command
            .args(arguments)
            .args(names)
            .env("HOME", project.path("."));
        run::seen(&mut command, b"")
    };
    let seen = lint(&files);
    assert_eq!(seen.status, Some(0), "{}{}", seen.out, seen.err);
    let spoilt = project
        .read("services/immich.toml")
        .replace("user =", "usr =");
    project.write("services/immich.toml", &spoilt);
    assert_ne!(
        lint(&["services/immich.toml".into()]).status,
        Some(0),
        "the schema is not in force"
    );
}

#[test]
fn taplo_agrees() {
    an_editors_server_agrees("taplo_agrees", "taplo", &["lint"]);
}

#[test]
fn tombi_agrees() {
    an_editors_server_agrees("tombi_agrees", "tombi", &["lint", "--offline"]);
}
