//! The JSON Schemas say what the program says, in the words of those who use them: a validator, and the TOML servers
//! of editors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/run.rs"]
mod run;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dbgen::declaration::shape::{Field, Kind, Shape};
use dbgen::declaration::shapes::{FILE, SERVICE};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use run::{Folder, Seen};
use serde_json::{Map, Value, json};

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

fn has_validator(folder: &Folder, test: &str) -> bool {
    let is_there =
        run::has("python3", test) && folder.sh("python3 -c 'import jsonschema'").status == Some(0);
    if !is_there {
        eprintln!("skipped: {test}: Python has no jsonschema");
    }
    is_there
}

/// What the validator says of each document, which stands beside the name of its schema.
fn verdicts(folder: &Folder, documents: Vec<Value>) -> Vec<Vec<String>> {
    let schema = |name: &str| serde_json::from_str::<Value>(&folder.read(name)).unwrap();
    let request = json!({
        "schemas": { "dbgen.schema.json": schema("dbgen.schema.json"), "dbgen.project.schema.json": schema("dbgen.project.schema.json") },
        "documents": documents,
    });
    let seen = run::seen(
        folder.command("python3").args(["-c", VALIDATE]),
        request.to_string().as_bytes(),
    );
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    serde_json::from_str(&seen.out).unwrap()
}

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
    if !has_validator(&folder, test) {
        return;
    }
    let documents = judged
        .iter()
        .map(|(judged, value)| json!([judged.schema(), value]));
    let verdicts = verdicts(&folder, documents.collect());
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

#[test]
fn a_whole_float_is_an_integer_to_the_schema_and_to_dbgen_in_no_format() {
    let test = "a_whole_float_is_an_integer_to_the_schema_and_to_dbgen_in_no_format";
    let folder = with_schemas();
    let fields = [("port", "5432.0"), ("connectionLimit", "2.0")];
    let (mut json, mut toml, mut nix) = (String::new(), String::new(), String::new());
    for (name, number) in fields {
        json += &format!(", \"{name}\": {number}");
        toml += &format!("{name} = {number}\n");
        nix += &format!("{name} = {number}; ");
    }
    let json = format!(
        "{{ \"databases\": [{{ \"type\": \"postgresql\", \"name\": \"a\", \"user\": \"a\"{json} }}] }}"
    );
    let texts = [
        ("a.json", json.clone()),
        (
            "a.toml",
            format!("[[databases]]\ntype = \"postgresql\"\nname = \"a\"\nuser = \"a\"\n{toml}"),
        ),
        (
            "a.nix",
            format!(
                "{{ databases = [ {{ type = \"postgresql\"; name = \"a\"; user = \"a\"; {nix} }} ]; }}"
            ),
        ),
    ];
    for (name, text) in texts {
        folder.write(name, &text);
        let seen = folder.run(&["check", "--output-format", "json", name]);
        let seen: Value = serde_json::from_str(&seen.out).unwrap();
        let told = seen["findings"].as_array().unwrap().iter();
        let told: Vec<_> = told
            .map(|finding| (finding["code"].as_str(), finding["help"].as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (Some("wrong-type"), Some("write `5432`")),
                (Some("wrong-type"), Some("write `2`")),
            ],
            "{name}"
        );
    }
    if !has_validator(&folder, test) {
        return;
    }
    let document: Value = serde_json::from_str(&json).unwrap();
    let verdicts = verdicts(&folder, vec![json!(["dbgen.schema.json", document])]);
    assert_eq!(verdicts, [Vec::<String>::new()]);
}

/// Anything at all. No float is whole: of `5432.0` a schema says that it is an integer.
fn any_value() -> BoxedStrategy<Value> {
    let text = select(&["", "a", "/a", "main", "restart", "all"][..]);
    prop_oneof![
        6 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        2 => select(&[0, 1, 16, 5432][..]).prop_map(Value::from),
        1 => Just(json!(1.5)),
        3 => text.clone().prop_map(Value::from),
        1 => vec(prop_oneof![text.clone().prop_map(Value::from), Just(Value::Null)], 0..2).prop_map(Value::from),
        1 => text.prop_map(|text| json!({ text: text })),
    ]
    .boxed()
}

