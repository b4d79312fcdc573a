//! Literal Nix: an attribute set, or a module whose body is one.
//!
//! Only literals are read. What else stands in the file becomes [`Value::Other`], which says what it is; it is a
//! finding only where a declaration needs the value.

mod attributes;
mod bounds;
mod errors;
mod string;
mod value;

use std::thread;

use super::{BYTE_ORDER_MARK, FileId, Node, Span};
use crate::check::nesting_too_deep::NESTING_TOO_DEEP;
use crate::diagnostic::Diagnostic;

/// Text whose nesting weighs more is parsed on a thread with a stack of its own.
const LIGHT: usize = 64;

/// Enough for the weight that [`bounds`] lets pass, also without optimization.
const STACK: usize = 64 << 20;

/// Reads `text` as Nix.
pub(super) fn read(text: &str, file: FileId) -> (Option<Node<'_>>, Vec<Diagnostic>) {
    let base = if text.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    let text = &text[base..];
    let place = Place { file, base };
    match bounds::weight(text) {
        Err(excess) => (None, vec![excess.finding(place)]),
        Ok(weight) if weight <= LIGHT => value::read(text, place),
        Ok(_) => thread::scope(|scope| {
            let thread = thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, || value::read(text, place));
            let result = thread.ok().and_then(|thread| thread.join().ok());
            result.unwrap_or_else(|| {
                let span = place.span(0, 0);
                (
                    None,
                    vec![Diagnostic::new(
                        &NESTING_TOO_DEEP,
                        span,
                        "nested too deep for this machine's memory",
                    )],
                )
            })
        }),
    }
}

/// From offsets in the text that the parser sees to places in the file.
#[derive(Clone, Copy)]
struct Place {
    file: FileId,
    base: usize,
}

impl Place {
    fn span(self, start: usize, end: usize) -> Span {
        Span::new(self.file, self.base + start, self.base + end)
    }

    fn of(self, range: rnix::TextRange) -> Span {
        self.span(range.start().into(), range.end().into())
    }
}

#[cfg(test)]
mod tests;
