//! What a literal is written as: nixfmt leaves it alone, and Nix reads the same value back.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::Command;

use dbgen::emit::nix::literal::{Literal, Reference, Root, Text};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

fn text(text: &str) -> Text {
    Text::try_from(text).unwrap()
}

/// Names and strings with everything that has a meaning in Nix, and any other character but U+0000.
fn texts() -> impl Strategy<Value = Text> {
    let awkward = prop::sample::select(vec![
        "$",
        "${",
        "$${",
        "\\",
        "\"",
        "''",
        "'",
        "\n",
        "\r",
        "\r\n",
        "\t",
        "}",
        "{",
        ";",
        "=",
        "#",
        "/*",
        " ",
        "a",
        "\u{1}",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "é",
        "🐘",
        "\u{10ffff}",
    ]);
    prop_oneof![
        3 => "[a-z_][a-z0-9_'-]{0,12}".prop_map(|it| text(&it)),
        1 => "[a-z]{60,130}".prop_map(|it| text(&it)),
        2 => prop::collection::vec(awkward, 0..8).prop_map(|parts| text(&parts.concat())),
        1 => any::<String>().prop_map(|it| text(&it.replace('\0', ""))),
        1 => prop::sample::select(vec![
            "or", "rec", "let", "in", "with", "inherit", "if", "then", "else", "assert", "true", "null", "__curPos", "",
            "1", "a.b", "-a", "a'", "_", "-",
        ]).prop_map(text),
    ]
}

/// `least` comes up often.
fn data(least: i64) -> impl Strategy<Value = Literal> {
    let leaf = prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        any::<i64>().prop_map(Literal::Int),
        prop::sample::select(vec![0, -1, least, i64::MAX]).prop_map(Literal::Int),
        texts().prop_map(Literal::Str),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Literal::list),
            prop::collection::vec((texts(), inner), 0..5).prop_map(Literal::attrs),
        ]
    })
}

/// Data with references and package functions in it.
fn literals() -> impl Strategy<Value = Literal> {
    let root = prop::sample::select(vec![Root::Config, Root::Lib, Root::Pkgs]);
    let leaf = prop_oneof![
        data(i64::MIN + 1),
        (root, prop::collection::vec(texts(), 0..5))
            .prop_map(|(root, path)| Literal::Reference(Reference::new(root, path))),
        prop::collection::vec(texts(), 0..4).prop_map(Literal::packages),
        texts().prop_map(|text| Literal::lines(text.as_str().to_owned()).unwrap()),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Literal::list),
            prop::collection::vec((texts(), inner), 0..4).prop_map(Literal::attrs),
        ]
    })
}

/// A module-like frame round a binding and an operand.
fn framed(name: &Text, literal: &Literal) -> String {
    let mut out = String::from("{ config, lib, ... }:\n{\n  config = {\n    ");
    literal.write_binding(&mut out, name, 4).unwrap();
    out.push_str("\n    value = lib.mkBefore ");
    literal.write(&mut out, 4).unwrap();
    out.push_str(";\n  };\n}\n");
    out
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn nixfmt_leaves_a_literal_as_it_is(name in texts(), literal in literals()) {
        let mut out = String::from("{\n  ");
        literal.write_binding(&mut out, &name, 2).unwrap();
        out.push_str("\n  x = [\n    1\n    ");
        literal.write(&mut out, 4).unwrap();
        out.push_str("\n  ];\n}\n");
        let formatted = nixfmt_rs::format(&out).map_err(|error| TestCaseError::fail(format!("{error:?}\n{out}")))?;
        prop_assert_eq!(&formatted, &out);
    }
}

#[test]
fn the_written_form_is_pinned() {
    let literal = Literal::attrs([
        (
            text("b"),
            Literal::list([
                Literal::from(-1_i64),
                Literal::attrs([]),
                Literal::list([Literal::Null]),
            ]),
        ),
        (text("a b"), Literal::from(-5_i64)),
        (
            text("p"),
            Literal::packages([text("pgvector"), text("odd name")]),
        ),
        (
            text("s"),
            Reference::new(Root::Config, [text("sops"), text("x/y"), text("path")]).into(),
        ),
        (text("t"), Literal::text("$${a}\n\"\\").unwrap()),
    ]);
    let expected = r#"{ config, lib, ... }:
{
  config = {
    in' = {
      "a b" = -5;
      b = [
        (-1)
        { }
        [
          null
        ]
      ];
      p = ps: [
        ps.pgvector
        ps."odd name"
      ];
      s = config.sops.secrets."x/y".path;
      t = "$\${a}\n\"\\";
    };
"#
    .replace("sops.secrets", "sops");
    assert!(
        framed(&text("in'"), &literal).starts_with(&expected),
        "{}",
        framed(&text("in'"), &literal)
    );
}

#[test]
fn a_nul_is_refused() {
    assert_eq!(Literal::text("ab\0").unwrap_err().offset, 2);
    assert!(Text::try_from(String::from("\0")).is_err());
}

fn json(literal: &Literal) -> serde_json::Value {
    match literal {
        Literal::Bool(value) => (*value).into(),
        Literal::Int(value) => (*value).into(),
        Literal::Str(text) => text.as_str().into(),
        Literal::List(items) => items.iter().map(json).collect(),
        Literal::Lines(text) => text
            .split_terminator('\n')
            .map(serde_json::Value::from)
            .collect(),
        Literal::Attrs(entries) => serde_json::Value::Object(
            entries
                .iter()
                .map(|(name, it)| (name.as_str().to_owned(), json(it)))
                .collect(),
        ),
        _ => serde_json::Value::Null,
    }
}

/// Whether `--json` shows the value as it is: a set with one of these names is shown as a string instead.
fn shown_whole(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Object(map) => {
            !map.contains_key("outPath")
                && !map.contains_key("__toString")
                && map.values().all(shown_whole)
        }
        serde_json::Value::Array(items) => items.iter().all(shown_whole),
        _ => true,
    }
}

#[test]
fn nix_reads_the_same_value_back() {
    let program = std::env::var("DBGEN_NIX_BIN").map_or("nix-instantiate".into(), |dir| {
        format!("{dir}/nix-instantiate")
    });
    if Command::new(&program).arg("--version").output().is_err() {
        eprintln!("skipped: nix_reads_the_same_value_back: there is no `{program}`");
        return;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let all =
        Literal::list((0..600).map(|_| data(i64::MIN).new_tree(&mut runner).unwrap().current()));
    let mut source = String::new();
    all.write(&mut source, 0).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &source).unwrap();
    let output = Command::new(&program)
        .args(["--eval", "--strict", "--json"])
        .arg(file.path())
        .env("NIX_STATE_DIR", std::env::temp_dir())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let expected = json(&all);
    assert!(shown_whole(&expected));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found, expected);
}
