//! Any bytes give findings or a tree: never a panic, in bounded time.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may stop")]

use dbgen::source::{FileId, Format, SourceFile, Sources, Value, load_from, read};
use proptest::prelude::*;

const FORMATS: [Format; 3] = [Format::Toml, Format::Json, Format::Nix];

/// The codes of the findings, and whether there is a tree. Every place lies in the text, on character boundaries.
fn outcome(text: &str, format: Format) -> (Vec<&'static str>, bool) {
    let file = SourceFile {
        name: "x".into(),
        text: text.into(),
        format,
    };
    let (tree, findings) = read(&file, FileId(0));
    for finding in &findings {
        let places = std::iter::once(&finding.primary).chain(&finding.related);
        for span in places.map(|label| label.span) {
            assert!(
                text.get(span.start as usize..span.end as usize).is_some(),
                "{span:?} {finding:?}"
            );
        }
    }
    assert!(
        tree.is_some() || !findings.is_empty(),
        "neither a tree nor a finding: {text:?}"
    );
    assert!(
        tree.as_ref()
            .is_none_or(|tree| matches!(tree.value, Value::Table(_)))
    );
    (
        findings.iter().map(|finding| finding.rule.code).collect(),
        tree.is_some(),
    )
}

fn refused(text: &str, format: Format) {
    let (codes, tree) = outcome(text, format);
    assert!(!tree, "{format:?} {}", &text[..text.len().min(40)]);
    assert!(
        (1..=20).contains(&codes.len()),
        "{format:?}: {} findings",
        codes.len()
    );
}

#[test]
fn a_hundred_thousand_nested_brackets_are_a_finding() {
    let many = 100_000;
    for format in FORMATS {
        for bracket in [
            "[", "{", "(", "{a=", "{\"a\":", "[{", "a.[", "{ a = [", "\"${", "let ", "rec {",
        ] {
            refused(&bracket.repeat(many), format);
        }
    }
    let deep = format!("{}{}", "[".repeat(many), "]".repeat(many));
    assert_eq!(
        outcome(&format!("a = {deep}"), Format::Toml).0.first(),
        Some(&"nesting-too-deep")
    );
    assert_eq!(
        outcome(&format!("{{\"a\":{deep}}}"), Format::Json).0,
        ["nesting-too-deep"]
    );
    assert_eq!(
        outcome(&format!("{{ a = {deep}; }}"), Format::Nix).0,
        ["nesting-too-deep"]
    );
}

#[test]
fn a_quarter_of_a_megabyte_of_one_thing_is_a_finding() {
    let pieces = [
        "a.",
        "a . ",
        "1.",
        "-",
        "- ",
        "!",
        "f ",
        "\"${",
        "a + ",
        "a ++ ",
        "a // ",
        "x: ",
        "with a; ",
        "assert a; ",
        "if a then b else ",
        "} ",
        "] ",
        "- ; ",
        "a.[ x ",
        "{ [ a = f x ",
        "; ",
        ", ",
        "/a",
        "a:",
        "<",
        "a ? ",
        "inherit ",
        "in ",
        "= ",
        "@",
        "''${",
        "{ a ? - , ",
        "a or ",
    ];
    for format in FORMATS {
        for piece in pieces {
            let text = piece.repeat((1 << 18) / piece.len());
            refused(&text, format);
            if format == Format::Nix {
                refused(&format!("{{ a = {text}"), format);
                refused(&format!("{{ a = [ {text}"), format);
                refused(&format!("{{ a = f x [ ( {text}"), format);
            }
        }
    }
}

#[test]
fn a_line_of_ten_megabytes_is_read() {
    let long = "x".repeat(10 << 20);
    assert_eq!(
        outcome(&format!("a = \"{long}\""), Format::Toml),
        (vec![], true)
    );
    assert_eq!(
        outcome(&format!("{{\"a\": \"{long}\"}}"), Format::Json),
        (vec![], true)
    );
    assert_eq!(
        outcome(&format!("{{ a = \"{long}\"; }}"), Format::Nix),
        (vec![], true)
    );
    assert_eq!(
        outcome(
            &format!("{{ {long} = ''{long}''; b = {long}; }}"),
            Format::Nix
        ),
        (vec![], true)
    );
}

