//! Two files with four findings between them.

use dbgen::diagnostic::{Diagnostic, OutputFormat, RenderOptions, Rule, Severity, render};
use dbgen::source::{FileId, Format, SourceFile, Sources, Span};

pub static DUPLICATE: Rule = Rule {
    code: "duplicate-database",
    severity: Severity::Error,
    page: " # What it does\n Finds a database that is declared\n twice.\n\n # Why is this bad?\n Only one | can exist.\n\n # Example\n ```toml\n # bad\n [databases.app]\n ```\n",
};
pub static UNKNOWN: Rule = Rule {
    code: "unknown-key",
    severity: Severity::Error,
    page: " ## What it does\n\n Finds a key that does not exist.\n",
};
pub static UNUSED: Rule = Rule {
    code: "unused-role",
    severity: Severity::Warning,
    page: " ## What it does\n\n Finds a role that owns nothing.\n",
};
pub static RULES: [&Rule; 3] = [&UNUSED, &DUPLICATE, &UNKNOWN];

pub const A: &str = "# accounts\n[databases.app]\nowner = \"app\"\ncolation = \"ä\" # naïve\n";
pub const B: &str =
    "{\r\n  \"databases\": {\r\n\t\"app\": {\r\n\t  \"owner\": \"web\"\r\n\t}\r\n  }\r\n}\r\n";

/// A file's text, its name and format.
pub fn add(sources: &mut Sources, name: &str, format: Format, text: &str) -> FileId {
    sources.add(SourceFile {
        name: name.into(),
        text: text.into(),
        format,
    })
}

/// One file.
pub fn one(text: &str) -> (Sources, FileId) {
    let mut sources = Sources::default();
    let file = add(&mut sources, "a.toml", Format::Toml, text);
    (sources, file)
}

/// Where `needle` stands in the file.
pub fn find(sources: &Sources, file: FileId, needle: &str) -> Span {
    let start = sources
        .file(file)
        .text
        .find(needle)
        .expect("the needle is in the text");
    Span::new(file, start, start + needle.len())
}

pub fn findings() -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let a = add(&mut sources, "services/a, 100%.toml", Format::Toml, A);
    let b = add(&mut sources, "services/b.json", Format::Json, B);
    let at = |file, needle| find(&sources, file, needle);
    let findings = vec![
        Diagnostic::new(&UNKNOWN, at(a, "colation"), "unknown key `colation`")
            .label("did you mean `collation`?")
            .help("write `collation`")
            .example("[databases.app]\ncollation = \"C\""),
        Diagnostic::new(
            &UNUSED,
            at(a, "\"ä\""),
            "role `ä` owns nothing: 100% unused",
        ),
        Diagnostic::new(
            &DUPLICATE,
            at(b, "\"app\""),
            "database `app` is declared twice",
        )
        .label("declared again here")
        .related(at(a, "app"), "first declared here")
        .help("rename one of them"),
        Diagnostic::new(
            &DUPLICATE,
            at(b, "{\r\n\t  \"owner\": \"web\"\r\n\t}"),
            "spans three lines",
        )
        .label("all of this"),
    ];
    (sources, findings)
}

pub fn options() -> RenderOptions<'static> {
    RenderOptions {
        color: false,
        rules: &RULES,
        rules_url: Some("https://example.org/rules.md"),
    }
}

pub fn rendered(format: OutputFormat) -> String {
    let (sources, findings) = findings();
    render(format, &findings, &sources, options())
}
