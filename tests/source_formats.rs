//! The same data gives the same tree, whatever the format.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may stop")]

use dbgen::source::{FileId, Format, SourceFile, Table, Value, read};
use proptest::prelude::*;

/// A value without its places. Floats compare by their bits.
#[derive(Clone, Debug, PartialEq)]
enum Data {
    Bool(bool),
    Integer(i64),
    Float(u64),
    Text(String),
    List(Vec<Data>),
    Table(Vec<(String, Data)>),
}

fn data() -> impl Strategy<Value = Data> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Data::Bool),
        (i64::MIN + 1..=i64::MAX).prop_map(Data::Integer),
        (-1e9..1e9f64).prop_map(|float| Data::Float((float + 0.5).to_bits())),
        text().prop_map(Data::Text),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Data::List),
            table(inner)
        ]
    })
}

fn table(inner: impl Strategy<Value = Data>) -> impl Strategy<Value = Data> {
    prop::collection::btree_map(text(), inner, 0..5)
        .prop_map(|map| Data::Table(map.into_iter().collect()))
}

fn text() -> impl Strategy<Value = String> {
    "[a-zé😀\\\\\"'$\\{\\}\n\r\t .-]{0,8}"
}

fn quoted(text: &str, nix: bool) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            '"' | '\\' => quoted.extend(['\\', character]),
            '$' if nix => quoted += "\\$",
            _ => quoted.push(character),
        }
    }
    quoted + "\""
}

/// How a format writes `name = value`, and what goes between two of them.
fn write(data: &Data, format: Format) -> String {
    let nix = format == Format::Nix;
    let separator = if nix { " " } else { ", " };
    match data {
        Data::Bool(value) => value.to_string(),
        Data::Integer(value) if nix => format!("({value})"),
        Data::Integer(value) => value.to_string(),
        Data::Float(bits) if nix => format!("({:?})", f64::from_bits(*bits)),
        Data::Float(bits) => format!("{:?}", f64::from_bits(*bits)),
        Data::Text(text) => quoted(text, nix),
        Data::List(items) => {
            let items: Vec<String> = items.iter().map(|item| write(item, format)).collect();
            format!("[ {} ]", items.join(separator))
        }
        Data::Table(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(name, value)| entry(name, value, format))
                .collect();
            format!("{{ {} }}", entries.join(separator))
        }
    }
}

fn entry(name: &str, value: &Data, format: Format) -> String {
    let (name, value) = (quoted(name, format == Format::Nix), write(value, format));
    match format {
        Format::Toml => format!("{name} = {value}"),
        Format::Json => format!("{name}: {value}"),
        Format::Nix => format!("{name} = {value};"),
    }
}

fn strip(value: &Value<'_>) -> Data {
    match value {
        Value::Bool(value) => Data::Bool(*value),
        Value::Integer(value) => Data::Integer(*value),
        Value::Float(value) => Data::Float(value.to_bits()),
        Value::String(text) => Data::Text(text.to_string()),
        Value::List(items) => Data::List(items.iter().map(|item| strip(&item.value)).collect()),
        Value::Table(Table { entries }) => Data::Table(
            entries
                .iter()
                .map(|entry| (entry.key.name.to_string(), strip(&entry.node.value)))
                .collect(),
        ),
        other => panic!("{} was not written", other.kind()),
    }
}

fn parse(text: String, format: Format) -> Data {
    let file = SourceFile {
        name: "x".into(),
        text,
        format,
    };
    let (tree, findings) = read(&file, FileId(0));
    assert!(
        findings.is_empty(),
        "{format:?}: {findings:?}: {}",
        file.text
    );
    strip(&tree.unwrap_or_else(|| panic!("{format:?}: no tree")).value)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_data_gives_the_same_tree(root in table(data())) {
        let Data::Table(entries) = &root else { unreachable!("a table was asked for") };
        let lines: Vec<String> = entries.iter().map(|(name, value)| entry(name, value, Format::Toml)).collect();
        prop_assert_eq!(&parse(lines.join("\n"), Format::Toml), &root);
        prop_assert_eq!(&parse(write(&root, Format::Json), Format::Json), &root);
        prop_assert_eq!(&parse(write(&root, Format::Nix), Format::Nix), &root);
    }
}
