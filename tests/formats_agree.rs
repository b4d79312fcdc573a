//! The same declarations give the same findings and the same module, whatever the format they are written in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dbgen::emit::nix::literal::{Literal, Text};

/// Every TOML file of the cases and the example that TOML and JSON can both say.
fn declarations() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("tests/cases"), root.join("examples")];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "toml")
                && path.file_name().is_some_and(|name| name != "dbgen.toml")
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn literal(value: &toml::Value) -> Option<Literal> {
    Some(match value {
        toml::Value::String(text) => Literal::text(text).ok()?,
        toml::Value::Integer(number) => Literal::from(*number),
        toml::Value::Boolean(value) => Literal::from(*value),
        toml::Value::Array(items) => {
            Literal::list(items.iter().map(literal).collect::<Option<Vec<_>>>()?)
        }
        toml::Value::Table(table) => {
            let entries = table
                .iter()
                .map(|(name, value)| Some((Text::try_from(name.as_str()).ok()?, literal(value)?)));
            Literal::attrs(entries.collect::<Option<Vec<_>>>()?)
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) => return None,
    })
}

fn dbgen(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dbgen"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Code, message and words at the place of each finding, in an order of their own: places differ between formats.
fn findings(name: &str, folder: &Path) -> Vec<String> {
    let output = dbgen(&["check", "--output-format", "json", name], folder);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut findings: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            format!(
                "{} {} {}",
                finding["code"], finding["message"], finding["severity"]
            )
            // A finding about the file as a whole names it.
            .replace(name, "FILE")
        })
        .collect();
    findings.sort();
    findings
}

#[test]
fn toml_json_and_nix_give_the_same_findings_and_the_same_module() {
    let (mut compared, mut with_findings) = (0, 0);
    for path in declarations() {
        let Ok(text) = String::from_utf8(fs::read(&path).unwrap()) else {
            continue;
        };
        let Ok(table) = text.parse::<toml::Table>() else {
            continue;
        };
        let Some(nix) = literal(&toml::Value::Table(table.clone())) else {
            continue;
        };
        let folder = tempfile::tempdir().unwrap();
        let write = |ending: &str, text: &str| {
            fs::write(folder.path().join(format!("service.{ending}")), text).unwrap()
        };
        let mut nix_text = String::new();
        nix.write(&mut nix_text, 0).unwrap();
        // Sorted like the others: which of two places is the first one is part of a message.
        write("toml", &toml::to_string(&table).unwrap());
        write("json", &serde_json::to_string(&table).unwrap());
        write("nix", &nix_text);
        let expected = findings("service.toml", folder.path());
        for other in ["service.json", "service.nix"] {
            assert_eq!(
                findings(other, folder.path()),
                expected,
                "{} as {other}",
                path.display()
            );
        }
        let module = dbgen(&["render", "service.toml"], folder.path()).stdout;
        for other in ["service.json", "service.nix"] {
            assert_eq!(
                dbgen(&["render", other], folder.path()).stdout,
                module,
                "{} as {other}",
                path.display()
            );
        }
        compared += 1;
        with_findings += usize::from(!expected.is_empty());
    }
    assert!(
        compared >= 40 && with_findings >= 25,
        "{compared} compared, {with_findings} with findings"
    );
}

#[test]
fn every_module_of_the_cases_is_what_nixfmt_would_write() {
    let mut rendered = 0;
    for path in declarations() {
        let folder = path.parent().unwrap();
        let output = dbgen(
            &["render", path.file_name().unwrap().to_str().unwrap()],
            folder,
        );
        if !output.status.success() {
            continue;
        }
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            nixfmt_rs::format(&text).unwrap(),
            text,
            "{}",
            path.display()
        );
        rendered += 1;
    }
    assert!(rendered >= 20, "{rendered}");
}
