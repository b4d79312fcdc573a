//! Lenient access to the fields of a table: what is missing or of the wrong kind gives nothing, because
//! [`conform`](super::conform) has told of it already.

use super::{Preload, Setting, SettingValue, Text, Token, Tokens};
use crate::source::{Node, Span, Spanned, Table, Value};

/// The fields of one table.
#[derive(Clone, Copy)]
pub struct Fields<'t, 's> {
    table: &'t Table<'s>,
    /// The place of the whole table.
    pub span: Span,
}

/// Collects into exactly the room that is needed when nothing is missing: there are many short lists of large items.
fn gather<'t, I, T>(items: &'t [I], read: impl Fn(&'t I) -> Option<T>) -> Vec<T> {
    let mut read_items = Vec::with_capacity(items.len());
    read_items.extend(items.iter().filter_map(read));
    read_items
}

pub fn text(node: &Node) -> Option<Text> {
    match &node.value {
        Value::String(string) => Some(Spanned::new(string.as_ref().into(), node.span)),
        _ => None,
    }
}

impl<'t, 's> Fields<'t, 's> {
    pub fn new(table: &'t Table<'s>, span: Span) -> Fields<'t, 's> {
        Fields { table, span }
    }

    pub fn of(node: &'t Node<'s>) -> Option<Fields<'t, 's>> {
        match &node.value {
            Value::Table(table) => Some(Fields::new(table, node.span)),
            _ => None,
        }
    }

    pub fn node(&self, name: &str) -> Option<&'t Node<'s>> {
        let node = self.table.get(name).map(|entry| &entry.node);
        node.filter(|node| node.value != Value::Null)
    }

    /// Whether there are no other fields than these.
    pub fn all_among(&self, names: &[&str]) -> bool {
        let mut entries = self.table.entries.iter();
        entries.all(|entry| names.contains(&entry.key.name.as_ref()))
    }

    pub fn text(&self, name: &str) -> Option<Text> {
        self.node(name).and_then(text)
    }

    pub fn bool(&self, name: &str) -> Option<Spanned<bool>> {
        match self.node(name) {
            Some(Node {
                value: Value::Bool(value),
                span,
            }) => Some(Spanned::new(*value, *span)),
            _ => None,
        }
    }

    pub fn integer(&self, name: &str) -> Option<Spanned<i64>> {
        match self.node(name) {
            Some(Node {
                value: Value::Integer(value),
                span,
            }) => Some(Spanned::new(*value, *span)),
            _ => None,
        }
    }

    /// The items of a list; none when there is no list.
    pub fn list(&self, name: &str) -> &'t [Node<'s>] {
        match self.node(name) {
            Some(Node {
                value: Value::List(items),
                ..
            }) => items,
            _ => &[],
        }
    }

    pub fn texts(&self, name: &str) -> Vec<Text> {
        self.each(name, text)
    }

    pub fn optional_texts(&self, name: &str) -> Option<Vec<Text>> {
        self.node(name).map(|_| self.texts(name))
    }

    /// The strings of a list; absent when there is no list, or one of other things only.
    pub fn readable_texts(&self, name: &str) -> Option<Vec<Text>> {
        let Value::List(items) = &self.node(name)?.value else {
            return None;
        };
        let texts = self.texts(name);
        (items.is_empty() || !texts.is_empty()).then_some(texts)
    }

    /// A string, or the strings of a list.
    pub fn one_or_more(&self, name: &str) -> Vec<Text> {
        match self.node(name) {
            Some(node) => text(node).map_or_else(|| self.texts(name), |text| vec![text]),
            None => Vec::new(),
        }
    }

    /// Reads each item of a list.
    pub fn each<T>(&self, name: &str, read: impl Fn(&'t Node<'s>) -> Option<T>) -> Vec<T> {
        gather(self.list(name), read)
    }

    /// Reads each item of a list that is a table.
    pub fn tables<T>(&self, name: &str, read: impl Fn(Fields<'t, 's>) -> Option<T>) -> Vec<T> {
        self.each(name, |node| Fields::of(node).and_then(&read))
    }

    /// Reads each entry of a table whose names are free.
    pub fn map<T>(&self, name: &str, read: impl Fn(Text, &'t Node<'s>) -> Option<T>) -> Vec<T> {
        match self.node(name) {
            Some(Node {
                value: Value::Table(table),
                ..
            }) => gather(&table.entries, |entry| {
                let name = Spanned::new(entry.key.name.as_ref().into(), entry.key.span);
                read(name, &entry.node)
            }),
            _ => Vec::new(),
        }
    }

    pub fn settings(&self, name: &str) -> Vec<Setting> {
        self.map(name, setting)
    }

    pub fn preload(&self, name: &str) -> Option<Preload> {
        self.text(name)
            .map(Preload::Library)
            .or_else(|| self.bool(name).map(Preload::Known))
    }

    pub fn tokens(&self, name: &str) -> Option<Tokens> {
        let node = self.node(name)?;
        match &node.value {
            Value::String(_) => text(node).map(Tokens::Keyword),
            Value::List(items) => Some(Tokens::List(
                items.iter().filter_map(token).collect(),
                node.span,
            )),
            _ => None,
        }
    }
}

pub fn setting(name: Text, node: &Node) -> Option<Setting> {
    let value = match &node.value {
        Value::Bool(value) => SettingValue::Bool(*value),
        Value::Integer(value) => SettingValue::Integer(*value),
        Value::Float(value) => SettingValue::Float(*value),
        Value::String(value) => SettingValue::String(value.as_ref().to_owned()),
        Value::List(items) => {
            let texts = items.iter().filter_map(text);
            SettingValue::List(texts.map(|text| text.value.into()).collect())
        }
        _ => return None,
    };
    Some(Setting {
        name,
        value: Spanned::new(value, node.span),
    })
}

fn token(node: &Node) -> Option<Token> {
    if let Some(name) = text(node) {
        return Some(Token::Name(name));
    }
    let fields = Fields::of(node)?;
    fields
        .text("memberOf")
        .map(Token::MemberOf)
        .or_else(|| fields.text("regex").map(Token::Regex))
}
