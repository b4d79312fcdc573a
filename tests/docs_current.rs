//! What is written about the rules is what the program has: the page of all rules, the files, the cases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dbgen::check::RULES;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn codes() -> BTreeSet<String> {
    RULES.iter().map(|rule| rule.code.to_owned()).collect()
}

fn assert_current(document: &str, arguments: &[&str]) {
    let printed = Command::new(env!("CARGO_BIN_EXE_dbgen"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(printed.status.success());
    let kept = fs::read(project(document)).unwrap_or_default();
    assert!(
        kept == printed.stdout,
        "{document} is not current: cargo run -- {} > {document}",
        arguments.join(" ")
    );
}

#[test]
fn the_page_of_all_rules_is_what_explain_prints() {
    assert_current("docs/rules.md", &["explain", "--all"]);
}

#[test]
fn the_reference_has_every_field_as_it_is_read() {
    assert_current("docs/reference.md", &["schema", "--markdown"]);
}

/// ARCHITECTURE.md is one page and names every folder of the pipeline, and no other.
#[test]
fn the_architecture_names_the_folders_that_are_there() {
    let text = fs::read_to_string(project("ARCHITECTURE.md")).unwrap();
    assert!(text.lines().count() <= 60);
    for entry in fs::read_dir(project("src")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            assert!(text.contains(&format!("`src/{name}/`")), "src/{name}/");
        }
    }
    for named in text.split('`').filter(|part| part.starts_with("src/")) {
        assert!(project(named).exists(), "{named}");
    }
}

/// Every option of every command is told where its help is printed, and the README names only options that are there.
#[test]
fn the_readme_names_only_options_that_are_there() {
    let help = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_dbgen"))
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let commands = [
        "check",
        "render",
        "hba",
        "plan",
        "apply",
        "sql",
        "verify",
        "rotate",
        "explain",
        "schema",
        "init",
        "new",
        "completions",
        "man",
    ];
    let known: String = commands
        .iter()
        .map(|command| help(&[command, "--help"]))
        .collect();
    for document in [
        "README.md",
        "nix/README.md",
        "docs/output-formats.md",
        "docs/server.md",
        "docs/verify.md",
    ] {
        let text = fs::read_to_string(project(document)).unwrap();
        for option in text.split(|c: char| !(c.is_ascii_lowercase() || c == '-')) {
            // Options of cargo, of Nix and of the host's dbgen-status stand in the same texts.
            let foreign = [
                "--quiet",
                "--",
                "---",
                "--test",
                "--bench",
                "--json",
                "--locked",
                "--path",
                "--show-password",
            ];
            if option.starts_with("--") && !foreign.contains(&option) {
                assert!(known.contains(option), "{document} names {option}");
            }
        }
    }
}

#[test]
fn rules_are_sorted_and_have_codes_of_their_own() {
    let in_order: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    let sorted: Vec<String> = codes().into_iter().collect();
    assert_eq!(in_order, sorted);
}

#[test]
fn every_rule_is_found_in_a_case() {
    let mut seen = BTreeSet::new();
    for case in fs::read_dir(project("tests/cases")).unwrap() {
        let snapshot = case.unwrap().path().join("expected.snap");
        let text = fs::read_to_string(snapshot).unwrap_or_default();
        seen.extend(codes().into_iter().filter(|code| {
            text.contains(&format!("error[{code}]")) || text.contains(&format!("warning[{code}]"))
        }));
    }
    let unseen: Vec<_> = codes().difference(&seen).cloned().collect();
    assert!(
        unseen.is_empty(),
        "rules that no case in tests/cases shows: {unseen:?}"
    );
}

#[test]
fn every_rule_has_the_file_of_its_name_and_every_file_its_rule() {
    let mut declared = BTreeSet::new();
    for file in fs::read_dir(project("src/check")).unwrap() {
        let file = file.unwrap().path();
        let text = fs::read_to_string(&file).unwrap();
        let stem = file
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .replace('_', "-");
        for code in declared_codes(&text) {
            assert_eq!(code, stem, "the rule in {}", file.display());
            assert!(declared.insert(code), "two rules in {}", file.display());
        }
    }
    assert_eq!(declared, codes());
}

/// The codes in `pub NAME = "code", Severity` within `rule! { ... }`.
fn declared_codes(text: &str) -> Vec<String> {
    let blocks = text.split("rule! {").skip(1);
    let declarations = blocks.filter_map(|block| {
        let lines = block.lines().map(str::trim_start);
        let mut code = lines.skip_while(|line| line.is_empty() || line.starts_with("///"));
        code.next()
    });
    declarations
        .map(|line| line.split('"').nth(1).unwrap_or(line).to_owned())
        .collect()
}

#[test]
fn every_page_says_what_why_and_how_to_mend_it() {
    let parts = ["## What it does", "## Why is this bad?", "## Example"];
    for rule in RULES {
        let headings: Vec<&str> = rule
            .page
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("## "))
            .collect();
        assert_eq!(headings, parts, "{}", rule.code);
        let examples = rule.page.matches("```").count();
        assert!(examples >= 2, "{}: no example", rule.code);
    }
}

#[test]
fn every_page_is_printed_by_its_code() {
    for rule in RULES {
        let printed = Command::new(env!("CARGO_BIN_EXE_dbgen"))
            .args(["explain", rule.code])
            .output()
            .unwrap();
        assert!(printed.status.success(), "{}", rule.code);
        let text = String::from_utf8(printed.stdout).unwrap();
        assert!(
            text.starts_with(&format!("# {} (", rule.code)),
            "{}",
            rule.code
        );
    }
}
