//! The spanned tree that every reader gives, whatever the format.

use std::borrow::Cow;

use super::Span;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'s> {
    /// What stands there.
    pub value: Value<'s>,
    /// Where. For a TOML table made by a header it is the header, for one made by a dotted key the key.
    pub span: Span,
}

/// What a reader can give.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'s> {
    /// JSON's and Nix's `null`; TOML has none.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of 64 bits.
    Integer(i64),
    /// A floating point number.
    Float(f64),
    /// A string, unescaped.
    String(Cow<'s, str>),
    /// A list.
    List(Vec<Node<'s>>),
    /// A table (TOML), object (JSON) or attribute set (Nix).
    Table(Table<'s>),
    /// Something of the format that is no literal of the shared form: what it is, as a noun with its article
    /// ("a date", "a function call", "a path"). It is a finding only where dbgen needs the value.
    Other(&'static str),
}

/// Entries in the order in which they were written; no name twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table<'s> {
    /// The entries.
    pub entries: Vec<Entry<'s>>,
}

/// One name with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<'s> {
    /// The name.
    pub key: Key<'s>,
    /// The value.
    pub node: Node<'s>,
}

/// A name in a table, and where it was (first) written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key<'s> {
    /// The name, unquoted.
    pub name: Cow<'s, str>,
    /// Its place, quotes included.
    pub span: Span,
}

impl<'s> Table<'s> {
    /// The entry of that name.
    pub fn get(&self, name: &str) -> Option<&Entry<'s>> {
        self.entries.iter().find(|entry| entry.key.name == name)
    }

    /// The same to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Entry<'s>> {
        self.entries.iter_mut().find(|entry| entry.key.name == name)
    }
}

impl Value<'_> {
    /// What kind of value this is, as a noun with its article: "a string".
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a float",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(kind) => kind,
        }
    }
}
