#![allow(clippy::expect_used, clippy::panic, reason = "a test may stop")]

use proptest::prelude::*;

use super::*;
use crate::source::Value;

/// The fast path may stop at anything, but what it gives is what the slow path gives, and that without a finding.
fn agree(text: &str) -> bool {
    let Some(fast) = fast::read(text, FileId(0)) else {
        return false;
    };
    let (slow, findings) = slow::read(text, FileId(0));
    assert!(
        findings.is_empty(),
        "the fast path took a file with mistakes: {text:?}: {findings:?}"
    );
    assert_eq!(
        Some(format!("{fast:?}")),
        slow.map(|slow| format!("{slow:?}")),
        "{text:?}"
    );
    true
}

fn service(index: usize) -> String {
    format!(
        "[services.s{index}]\nenable = true\n\n[[services.s{index}.databases]]\ntype = \"postgresql\"\nname = \"s{index}\"\n\
         extraConfig = {{ work_mem = \"64MB\", list = [1, 2.5] }}\n\n[[services.s{index}.databases]]\nport = 5_432\n\n"
    )
}

#[test]
fn the_way_people_write_services_is_read_fast() {
    let text: String = (0..300).map(service).collect();
    assert!(agree(&text));
    assert!(agree(&format!("\u{feff}{text}")));
    assert!(agree(
        "a = 1\n[services]\n[services.x]\n[services.x.y.z]\n[[l]]\n[l.m]\n[[l.n]]\n[[l.n]]\n[[l]]\n"
    ));
    assert!(agree(&text.replace('\n', "\r\n")));
}

#[test]
fn the_unusual_is_left_to_the_slow_path() {
    for text in [
        "a.b = 1\n",
        "[a.b]\n[a]\n",
        "[a]\n[a]\n",
        "a = 1\na = 2\n",
        "[[a]]\n[a]\n",
        "[a]\n[[a]]\n",
        "a = []\n[[a]]\n",
        "a = { b = 1 }\n[a.c]\n",
        "a = 2026-01-01\n",
        "a = 9223372036854775808\n",
        "a = [\n] [b]\n",
        "a = [\n[b]\n",
        "a = 1 b = 2\n",
        "a = 1\r",
    ] {
        assert!(!agree(text), "{text:?}");
    }
}

#[test]
fn a_header_is_never_cut_from_what_it_stands_in() {
    let filler = "[1, 2, 3],\n".repeat(400);
    assert!(agree(&format!("a = [\n{filler}]\n[b]\n")));
    assert!(!agree(&format!("a = [\n{filler}] [b]\n")));
}

fn findings(text: &str) -> Vec<(String, String, Vec<String>)> {
    let written =
        |span: crate::source::Span| text[span.start as usize..span.end as usize].to_owned();
    let (_, findings) = read(text, FileId(0));
    findings
        .iter()
        .map(|finding| {
            let related = finding
                .related
                .iter()
                .map(|label| format!("{}@{}", written(label.span), label.span.start));
            (
                finding.rule.code.to_owned(),
                finding.message.clone(),
                related.collect(),
            )
        })
        .collect()
}

#[test]
fn a_name_defined_twice_names_both_places() {
    let twice = |name: &str, first: &str| {
        vec![(
            "duplicate-key".to_owned(),
            format!("`{name}` is defined twice"),
            vec![first.to_owned()],
        )]
    };
    assert_eq!(findings("a = 1\na = 2\n"), twice("a", "a@0"));
    assert_eq!(
        findings("[x]\nb = 1\n[y]\nb = 1\nb = 2\n"),
        twice("b", "b@14")
    );
    assert_eq!(
        findings("[services.x]\n[services.'x']\n"),
        twice("x", "[services.x]@0")
    );
    assert_eq!(
        findings("[[d]]\nn = 1\n[[d]]\nn = 1\nn = 2\n"),
        twice("n", "n@18")
    );
    assert_eq!(findings("a = { b = 1, b = 2 }\n"), twice("b", "b@6"));
}

#[test]
fn all_syntax_errors_are_told_and_no_tree_is_given() {
    let (tree, findings) = read("a = \nb = 1\nc = [1,\nd d = 2\n", FileId(0));
    assert!(tree.is_none());
    assert!(findings.len() >= 2, "{findings:?}");
    assert!(
        findings
            .iter()
            .all(|finding| finding.rule.code == "syntax-error")
    );
}

#[test]
fn dates_and_large_numbers_are_told_apart_from_text() {
    let (tree, findings) = read(
        "a = 2026-01-01\nb = 10:00:00\nc = 2026-01-01T10:00:00Z\nd = 1e999\ne = inf\n",
        FileId(0),
    );
    let Some(Value::Table(table)) = tree.map(|node| node.value) else {
        panic!("no tree")
    };
    let kinds: Vec<&str> = table
        .entries
        .iter()
        .map(|entry| entry.node.value.kind())
        .collect();
    assert_eq!(
        kinds,
        [
            "a date",
            "a time",
            "a date and time",
            "a number too large",
            "a float"
        ]
    );
    assert_eq!(
        findings
            .iter()
            .map(|finding| finding.rule.code)
            .collect::<Vec<_>>(),
        ["number-out-of-range"]
    );
}

fn fragment() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "a",
        "b",
        "services",
        "\"a\"",
        "'b'",
        "x.y",
        "\"é\\n\"",
        "",
    ]);
    let value = prop::sample::select(vec![
        "1",
        "-0",
        "0x1F",
        "1_0",
        "1.5",
        "nan",
        "true",
        "\"s\"",
        "'l'",
        "\"\"\"m\n\"\"\"",
        "\"\\u00e9\"",
        "[1, [2]]",
        "[\n1, # c\n]",
        "{ a = 1 }",
        "{ a.b = 1, a.c = 2 }",
        "{ a = 1, a = 2 }",
        "[{ }]",
        "2026-01-01",
        "",
        "[",
        "{",
    ]);
    prop_oneof![
        4 => (key.clone(), value).prop_map(|(key, value)| format!("{key} = {value}\n")),
        2 => (key.clone(), key.clone()).prop_map(|(a, b)| format!("[{a}.{b}]\n")),
        2 => (key.clone(), key.clone()).prop_map(|(a, b)| format!("[[{a}.{b}]]\n")),
        2 => key.clone().prop_map(|key| format!("[{key}]\n")),
        2 => key.prop_map(|key| format!("[[{key}]]\n")),
        1 => prop::sample::select(vec!["\n", "# c\n", "]", " ", "\r", "\u{7f}", "=", "."]).prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_paths_agree_on_random_documents(fragments in prop::collection::vec(fragment(), 0..12)) {
        agree(&fragments.concat());
    }

    #[test]
    fn both_paths_agree_on_mutated_documents(at in any::<prop::sample::Index>(), length in 0usize..6, new in "[\\[\\]{}=.,\"'#\n\r a1-]{0,3}") {
        let mut text: String = (0..3).map(service).collect();
        let start = at.index(text.len());
        text.replace_range(start..(start + length).min(text.len()), &new);
        agree(&text);
    }
}
