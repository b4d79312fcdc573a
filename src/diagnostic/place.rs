//! The place of a label: file, start and end as every format shows them.

use std::cell::OnceCell;

use super::position::{LineIndex, Position, ceil_boundary};
use crate::source::{Sources, Span};

/// A file with its index of lines, which is built when the first finding lies in it.
#[derive(Debug)]
pub(super) struct IndexedFile<'s> {
    /// The name as the user gave it.
    pub name: &'s str,
    /// The whole text.
    pub text: &'s str,
    index: OnceCell<LineIndex>,
}

impl<'s> IndexedFile<'s> {
    fn new(name: &'s str, text: &'s str) -> IndexedFile<'s> {
        IndexedFile {
            name,
            text,
            index: OnceCell::new(),
        }
    }

    /// The index of lines.
    pub fn index(&self) -> &LineIndex {
        self.index.get_or_init(|| LineIndex::new(self.text))
    }
}

/// Where a label lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    /// The file.
    pub file: &'p IndexedFile<'p>,
    /// The first character.
    pub start: Position,
    /// After the last character; never before `start`.
    pub end: Position,
}

/// The files of one run.
#[derive(Debug)]
pub(super) struct Places<'s> {
    files: Vec<IndexedFile<'s>>,
    /// Stands in for a file that is not among the sources.
    unknown: IndexedFile<'s>,
}

impl<'s> Places<'s> {
    /// Reads no text yet.
    pub fn new(sources: &'s Sources) -> Places<'s> {
        Places {
            files: sources
                .iter()
                .map(|(_, file)| IndexedFile::new(&file.name, &file.text))
                .collect(),
            unknown: IndexedFile::new("<unknown>", ""),
        }
    }

    /// The place of `span`, moved to character boundaries within its file.
    pub fn place(&self, span: Span) -> Place<'_> {
        let file = self
            .files
            .get(span.file.0 as usize)
            .unwrap_or(&self.unknown);
        let start = file.index().position(file.text, span.start as usize);
        let end = ceil_boundary(file.text, span.end as usize).max(start.offset);
        Place {
            file,
            start,
            end: file.index().position(file.text, end),
        }
    }
}