/// Mostly what may stand there.
fn value(kind: &'static Kind) -> BoxedStrategy<Value> {
    let right = match kind {
        Kind::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Kind::Integer => select(&[0, 1, 16, 5432][..]).prop_map(Value::from).boxed(),
        Kind::String => select(&["a", "b"][..]).prop_map(Value::from).boxed(),
        Kind::Enum(values) => select(*values).prop_map(Value::from).boxed(),
        Kind::Setting => prop_oneof![
            select(vec![json!("a"), json!(true), json!(1), json!(1.5)]),
            vec(value(&Kind::String), 0..3).prop_map(Value::from),
        ]
        .boxed(),
        Kind::List(item) => vec(value(item), 0..3).prop_map(Value::from).boxed(),
        Kind::Map(item) => btree_map(
            "[a-c]",
            prop_oneof![9 => value(item), 1 => Just(Value::Null)],
            0..3,
        )
        .prop_map(|map| Value::Object(map.into_iter().collect()))
        .boxed(),
        Kind::Table(shape) => table(shape.fields),
        Kind::OneOf(kinds) => select(*kinds)
            .prop_flat_map(|kind| value(Box::leak(Box::new(kind))))
            .boxed(),
    };
    prop_oneof![120 => right, 1 => any_value()].boxed()
}

/// Mostly the required fields and a few of the others.
fn table(fields: &'static [Field]) -> BoxedStrategy<Value> {
    let each: Vec<_> = fields
        .iter()
        .map(|field| {
            let (there, absent) = match field.required {
                true => (200, 1),
                false => (3, 20),
            };
            prop_oneof![
                there => value(&field.kind).prop_map(Some),
                1 => Just(Some(Value::Null)),
                absent => Just(None),
            ]
        })
        .collect();
    let stranger = prop_oneof![
        200 => Just(None),
        1 => (select(&["x", "password", "databases", "services"][..]), any_value()).prop_map(Some),
    ];
    (each, stranger)
        .prop_map(move |(values, stranger)| {
            let said = fields.iter().zip(values);
            let said = said.filter_map(|(field, value)| Some((field.name.to_owned(), value?)));
            let mut table: Map<String, Value> = said.collect();
            table.extend(stranger.map(|(key, value)| (key.to_owned(), value)));
            Value::Object(table)
        })
        .boxed()
}

fn document() -> BoxedStrategy<Value> {
    fn fields(shape: &'static Shape) -> BoxedStrategy<Value> {
        table(shape.fields)
    }
    let databases = value(&SERVICE.fields[1].kind);
    let both = (fields(&FILE), fields(&SERVICE)).prop_map(|(mut file, service)| {
        if let (Value::Object(file), Value::Object(service)) = (&mut file, service) {
            file.extend(service);
        }
        file
    });
    let services = btree_map("[a-c]", fields(&SERVICE), 1..3)
        .prop_map(|services| json!({ "services": services }));
    prop_oneof![
        6 => databases.prop_map(|databases| json!({ "databases": databases })),
        4 => services,
        4 => fields(&SERVICE),
        2 => fields(&FILE),
        2 => both,
        1 => select(&["a", ""][..]).prop_map(|at| json!({ "$schema": at, "services": {} })),
        1 => any_value().prop_map(|at| json!({ "$schema": at })),
    ]
    .boxed()
}

#[test]
fn a_validator_and_dbgen_agree_about_random_documents() {
    let test = "a_validator_and_dbgen_agree_about_random_documents";
    let folder = with_schemas();
    if !has_validator(&folder, test) {
        return;
    }
    let strategy = document();
    let mut runner = TestRunner::default();
    let documents: Vec<Value> = (0..1500)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect();
    for (number, document) in documents.iter().enumerate() {
        folder.write(&format!("all/{number}.json"), &document.to_string());
    }
    let seen = folder.run(&["check", "all", "--output-format", "json"]);
    let report: Value = serde_json::from_str(&seen.out).unwrap_or_else(|_| panic!("{}", seen.err));
    let mut refusals: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        let code = finding["code"].as_str().unwrap();
        // Here every password is an unknown key, or no table.
        if STRUCTURAL.contains(&code) || code == "plain-text-password" {
            let file = Path::new(finding["file"].as_str().unwrap()).file_stem();
            let number = file.unwrap().to_str().unwrap().parse().unwrap();
            refusals.entry(number).or_default().push(code);
        }
    }
    let pairs = documents
        .iter()
        .map(|document| json!(["dbgen.schema.json", document]));
    let verdicts = verdicts(&folder, pairs.collect());
    let mut wrong = String::new();
    for (number, errors) in verdicts.iter().enumerate() {
        let refusals = refusals.get(&number);
        if refusals.is_some() == errors.is_empty() {
            let document = &documents[number];
            wrong += &format!("{document}: dbgen {refusals:?}, schema {errors:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let (all, refused) = (documents.len(), refusals.len());
    let with_null = documents
        .iter()
        .enumerate()
        .filter(|(number, document)| {
            !refusals.contains_key(number) && document.to_string().contains(":null")
        })
        .count();
    assert!(
        refused > all / 10 && refused < all * 9 / 10 && with_null > all / 20,
        "{refused} of {all} refused, {with_null} taken with null"
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
