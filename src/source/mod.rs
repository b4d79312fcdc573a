//! Finding and reading files; one reader per format into one spanned tree.

mod discover;
mod json;
mod mask;
mod names;
mod nix;
mod position;
mod read;
mod toml;
mod tree;

pub use discover::{
    Included, Loaded, ReadError, find, include, is_rendered, load, load_declarations, load_from,
};
pub use position::{Lines, Position};
pub use read::{TOO_LARGE, read};
pub use tree::{Entry, Key, Node, Table, Value};

/// U+FEFF, which some editors write at the start of a file. It belongs to no format's text, but keeps its bytes.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The largest file that is read, in bytes.
pub const LARGEST_FILE: usize = 64 << 20;

/// A file among the [`Sources`] of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A half-open range of bytes in one source file. Orders by file, then by offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file that the range lies in.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end` (byte offsets) of `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        Span {
            file,
            start: start as u32,
            end: end as u32,
        }
    }
}

/// A value together with the place where a person wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// `value`, written at `span`.
    pub fn new(value: T, span: Span) -> Spanned<T> {
        Spanned { value, span }
    }
}

/// How a declaration file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// TOML 1.1.
    Toml,
    /// JSON (RFC 8259).
    Json,
    /// Literal Nix.
    Nix,
}

/// One source file: its name as shown to the user, and its text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as the user gave it, with `/` between its parts; for stdin the value of `--stdin-filename`.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// The format, by the name's ending.
    pub format: Format,
}

/// All files of one run, in the order of their names.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
    lines: Vec<position::LazyLines>,
}

impl Sources {
    /// Adds a file. Its text must be shorter than 4 GiB.
    pub fn add(&mut self, file: SourceFile) -> FileId {
        self.files.push(file);
        self.lines.push(position::LazyLines::new());
        FileId((self.files.len() - 1) as u32)
    }

    /// The file of that id.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The text at a place; empty when there is none.
    pub fn text(&self, span: Span) -> &str {
        let file = self.files.get(span.file.0 as usize);
        let text = file.and_then(|file| file.text.get(span.start as usize..span.end as usize));
        text.unwrap_or_default()
    }

    /// All files with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(i, file)| (FileId(i as u32), file))
    }
}
