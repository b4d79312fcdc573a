//! The place of a part of a string.

use std::ops::Range;

use super::Scope;
use crate::declaration::Text;
use crate::source::Span;

/// Where the bytes `part` of a string stand. Where the string is written with escapes its bytes can't be told apart in
/// the source, and the whole string is the place.
pub fn of_part(scope: &Scope, text: &Text, part: Range<usize>) -> Span {
    let span = text.span;
    let source = &scope.sources().file(span.file).text;
    let Some(written) = source.get(span.start as usize..span.end as usize) else {
        return span;
    };
    let quote = (written.len().saturating_sub(text.value.len())) / 2;
    if written.get(quote..written.len() - quote) != Some(&*text.value) {
        return span;
    }
    let start = span.start as usize + quote;
    Span::new(span.file, start + part.start, start + part.end)
}
