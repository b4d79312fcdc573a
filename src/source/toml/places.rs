//! Where a name was first defined, which the `toml` crate knows but does not tell.

use std::borrow::Cow;

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use crate::source::{Node, Span, Table, Value};

/// The name that a key of one part means.
pub(super) fn key_name(written: &str) -> String {
    let mut name = Cow::Borrowed("");
    if let Some(raw) = Source::new(written)
        .lex()
        .next()
        .and_then(|token| Source::new(written).get(token))
    {
        raw.decode_key(&mut name, &mut ());
    }
    name.into_owned()
}

/// The place where the name at `second` had been defined before.
pub(super) fn first(text: &str, root: &Node<'_>, second: Span, name: &str) -> Option<Span> {
    if let Some(span) = earlier_header(text, second) {
        return Some(span);
    }
    let Value::Table(table) = &root.value else {
        return None;
    };
    let mut found = Found {
        header: (0, table),
        inline: None,
    };
    found.look(text, table, second);
    let table = found.inline.unwrap_or(found.header.1);
    table
        .get(name)
        .map(|entry| entry.key.span)
        .filter(|span| span.start < second.start)
}

/// When `second` lies in a header: the header before it that has the same names.
fn earlier_header(text: &str, second: Span) -> Option<Span> {
    let line_start = text
        .get(..second.start as usize)?
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    let line = text.get(line_start..)?.lines().next()?;
    if !line.trim_start().starts_with('[') {
        return None;
    }
    let wanted = header(line);
    let mut start = 0;
    for line in text.get(..line_start)?.split_inclusive('\n') {
        if line.trim_start().starts_with('[') && header(line) == wanted {
            let indent = line.len() - line.trim_start().len();
            let end = start + line.trim_end().len();
            return Some(Span::new(second.file, start + indent, end));
        }
        start += line.len();
    }
    None
}

/// The names of the header on a line.
fn header(line: &str) -> Vec<String> {
    let source = Source::new(line);
    let tokens = source
        .lex()
        .take_while(|token| token.kind() != TokenKind::Comment);
    let names =
        tokens.filter(|token| token.kind() == TokenKind::Atom || token.kind().encoding().is_some());
    names
        .filter_map(|token| source.get(token))
        .map(|raw| key_name(raw.as_str()))
        .collect()
}

struct Found<'t, 's> {
    /// The table of the last header before the place.
    header: (u32, &'t Table<'s>),
    /// The innermost table in braces round the place.
    inline: Option<&'t Table<'s>>,
}

impl<'t, 's> Found<'t, 's> {
    fn look(&mut self, text: &str, table: &'t Table<'s>, place: Span) {
        for entry in &table.entries {
            self.look_at(text, &entry.node, place);
        }
    }

    fn look_at(&mut self, text: &str, node: &'t Node<'s>, place: Span) {
        match &node.value {
            Value::Table(table) => {
                let written = text.get(node.span.start as usize..).unwrap_or_default();
                let around = node.span.start <= place.start && place.end <= node.span.end;
                if written.starts_with('{') && around {
                    self.inline = Some(table);
                } else if written.starts_with('[')
                    && (self.header.0..=place.start).contains(&node.span.start)
                {
                    self.header = (node.span.start, table);
                }
                self.look(text, table, place);
            }
            Value::List(items) => items
                .iter()
                .for_each(|item| self.look_at(text, item, place)),
            _ => {}
        }
    }
}
