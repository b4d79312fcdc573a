//! From byte offsets to lines and columns.

use std::sync::OnceLock;

use super::{FileId, Sources};

/// Bytes between two remembered counts: bounds the work for one column also on a line of many megabytes.
const BLOCK: usize = 4096;

/// A place for people and tools. All numbers count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line; `\n` ends one.
    pub line: usize,
    /// The column in characters (Unicode scalar values); a byte order mark takes none.
    pub column: usize,
    /// The column in UTF-16 code units, as SARIF and the language server protocol count.
    pub column_utf16: usize,
}

/// Where the lines of one text begin.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<u32>,
    /// Characters and UTF-16 code units before each block.
    blocks: Vec<(u32, u32)>,
}

impl Lines {
    /// The lines of `text`.
    pub fn new(text: &str) -> Lines {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0)
            .chain(newlines.map(|(i, _)| i as u32 + 1))
            .collect();
        let mut blocks = Vec::with_capacity(text.len() / BLOCK + 1);
        let mut before = (0, 0);
        for block in text.as_bytes().chunks(BLOCK) {
            blocks.push(before);
            before = add(before, count(block));
        }
        blocks.push(before);
        Lines { starts, blocks }
    }

    /// The position of byte `offset` of `text`, the text that the lines were made from. An offset after the end
    /// counts as the end, one inside of a character as the next character.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let offset = offset.min(text.len());
        let line = self
            .starts
            .partition_point(|start| *start as usize <= offset);
        let start = self
            .starts
            .get(line.wrapping_sub(1))
            .map_or(0, |start| *start as usize);
        let (from, to) = (self.before(text, start), self.before(text, offset));
        let mark = u32::from(line == 1 && offset > 0 && text.starts_with(super::BYTE_ORDER_MARK));
        Position {
            line,
            column: (to.0 - from.0 - mark) as usize + 1,
            column_utf16: (to.1 - from.1 - mark) as usize + 1,
        }
    }

    fn before(&self, text: &str, offset: usize) -> (u32, u32) {
        let block = offset / BLOCK;
        add(
            self.blocks[block],
            count(&text.as_bytes()[block * BLOCK..offset]),
        )
    }
}

/// Characters and UTF-16 code units whose first byte is among `bytes`.
fn count(bytes: &[u8]) -> (u32, u32) {
    let characters = bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count() as u32;
    let pairs = bytes.iter().filter(|byte| **byte >= 0xF0).count() as u32;
    (characters, characters + pairs)
}

fn add(a: (u32, u32), b: (u32, u32)) -> (u32, u32) {
    (a.0 + b.0, a.1 + b.1)
}

/// The lines of one of the [`Sources`], made when first asked for.
pub(super) type LazyLines = OnceLock<Lines>;

impl Sources {
    /// Where byte `offset` of that file is, in lines and columns.
    pub fn position(&self, id: FileId, offset: u32) -> Position {
        let text = &self.file(id).text;
        self.lines[id.0 as usize]
            .get_or_init(|| Lines::new(text))
            .position(text, offset as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, offset: usize) -> (usize, usize, usize) {
        let position = Lines::new(text).position(text, offset);
        (position.line, position.column, position.column_utf16)
    }

    #[test]
    fn lines_and_columns_count_from_one_in_characters_and_in_utf_16() {
        assert_eq!(at("", 0), (1, 1, 1));
        assert_eq!(at("a\nb", 2), (2, 1, 1));
        assert_eq!(at("a\n", 2), (2, 1, 1));
        assert_eq!(at("é😀x", 6), (1, 3, 4));
        assert_eq!(at("a\r\nb", 3), (2, 1, 1));
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        assert_eq!(at("\u{feff}a", 3), (1, 1, 1));
        assert_eq!(at("\u{feff}a\nb", 5), (2, 1, 1));
    }

    #[test]
    fn every_offset_of_a_long_text_agrees_with_counting() {
        let text = "aé😀\nß\n".repeat(3000);
        let lines = Lines::new(&text);
        for (offset, _) in text.char_indices().step_by(7) {
            let start = text[..offset].rfind('\n').map_or(0, |i| i + 1);
            let position = lines.position(&text, offset);
            assert_eq!(position.line, text[..offset].matches('\n').count() + 1);
            assert_eq!(position.column, text[start..offset].chars().count() + 1);
            assert_eq!(
                position.column_utf16,
                text[start..offset].encode_utf16().count() + 1
            );
        }
    }
}
