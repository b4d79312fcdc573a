//! One type for everything that dbgen tells about declarations, and one renderer per output format.

pub mod color;
mod concise;
mod escape;
mod excerpt;
mod github;
mod human;
mod json;
pub mod page;
pub mod phrase;
mod place;
mod position;
mod render;
mod rule;
mod sarif;
mod summary;

pub(crate) use escape::{visible, visible_lines};
pub use json::to_string as json_document;
pub use render::{OutputFormat, RenderOptions, render};
pub use rule::Rule;
pub(crate) use rule::rule;
pub use summary::summary;

use crate::source::Span;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is rendered.
    Error,
    /// The module is rendered; `--deny-warnings` makes it an error.
    Warning,
}

impl Severity {
    /// The word shown to a person.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// A place with a few words about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is to be seen there; may be empty.
    pub text: String,
}

/// One finding. Lower case, no full stop; the message makes sense without the labels.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// What is wrong, on one line.
    pub message: String,
    /// Where.
    pub primary: Label,
    /// Other places that belong to it.
    pub related: Vec<Label>,
    /// How to mend it, in one or a few sentences.
    pub help: Option<String>,
    /// What the mended place would look like, in the file's own format; several lines allowed.
    pub example: Option<String>,
}

impl Diagnostic {
    /// A finding of `rule` at `span`.
    pub fn new(rule: &'static Rule, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            rule,
            message: message.into(),
            primary: Label {
                span,
                text: String::new(),
            },
            related: Vec::new(),
            help: None,
            example: None,
        }
    }

    /// Says a few words at the primary place.
    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        self.primary.text = text.into();
        self
    }

    /// Adds another place.
    pub fn related(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.related.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Says how to mend it.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Shows what the mended place would look like.
    pub fn example(mut self, example: impl Into<String>) -> Diagnostic {
        self.example = Some(example.into());
        self
    }
}

/// The order in which findings are shown: by place, then by rule and message, so that it does not depend on the
/// order in which the rules ran.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| {
        (a.primary.span, a.rule.code, &a.message).cmp(&(b.primary.span, b.rule.code, &b.message))
    });
}
