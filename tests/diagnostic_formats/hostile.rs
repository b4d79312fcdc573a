//! Input that is made to confuse a terminal, a log or the renderers.

use clap::ValueEnum;
use dbgen::diagnostic::{Diagnostic, OutputFormat, RenderOptions, render};
use dbgen::source::{FileId, Format, Sources, Span};
use proptest::prelude::*;

use crate::fixture::{RULES, UNKNOWN, add};

const HOSTILE: &str = "\x1b[2J\x07\u{9b}31m\u{202e}\u{2066}\u{2028}\u{2029}\u{85}\u{7f}\u{200f}\u{feff}\u{e0041}\0\x08\r\u{ad}";

fn is_raw(c: char) -> bool {
    c != '\n' && (c.is_control() || HOSTILE.replace("[2J", "").replace("31m", "").contains(c))
}

#[test]
fn no_format_prints_a_hostile_character_as_it_is() {
    let mut sources = Sources::default();
    let text = format!("{HOSTILE}key{HOSTILE} = 1\n{HOSTILE}");
    let file = add(
        &mut sources,
        &format!("a{HOSTILE}.toml"),
        Format::Toml,
        &text,
    );
    let all = Span::new(file, 0, text.len());
    let key = Span::new(file, HOSTILE.len(), HOSTILE.len() + 3);
    let found = Diagnostic::new(&UNKNOWN, key, format!("message {HOSTILE}"))
        .label(format!("label {HOSTILE}"))
        .related(all, format!("related {HOSTILE}"))
        .help(format!("help {HOSTILE}"))
        .example(format!("example {HOSTILE}\n{HOSTILE}"));
    for format in OutputFormat::value_variants() {
        let shown = render(
            *format,
            std::slice::from_ref(&found),
            &sources,
            RenderOptions::default(),
        );
        let raw: Vec<char> = shown.chars().filter(|c| is_raw(*c)).collect();
        assert!(raw.is_empty(), "{format:?} prints {raw:?}");
    }
}

#[test]
fn a_span_of_no_known_file_is_shown_without_text() {
    let found = Diagnostic::new(&UNKNOWN, Span::new(FileId(7), 3, 9), "found");
    let text = render(
        OutputFormat::Concise,
        &[found],
        &Sources::default(),
        RenderOptions::default(),
    );
    assert_eq!(text, "<unknown>:1:1: error[unknown-key]: found\n");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "([a\tä日🦀e\u{301}\u{200d}\u{202e}\x1b\u{9b}\r\n{}]|\r\n| = 1\n){0,60}",
        "[aä日\t]{0,400}",
    ]
}

fn span() -> impl Strategy<Value = Span> {
    (0u32..3, 0u32..500, 0u32..500).prop_map(|(file, start, end)| Span {
        file: FileId(file),
        start,
        end,
    })
}

fn diagnostic() -> impl Strategy<Value = Diagnostic> {
    let label = || (span(), text());
    (
        label(),
        text(),
        prop::collection::vec(label(), 0..4),
        any::<Option<String>>(),
        text(),
    )
        .prop_map(|((span, label), message, related, help, example)| {
            let mut found = Diagnostic::new(&UNKNOWN, span, message)
                .label(label)
                .example(example);
            found.help = help;
            related
                .into_iter()
                .fold(found, |found, (span, text)| found.related(span, text))
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_finding_over_any_text_is_rendered(
        texts in prop::collection::vec(text(), 2),
        findings in prop::collection::vec(diagnostic(), 0..3),
        color in any::<bool>(),
    ) {
        let mut sources = Sources::default();
        for text in &texts {
            add(&mut sources, "a.nix", Format::Nix, text);
        }
        for format in OutputFormat::value_variants() {
            let options = RenderOptions { color, rules: &RULES, rules_url: None };
            let shown = render(*format, &findings, &sources, options);
            if matches!(format, OutputFormat::Json | OutputFormat::Sarif) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&shown).is_ok(), "{}", shown);
            }
            if matches!(format, OutputFormat::Concise | OutputFormat::Github) {
                prop_assert_eq!(shown.lines().count(), findings.len());
            }
            if !(color && *format == OutputFormat::Human) {
                prop_assert_eq!(shown.chars().find(|c| is_raw(*c)), None, "{:?}", format);
            }
        }
    }
}
