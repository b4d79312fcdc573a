//! From byte offsets to lines and columns, in constant time for each offset however long the line is.

/// Bytes between two checkpoints: one more count for each lookup is at most this much text.
const STRIDE: usize = 1024;

/// A place as a person counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in Unicode code points; a byte order mark is not counted.
    pub column: usize,
    /// From 0, in bytes; on a character boundary.
    pub offset: usize,
}

/// Where the lines of a text begin, and how many characters come before every [`STRIDE`]th byte.
#[derive(Debug)]
pub(super) struct LineIndex {
    line_starts: Vec<usize>,
    characters_before: Vec<usize>,
}

impl LineIndex {
    /// Reads the text once.
    pub fn new(text: &str) -> LineIndex {
        let after_bom = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        let mut line_starts = vec![after_bom];
        line_starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        let mut characters_before = Vec::with_capacity(text.len() / STRIDE + 1);
        let mut characters = 0;
        for chunk in text.as_bytes().chunks(STRIDE) {
            characters_before.push(characters);
            characters += count_characters(chunk);
        }
        if text.len().is_multiple_of(STRIDE) {
            characters_before.push(characters);
        }
        LineIndex {
            line_starts,
            characters_before,
        }
    }

    /// The line (from 0) in which `offset` lies.
    pub fn line(&self, offset: usize) -> usize {
        self.line_starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    /// The range of bytes of that line (from 0), without its line break and the byte order mark.
    pub fn line_range(&self, text: &str, line: usize) -> std::ops::Range<usize> {
        let start = self.line_starts.get(line).copied().unwrap_or(text.len());
        let Some(next) = self.line_starts.get(line + 1) else {
            return start..text.len();
        };
        let end = next - 1;
        let cr = end > start && text.as_bytes()[end - 1] == b'\r';
        start..end - usize::from(cr)
    }

    /// The position of `offset`, taken back to the nearest character boundary within the text.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let offset = floor_boundary(text, offset);
        let line = self.line(offset);
        let start = self.line_starts.get(line).copied().unwrap_or(0).min(offset);
        let column = self.characters_before(text, offset) - self.characters_before(text, start) + 1;
        Position {
            line: line + 1,
            column,
            offset,
        }
    }

    fn characters_before(&self, text: &str, offset: usize) -> usize {
        let checkpoint = offset / STRIDE;
        let before = self.characters_before.get(checkpoint).copied().unwrap_or(0);
        before + count_characters(&text.as_bytes()[checkpoint * STRIDE..offset])
    }
}

/// The nearest character boundary at or before `offset`. (The standard library's own is newer than this crate's
/// oldest Rust.)
pub(super) fn floor_boundary(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// The nearest character boundary at or after `offset`.
pub(super) fn ceil_boundary(text: &str, offset: usize) -> usize {
    (offset..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}

/// Characters that begin in `bytes`: all but the continuation bytes of UTF-8.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str, offset: usize) -> (usize, usize) {
        let position = LineIndex::new(text).position(text, offset);
        (position.line, position.column)
    }

    #[test]
    fn columns_count_characters_from_one() {
        assert_eq!(at("ä=ö\r\nb", 0), (1, 1));
        assert_eq!(at("ä=ö\r\nb", 3), (1, 3));
        assert_eq!(at("ä=ö\r\nb", 7), (2, 1));
    }

    #[test]
    fn an_offset_within_a_character_is_taken_back_and_one_behind_the_text_to_its_end() {
        assert_eq!(at("äb", 1), (1, 1));
        assert_eq!(at("äb", 99), (1, 3));
        assert_eq!(at("a\n", 2), (2, 1));
        assert_eq!(at("", 0), (1, 1));
    }

    #[test]
    fn the_byte_order_mark_is_not_counted() {
        assert_eq!(at("\u{feff}ab", 0), (1, 1));
        assert_eq!(at("\u{feff}ab", 3), (1, 1));
        assert_eq!(at("\u{feff}ab", 4), (1, 2));
    }

    #[test]
    fn a_line_is_shown_without_its_line_break() {
        let text = "\u{feff}a\r\n\nb";
        let index = LineIndex::new(text);
        let lines: Vec<&str> = (0..4)
            .map(|line| &text[index.line_range(text, line)])
            .collect();
        assert_eq!(lines, ["a", "", "b", ""]);
    }

    proptest! {
        #[test]
        fn the_index_agrees_with_counting(text in "([aä日🦀\n]|\r\n){0,3000}", offset in 0usize..9000) {
            let offset = floor_boundary(&text, offset);
            let before = &text[..offset];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            prop_assert_eq!(at(&text, offset), (line, column));
        }
    }
}
