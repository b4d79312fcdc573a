//! The pages of the rules: one for `dbgen explain`, all of them as a document.

use std::fmt::Write as _;

use super::Rule;

/// What `dbgen explain CODE` prints: the rule's Markdown under its code and severity.
pub fn page(rule: &Rule) -> String {
    format!(
        "# {} ({})\n\n{}\n",
        rule.code,
        rule.severity.as_str(),
        at_level(&body(rule), 2)
    )
}

/// The pages of all rules as one Markdown document with a table of contents, by code.
pub fn all_pages(rules: &[&Rule]) -> String {
    let mut rules = rules.to_vec();
    rules.sort_by_key(|rule| rule.code);
    let mut out = String::from(
        "# Rules\n\nWhat dbgen finds in declarations. `dbgen explain CODE` prints one of these pages.\n\n\
         | rule | severity | what it finds |\n| --- | --- | --- |\n",
    );
    for rule in &rules {
        let (code, severity) = (rule.code, rule.severity.as_str());
        let what = first_paragraph(rule).replace('|', "\\|");
        let _ = writeln!(out, "| [{code}](#{code}) | {severity} | {what} |");
    }
    for rule in &rules {
        let severity = rule.severity.as_str();
        let _ = write!(
            out,
            "\n## {}\n\nSeverity: {severity}\n\n{}\n",
            rule.code,
            at_level(&body(rule), 3)
        );
    }
    out
}

/// The page as it was written, without the space that a doc comment has before each line.
pub(super) fn body(rule: &Rule) -> String {
    let lines: Vec<&str> = rule
        .page
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    lines.join("\n").trim().to_string()
}

/// The first paragraph that is no heading, on one line.
pub(super) fn first_paragraph(rule: &Rule) -> String {
    let body = body(rule);
    let lines = body
        .lines()
        .skip_while(|line| line.is_empty() || line.starts_with('#'));
    lines
        .take_while(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text with its headings moved so that the highest is of `level`; code blocks stay as they are.
fn at_level(text: &str, level: usize) -> String {
    let highest = headings(text).flatten().min().unwrap_or(level);
    let moved = text
        .lines()
        .zip(headings(text))
        .map(|(line, heading)| match heading {
            Some(depth) => format!("{}{}", "#".repeat(depth - highest + level), &line[depth..]),
            None => line.to_string(),
        });
    moved.collect::<Vec<_>>().join("\n")
}

/// For each line the depth of the heading that it is.
fn headings(text: &str) -> impl Iterator<Item = Option<usize>> {
    text.lines().scan(false, |in_code, line| {
        if line.starts_with("```") {
            *in_code = !*in_code;
        }
        let depth = line.bytes().take_while(|byte| *byte == b'#').count();
        let heading = !*in_code && depth > 0 && line.as_bytes().get(depth) == Some(&b' ');
        Some(heading.then_some(depth))
    })
}