#[test]
fn a_hundred_thousand_names_in_one_table_are_found_without_searching_all() {
    let names = 0..100_000;
    let toml: String = names.clone().map(|i| format!("a{i} = 1\n")).collect();
    let headers: String = names
        .clone()
        .map(|i| format!("[services.a{i}]\nx = 1\n"))
        .collect();
    let json: String = names.clone().map(|i| format!("\"a{i}\": 1,")).collect();
    let nix: String = names
        .map(|i| format!("services.a{i}.b = 1; services.a{i}.c = 2;\n"))
        .collect();
    assert_eq!(outcome(&toml, Format::Toml), (vec![], true));
    assert_eq!(outcome(&headers, Format::Toml), (vec![], true));
    assert_eq!(
        outcome(&format!("{{{json}\"b\":1}}"), Format::Json),
        (vec![], true)
    );
    assert_eq!(outcome(&format!("{{{nix}}}"), Format::Nix), (vec![], true));
}

#[test]
fn strict_json_has_no_comments_trailing_commas_or_other_white_space() {
    for text in [
        "{\"a\": 1,}",
        "{\"a\": [1,]}",
        "{\"a\": 1} // c",
        "{'a': 1}",
        "{a: 1}",
        "{\"a\": 0x1}",
        "{\"a\": +1}",
        "{\"a\": .5}",
        "{\"a\": 5.}",
        "{\"a\": 01}",
        "{\"a\": NaN}",
        "{\"a\": \"\n\"}",
        "{\"a\":\u{a0}1}",
        "{\"a\": \"\\x41\"}",
        "{\"a\": 1 \"b\": 2}",
        "{\"a\": \"\\ud800\"}",
        "{\"a\": 1}{}",
        "[]",
        "1",
        "",
        " ",
    ] {
        assert_eq!(
            outcome(text, Format::Json),
            (vec!["syntax-error"], false),
            "{text:?}"
        );
    }
    assert_eq!(
        outcome("{\"a\": 1, \"b\": 2, \"a\": 3}", Format::Json),
        (vec!["duplicate-key"], true)
    );
    assert_eq!(
        outcome("{\"a\": 9223372036854775808, \"b\": 1e999}", Format::Json).0,
        ["number-out-of-range"; 2]
    );
}

#[test]
fn a_byte_order_mark_moves_no_place() {
    for (format, text) in [
        (Format::Toml, "ab = 1"),
        (Format::Json, "{\"ab\": 1}"),
        (Format::Nix, "{ ab = 1; }"),
    ] {
        let text = format!("\u{feff}{text}");
        let file = SourceFile {
            name: "x".into(),
            text: text.clone(),
            format,
        };
        let (Some(tree), _) = read(&file, FileId(0)) else {
            panic!("{format:?}")
        };
        let Value::Table(table) = &tree.value else {
            panic!("{format:?}")
        };
        let span = table.entries[0].key.span;
        assert_eq!(
            text[span.start as usize..span.end as usize].trim_matches('"'),
            "ab"
        );
    }
}

#[test]
fn bytes_that_are_no_text_are_a_finding_with_their_place() {
    let mut sources = Sources::default();
    let loaded = load_from(&mut &b"a = \"\xff\""[..], "x.toml", &mut sources)
        .expect("a stream of bytes is readable");
    let finding = loaded.not_text.expect("0xff is no UTF-8");
    assert_eq!(
        (finding.rule.code, finding.primary.span.start),
        ("not-utf-8", 5)
    );
    for (bytes, encoding) in [
        (&b"a = \"\xfc\""[..], "ISO-8859-1"),
        (b"\xff\xfea\0", "UTF-16"),
        (b"\xfe\xff\0a", "UTF-16"),
    ] {
        let loaded = load_from(&mut &bytes[..], "x.toml", &mut sources).expect("it is readable");
        let finding = loaded.not_text.expect("it is no UTF-8");
        let help =
            format!("save the file as UTF-8, for example with `iconv -f {encoding} -t UTF-8`");
        assert_eq!(finding.help.as_deref(), Some(&*help));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_findings_or_a_tree(bytes in prop::collection::vec(any::<u8>(), 0..60), text in ".{0,60}") {
        for format in FORMATS {
            outcome(&String::from_utf8_lossy(&bytes), format);
            outcome(&text, format);
        }
    }

    #[test]
    fn any_run_of_tokens_gives_findings_or_a_tree(tokens in prop::collection::vec(prop::sample::select(vec![
        "a", "b", ".", "=", ";", ",", "{", "}", "[", "]", "(", ")", "\"", "''", "${", "$", "\\", "\n", " ", "#", "/*",
        "*/", "1", "-", "+", "9223372036854775808", "1e999", "true", "null", "let ", " in ", "with ", "rec ",
        "inherit ", "if ", " then ", " else ", "assert ", " or ", ":", "@", "?", "...", "//", "/", "<", ">", "~", "é",
        "\r", "\u{feff}", "'", "\"\"\"", "'''", "0x", "_", "2026-01-01", "\\u",
    ]), 0..40)) {
        FORMATS.iter().for_each(|format| drop(outcome(&tokens.concat(), *format)));
    }
}
