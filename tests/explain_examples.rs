//! The examples on the pages of the rules do what the page says when they are pasted into a file: the first one gives the
//! finding, and what stands after "Use instead" gives no error.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::Command;

use dbgen::check::RULES;
use dbgen::diagnostic::Rule;

struct Block {
    language: String,
    text: String,
    is_instead: bool,
}

fn blocks(rule: &Rule) -> Vec<Block> {
    let (_, example) = rule.page.split_once("## Example").unwrap();
    let mut blocks: Vec<Block> = Vec::new();
    let (mut inside, mut is_instead) = (false, false);
    for line in example.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        match line.strip_prefix("```") {
            Some(_) if inside => inside = false,
            Some(language) => {
                inside = true;
                blocks.push(Block {
                    language: language.to_owned(),
                    text: String::new(),
                    is_instead,
                });
            }
            None if inside => {
                let text = &mut blocks.last_mut().unwrap().text;
                text.push_str(line);
                text.push('\n');
            }
            None => is_instead |= line.starts_with("Use instead"),
        }
    }
    blocks
}

/// Whether the block is a whole declaration file, and not a few fields.
fn is_complete(block: &Block) -> bool {
    match block.language.as_str() {
        "nix" => block.text.starts_with('{'),
        "toml" => block.text.parse::<toml::Table>().is_ok_and(|table| {
            let names = ["services", "instances", "databases"];
            !is_of_a_rule(&table) && names.iter().any(|name| table.contains_key(*name))
        }),
        _ => false,
    }
}

/// A rule's `databases` stand beside its `users`, or are regular expressions.
fn is_of_a_rule(table: &toml::Table) -> bool {
    let databases = table.get("databases").and_then(toml::Value::as_array);
    let mut databases = databases.into_iter().flatten();
    table.contains_key("users") || databases.any(|database| database.get("regex").is_some())
}

/// The severities and codes of what is found in a file that holds the block and nothing else.
fn findings(block: &Block) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("immich.{}", block.language));
    fs::write(&file, &block.text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_dbgen"))
        .args(["check", "--output-format", "json"])
        .arg(&file)
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let word = |finding: &serde_json::Value, name: &str| finding[name].as_str().unwrap().to_owned();
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (word(finding, "severity"), word(finding, "code")))
        .collect()
}

#[test]
fn the_examples_do_what_the_pages_say() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for rule in RULES {
        for (at, block) in blocks(rule).iter().enumerate() {
            if !is_complete(block) {
                continue;
            }
            let found = findings(block);
            let is_fine = if block.is_instead {
                found
                    .iter()
                    .all(|(severity, code)| severity != "error" && code != rule.code)
            } else {
                at > 0 || found.iter().any(|(_, code)| code == rule.code)
            };
            checked += 1;
            if !is_fine {
                wrong.push(format!("{}, block {}: {found:?}", rule.code, at + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked >= 60, "only {checked} examples are whole files");
}
