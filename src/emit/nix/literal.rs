//! The values that a module may hold: data, and a closed set of safe references.

use std::fmt;
use std::sync::Arc;

use super::text::check;
pub use super::text::{ContainsNul, Text};
use super::write::{write_binding, write_value};

/// A Nix value that has one written form. There is no way to make one from Nix source text, and Nix's floats are
/// left out on purpose: they do not come back with the digits they were written with.
///
/// Cloning is cheap: strings, lists and sets are shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A signed 64-bit integer, Nix's only integer type.
    Int(i64),
    /// A string, always written between double quotes on one line.
    Str(Text),
    /// A list, in the order given.
    List(Arc<[Literal]>),
    /// The lines of a text, each ended by a line break, as a list of strings without the line breaks.
    Lines(Arc<String>),
    /// An attribute set, in the byte order of its names, which are all different.
    Attrs(Arc<[(Text, Literal)]>),
    /// An attribute set whose values are made when they are written.
    Deferred(Deferred),
    /// A value that the NixOS evaluation supplies, such as the path of a secret.
    Reference(Reference),
    /// A function from a package set to a list of its packages: `ps: [ ps.pgvector ]`.
    Packages(Arc<[Text]>),
}

/// A set that is so large that its values should not all be in memory at the same time.
#[derive(Debug, Clone)]
pub struct Deferred(pub(super) Arc<dyn Entries>);

impl PartialEq for Deferred {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Deferred {}

/// The entries of a [`Deferred`] set, in the byte order of their names, which are all different.
pub trait Entries: fmt::Debug + Send + Sync {
    /// All names.
    fn names(&self) -> Box<dyn Iterator<Item = &Text> + '_>;

    /// The place of a name among them.
    fn find(&self, name: &str) -> Option<usize>;

    /// The value of the entry at that place.
    ///
    /// # Errors
    /// When a string of it holds U+0000.
    fn value(&self, at: usize) -> Result<Literal, ContainsNul>;
}

/// An attribute path below one of the module's own arguments, such as `config.sops.secrets."x".path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub(super) root: Root,
    pub(super) path: Arc<[Text]>,
}

/// The module arguments that a [`Reference`] may start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// `config`
    Config,
    /// `lib`
    Lib,
    /// `pkgs`
    Pkgs,
}

impl Root {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Lib => "lib",
            Self::Pkgs => "pkgs",
        }
    }
}

impl Reference {
    /// The attribute `path` below `root`; names that need quotes get them.
    pub fn new(root: Root, path: impl IntoIterator<Item = Text>) -> Self {
        Self {
            root,
            path: path.into_iter().collect(),
        }
    }
}

impl Literal {
    /// A string.
    ///
    /// # Errors
    /// When `text` holds U+0000.
    pub fn text(text: &str) -> Result<Self, ContainsNul> {
        Text::try_from(text).map(Self::Str)
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Literal>) -> Self {
        Self::List(items.into_iter().collect())
    }

    /// A list of strings: the lines of a text. What stands behind its last line break is a line too.
    ///
    /// # Errors
    /// When `text` holds U+0000.
    pub fn lines(mut text: String) -> Result<Self, ContainsNul> {
        check(&text)?;
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        Ok(Self::Lines(Arc::new(text)))
    }

    /// An attribute set; of two equal names the later one stays.
    pub fn attrs(entries: impl IntoIterator<Item = (Text, Literal)>) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        if !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            entries.dedup_by(|later, first| {
                let equal = later.0 == first.0;
                if equal {
                    std::mem::swap(later, first);
                }
                equal
            });
        }
        Self::Attrs(entries.into())
    }

    /// An attribute set whose values are made when they are written.
    pub fn deferred(entries: impl Entries + 'static) -> Self {
        Self::Deferred(Deferred(Arc::new(entries)))
    }

    /// A function from a package set to the packages of these names.
    pub fn packages(names: impl IntoIterator<Item = Text>) -> Self {
        Self::Packages(names.into_iter().collect())
    }

    /// Writes the value as an operand: what is written keeps its meaning as an element of a list and as an argument.
    /// `indent` is the indentation, in columns, of the line on which the value begins; the text has no line break
    /// unless [`spans_lines`](Self::spans_lines).
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write<W: fmt::Write + ?Sized>(&self, out: &mut W, indent: usize) -> fmt::Result {
        write_value(out, self, indent, true)
    }

    /// Writes `name = value;` without a line break after it, as nixfmt (RFC 166) lays it out at `indent` columns.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write_binding<W: fmt::Write + ?Sized>(
        &self,
        out: &mut W,
        name: &Text,
        indent: usize,
    ) -> fmt::Result {
        write_binding(out, name, self, indent)
    }

    /// Whether the written form has more than one line.
    pub fn spans_lines(&self) -> bool {
        match self {
            Self::List(items) => !items.is_empty(),
            Self::Lines(text) => !text.is_empty(),
            Self::Attrs(entries) => !entries.is_empty(),
            Self::Deferred(set) => set.0.names().next().is_some(),
            Self::Packages(names) => !names.is_empty(),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Str(_) | Self::Reference(_) => false,
        }
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Literal {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u16> for Literal {
    fn from(value: u16) -> Self {
        Self::Int(value.into())
    }
}

impl From<Text> for Literal {
    fn from(value: Text) -> Self {
        Self::Str(value)
    }
}

impl From<Reference> for Literal {
    fn from(value: Reference) -> Self {
        Self::Reference(value)
    }
}
