#![allow(clippy::expect_used, clippy::panic, reason = "a test may stop")]

use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::source::{Table, Value};

/// The tree as `nix-instantiate --eval --strict --json` prints it.
fn json(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::String(value) => value.as_ref().into(),
        Value::List(items) => items.iter().map(|item| json(&item.value)).collect(),
        Value::Table(Table { entries }) => entries
            .iter()
            .map(|entry| (entry.key.name.to_string(), json(&entry.node.value)))
            .collect(),
        Value::Other(kind) => panic!("{kind} is no literal"),
    }
}

/// What the real Nix makes of an expression: its value, or that it refuses it. `None`: there is no Nix here.
fn evaluate(text: &str) -> Option<Result<serde_json::Value, String>> {
    let mut file = tempfile::Builder::new().suffix(".nix").tempfile().ok()?;
    std::io::Write::write_all(&mut file, text.as_bytes()).ok()?;
    let output = Command::new("nix-instantiate")
        .args(["--eval", "--strict", "--json", "--read-write-mode"])
        .arg(file.path())
        .env("NIX_STATE_DIR", std::env::temp_dir())
        .output()
        .ok()?;
    Some(if output.status.success() {
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    })
}

fn nix_is_here(test: &str) -> bool {
    let here = evaluate("{ }").is_some_and(|value| value.is_ok());
    if !here {
        eprintln!("skipped: {test}: no working nix-instantiate on PATH");
    }
    here
}

/// Read here and by Nix, one after the other, the sets mean the same or are refused by both.
fn agree(texts: &[String]) {
    // One process for all that evaluate: Nix takes longer to start than to read.
    let readable: Vec<(&String, serde_json::Value)> = texts
        .iter()
        .filter_map(|text| match read(text, FileId(0)) {
            (Some(tree), findings) if findings.is_empty() => Some((text, json(&tree.value))),
            _ => None,
        })
        .collect();
    let all = format!(
        "[{}]",
        readable
            .iter()
            .map(|(text, _)| format!("({text})\n"))
            .collect::<String>()
    );
    match evaluate(&all).expect("nix-instantiate ran before") {
        Ok(serde_json::Value::Array(values)) => {
            for ((text, ours), theirs) in readable.iter().zip(values) {
                assert_eq!(*ours, theirs, "{text}");
            }
        }
        other => panic!("Nix refuses what is read here: {other:?}\n{all}"),
    }
    for text in texts
        .iter()
        .filter(|text| !readable.iter().any(|(readable, _)| readable == text))
    {
        let theirs = evaluate(text).expect("nix-instantiate ran before");
        assert!(
            theirs.is_err(),
            "refused here, but Nix makes {theirs:?} of {text:?}"
        );
    }
}

#[test]
fn literals_mean_what_they_mean_to_nix() {
    if !nix_is_here("literals_mean_what_they_mean_to_nix") {
        return;
    }
    let sets = [
        r#"{ a = "x"; b = 1; c = -2; d = 1.5; e = -1.25e1; f = true; g = null; h = [ 1 "a" { } ]; }"#,
        r#"{ a = "\n\r\t\\\"\${x} $${y} $ \q é"; }"#,
        "{ a = \"x\r\ny\rz\n\"; }",
        r#"{ "a b" = 1; ${"c"} = 2; "d".e = 3; or = 4; }"#,
        "{ a.b = 1; a.c = 2; }",
        "{ a = { b = 1; }; a.c = 2; }",
        "{ a.c = 2; a = { b = 1; }; }",
        "{ a = { b = 1; }; a = { c = 2; }; }",
        "{ a = ({ b = 1; }); a.c = 2; }",
        "{ a = { b.c = 1; }; a.b.d = 2; }",
        "{ a.b = 1; a.b = 2; }",
        "{ a = 1; a.b = 2; }",
        "{ a.b = 1; a = 2; }",
        "{ a = [ ]; a = [ ]; }",
        "{ a = { b = 1; }; a = { b = 2; }; }",
        "{ a = 9223372036854775807; }",
        "{ a = 9223372036854775808; }",
        "{ a = 007; b = .5; c = (1); d = - 3; }",
        "rec { a = 1; }",
        "let x = 1; in { a = 2; }",
        "with { }; { a = 2; }",
        "{ a = 1; ",
        "{ a = (1 ]; }",
        "{ a = 1 }",
        "",
        "# nothing",
    ];
    agree(&sets.map(str::to_owned));
}

#[test]
fn what_is_no_literal_is_named() {
    let text = "{ config, lib, ... }@args: { a = x; b = f 1; c = \"${x}\"; d = ./p; e = 1 + 1; f = if a then b else c;
        g = config.sops.secrets.x.path; inherit (lib) h; ${x} = 1; i.${y}.z = 2; j = let a = 1; in a; k = x: x; }";
    let (tree, findings) = read(text, FileId(0));
    assert!(findings.is_empty(), "{findings:?}");
    let Some(Value::Table(table)) = tree.map(|node| node.value) else {
        panic!("no tree")
    };
    let seen: Vec<(&str, &str)> = table
        .entries
        .iter()
        .map(|entry| (entry.key.name.as_ref(), entry.node.value.kind()))
        .collect();
    assert_eq!(
        seen,
        [
            ("a", "a variable"),
            ("b", "a function call"),
            ("c", "a string with an interpolation"),
            ("d", "a path"),
            ("e", "an operator expression"),
            ("f", "an `if` expression"),
            ("g", "a reference to `config`"),
            ("h", "an inherited variable"),
            ("${x}", "an attribute with a computed name"),
            ("i", "a table"),
            ("j", "a `let` expression"),
            ("k", "a function"),
        ]
    );
}

#[test]
fn a_module_may_hold_long_lists_and_many_bindings() {
    let packages = "pkgs.hello.out ".repeat(5000);
    let bindings: String = (0..5000)
        .map(|i| format!("services.s{i}.enable = true; t{i} = lib.mkIf (a && b) [ c ];\n"))
        .collect();
    let text = format!(
        "{{ pkgs, ... }}: {{ list = with pkgs; [ {packages} ];\n{bindings} inherit {}; }}",
        "a b c"
    );
    let (tree, findings) = read(&text, FileId(0));
    assert!(findings.is_empty(), "{:?}", findings.first());
    assert!(tree.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn strings_mean_what_they_mean_to_nix(
        plain in prop::collection::vec(r#"([a\\ \n\r\t'é]|\\"|\$\$|\$a|\\\$\{){0,12}"#, 150),
        indented in prop::collection::vec(r#"([ab\\"é]|  |\n|\n  |\r|\t|'[ab]|\$a|\$\$|'''|''\$|''\\n|''\\ |''\\t){0,14}"#, 300),
    ) {
        if nix_is_here("strings_mean_what_they_mean_to_nix") {
            let plain = plain.iter().filter(|text| !text.ends_with('\\')).map(|text| format!("{{ a = \"{text}\"; }}"));
            let indented = indented.iter().map(|text| format!("{{ a = ''{text}''; }}"));
            agree(&plain.chain(indented).filter(|text| read(text, FileId(0)).0.is_some()).collect::<Vec<_>>());
        }
    }
}
