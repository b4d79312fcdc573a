//! For a person: each finding with its places in their text, what to do, and a summary at the end.

use std::fmt::Write as _;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Padding, Renderer, Snippet};
use anstream::adapter::strip_str;

use super::escape::{visible, visible_lines};
use super::excerpt::{Excerpt, Mark, excerpts};
use super::place::Places;
use super::{Diagnostic, RenderOptions, Severity, summary};

pub(super) fn render(
    diagnostics: &[Diagnostic],
    places: &Places<'_>,
    options: RenderOptions<'_>,
) -> String {
    let renderer = if options.color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for found in diagnostics {
        finding(&mut out, found, places, &renderer);
    }
    if let Some(summary) = summary(diagnostics) {
        let _ = writeln!(out, "{summary}");
    }
    out
}

fn finding(out: &mut String, found: &Diagnostic, places: &Places<'_>, renderer: &Renderer) {
    let level = match found.rule.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let related = found.related.iter().map(|label| (label, false));
    let marks = std::iter::once((&found.primary, true))
        .chain(related)
        .map(|(label, primary)| Mark {
            place: places.place(label.span),
            text: &label.text,
            primary,
        });
    let excerpts = excerpts(marks.collect());
    let title = level
        .primary_title(visible(&found.message))
        .id(found.rule.code);
    let mut group = Group::with_title(title);
    for (number, excerpt) in excerpts.iter().enumerate() {
        if number > 0 {
            group = group.element(Padding);
        }
        group = group.element(origin(excerpt)).element(snippet(excerpt));
    }
    if let Some(help) = &found.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    for line in renderer
        .render(&[group])
        .lines()
        .filter(|line| !is_empty_origin(line))
    {
        let _ = writeln!(out, "{line}");
    }
    if let Some(example) = &found.example {
        out.push('\n');
        for line in visible_lines(example) {
            let _ = writeln!(out, "{}", format!("        {line}").trim_end());
        }
    }
    out.push('\n');
}

/// Where an excerpt is. Said here and not by the snippet, which would count the columns of a cut line.
fn origin(excerpt: &Excerpt<'_>) -> Origin<'static> {
    let at = excerpt.at;
    Origin::path(visible(at.file.name))
        .line(at.start.line)
        .char_column(at.start.column)
}

/// annotate-snippets announces a snippet that has no path of its own with an empty `:::`. No other line consists of
/// that: source lines begin with their number, messages with their level.
fn is_empty_origin(line: &str) -> bool {
    line.contains(":::") && strip_str(line).to_string().trim() == ":::"
}

fn snippet<'e>(excerpt: &'e Excerpt<'_>) -> Snippet<'e, annotate_snippets::Annotation<'e>> {
    let annotations = excerpt.marks.iter().map(|(range, text, primary)| {
        let kind = if *primary {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let annotation = kind.span(range.clone());
        if text.is_empty() {
            annotation
        } else {
            annotation.label(visible(text))
        }
    });
    Snippet::source(excerpt.text.as_str())
        .line_start(excerpt.first_line)
        .annotations(annotations)
}
