//! One entrance to the readers of all formats.

use super::{FileId, Format, Node, SourceFile, Span, Value, json, nix, toml};
use crate::check::{
    duplicate_key::DUPLICATE_KEY, number_out_of_range::NUMBER_OUT_OF_RANGE,
    syntax_error::SYNTAX_ERROR,
};
use crate::diagnostic::Diagnostic;

/// Reads a file of any format into the one tree, and tells every mistake that stands in the way.
///
/// The root is always a table. With a syntax error there is no tree; with other findings (a duplicate key, a
/// number out of range) there is one, which holds the first of two values and [`Value::Other`](super::Value::Other)
/// in place of the number.
pub fn read(file: &SourceFile, id: FileId) -> (Option<Node<'_>>, Vec<Diagnostic>) {
    match file.format {
        Format::Toml => toml::read(&file.text, id),
        Format::Json => json::read(&file.text, id),
        Format::Nix => nix::read(&file.text, id),
    }
}

/// Lets only a table pass as the top of a file.
pub(super) fn table_only<'s>(node: Node<'s>, findings: &mut Vec<Diagnostic>) -> Option<Node<'s>> {
    if matches!(node.value, Value::Table(_)) {
        return Some(node);
    }
    let message = format!(
        "expected a table at the top of the file, found {}",
        node.value.kind()
    );
    let start = node.span.start;
    let span = Span {
        end: node.span.end.min(start + 1),
        ..node.span
    };
    let help = "the file holds `services`, a table with one entry for each service";
    findings.push(Diagnostic::new(&SYNTAX_ERROR, span, message).help(help));
    None
}

/// `name` stands at `second` though it has a value since `first`.
pub(super) fn duplicate(name: &str, second: Span, first: Span) -> Diagnostic {
    duplicate_alone(name, second).related(first, "first defined here")
}

/// `name` stands at `second` though it has a value, it is not known since where.
pub(super) fn duplicate_alone(name: &str, second: Span) -> Diagnostic {
    Diagnostic::new(&DUPLICATE_KEY, second, format!("`{name}` is defined twice"))
        .label("defined again here")
        .help("keep one of the two")
}

/// What stands in the place of a number that the reader has told of.
pub const TOO_LARGE: &str = "a number too large";

/// A finding for the number at `span`, and what stands in its place.
pub(super) fn too_large<'s>(span: Span, findings: &mut Vec<Diagnostic>) -> Value<'s> {
    findings.push(
        Diagnostic::new(
            &NUMBER_OUT_OF_RANGE,
            span,
            "this number does not fit in 64 bits",
        )
        .help(format!("integers go from {} to {}", i64::MIN, i64::MAX)),
    );
    Value::Other(TOO_LARGE)
}
