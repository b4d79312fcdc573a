//! Plain TOML straight from the parser's events into the tree.
//!
//! A table is plain when each header opens a table that is new or the one that was open last, and no key is dotted.
//! Tokens are held for a stretch of the file only, so that memory goes to the tree alone.

use std::borrow::Cow;

use toml_parser::decoder::Encoding;
use toml_parser::lexer::{Token, TokenKind};
use toml_parser::parser::{EventReceiver, parse_document};
use toml_parser::{ErrorSink, ParseError, Source, Span as Place};

use super::{DEEPEST, scalar};
use crate::source::names::Names;
use crate::source::{Entry, FileId, Key, Node, Span, Table, Value};

/// A stretch ends at the first header after so many tokens.
const STRETCH: usize = 512;

/// The root table, or nothing when the file is not plain or not right.
pub(super) fn read(text: &str, file: FileId) -> Option<Node<'_>> {
    let source = Source::new(text);
    let mut builder = Builder::new(source, file);
    let mut tokens: Vec<Token> = Vec::with_capacity(2 * STRETCH);
    // Each stretch must end like a file. Only the lexer can make the token that says so.
    let end = Source::new("").lex().next()?;
    let mut depth = 0usize;
    let mut line_start = true;
    for token in source.lex() {
        match token.kind() {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                if line_start && depth == 0 && tokens.len() >= STRETCH {
                    tokens.push(end);
                    builder.take(&tokens)?;
                    tokens.clear();
                }
                depth += 1;
                line_start = false;
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                depth = depth.checked_sub(1)?;
                line_start = false;
            }
            TokenKind::Newline => line_start = true,
            TokenKind::Whitespace => {}
            _ => line_start = false,
        }
        tokens.push(token);
    }
    builder.take(&tokens)?;
    builder.shrink(0)?;
    Some(Node {
        value: Value::Table(builder.root),
        span: Span::new(file, 0, text.len()),
    })
}

/// One table on the way from the root to the table that is open.
#[derive(Default)]
struct Level {
    names: Names,
    array: bool,
}

/// A value in brackets that is still open.
enum Open<'s> {
    List {
        items: Vec<Node<'s>>,
        start: usize,
    },
    Table {
        table: Table<'s>,
        names: Names,
        key: Option<Key<'s>>,
        start: usize,
    },
}

struct Builder<'s> {
    source: Source<'s>,
    file: FileId,
    root: Table<'s>,
    /// The root, and the last entry of each table before; the last of them is open.
    spine: Vec<Level>,
    /// The header that is being read: where it began, and whether it is one of an array.
    header: Option<(usize, bool)>,
    path: Vec<Key<'s>>,
    key: Option<Key<'s>>,
    open: Vec<Open<'s>>,
    gave_up: bool,
}

impl<'s> Builder<'s> {
    fn new(source: Source<'s>, file: FileId) -> Builder<'s> {
        Builder {
            source,
            file,
            root: Table::default(),
            spine: vec![Level::default()],
            header: None,
            path: Vec::new(),
            key: None,
            open: Vec::new(),
            gave_up: false,
        }
    }

    /// Reads one stretch of whole lines.
    fn take(&mut self, tokens: &[Token]) -> Option<()> {
        let mut failed = false;
        let mut sink = |_: ParseError| failed = true;
        parse_document(tokens, self, &mut sink);
        (!failed
            && !self.gave_up
            && self.open.is_empty()
            && self.key.is_none()
            && self.header.is_none())
        .then_some(())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    /// The table at that depth of the spine.
    fn table(&mut self, depth: usize) -> Option<&mut Table<'s>> {
        table_at(&mut self.root, depth)
    }

    /// Gives back the room that the tables of the spine below `keep` did not need.
    fn shrink(&mut self, keep: usize) -> Option<()> {
        for depth in keep + 1..self.spine.len() {
            self.table(depth)?.entries.shrink_to_fit();
        }
        self.spine.truncate(keep + 1);
        Some(())
    }

    /// Opens the table that a header names.
    fn open_table(&mut self, start: usize, end: usize, array: bool) -> Option<()> {
        let mut path = std::mem::take(&mut self.path);
        if path.len() > DEEPEST {
            return None;
        }
        let span = self.span(start, end);
        let last = path.pop()?;
        let mut depth = 0;
        for key in path.drain(..) {
            if depth + 1 < self.spine.len()
                && self.table(depth)?.entries.last()?.key.name == key.name
            {
                depth += 1;
                continue;
            }
            self.shrink(depth)?;
            let node = Node {
                value: Value::Table(Table::default()),
                span: key.span,
            };
            self.add(depth, key, node)?;
            self.spine.push(Level::default());
            depth += 1;
        }
        self.path = path;

        let again = depth + 1 < self.spine.len()
            && self.table(depth)?.entries.last()?.key.name == last.name;
        let again = again && array && self.spine.get(depth + 1)?.array;
        self.shrink(depth + usize::from(again))?;
        let node = Node {
            value: Value::Table(Table::default()),
            span,
        };
        if again {
            match &mut self.table(depth)?.entries.last_mut()?.node.value {
                Value::List(list) => list.push(node),
                _ => return None,
            }
            self.spine.pop();
        } else if array {
            self.add(
                depth,
                last,
                Node {
                    value: Value::List(vec![node]),
                    span,
                },
            )?;
        } else {
            self.add(depth, last, node)?;
        }
        self.spine.push(Level {
            names: Names::default(),
            array,
        });
        Some(())
    }

    /// Adds an entry to the table at that depth of the spine, unless the name is there.
    fn add(&mut self, depth: usize, key: Key<'s>, node: Node<'s>) -> Option<()> {
        let names = &mut self.spine.get_mut(depth)?.names;
        let table = table_at(&mut self.root, depth)?;
        if names.find(&table.entries, &key.name).is_some() {
            return None;
        }
        table.entries.push(Entry { key, node });
        Some(())
    }

    /// Puts a value where it belongs.
    fn put(&mut self, node: Node<'s>) -> Option<()> {
        match self.open.last_mut() {
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Table {
                table, names, key, ..
            }) => {
                let key = key.take()?;
                if names.find(&table.entries, &key.name).is_some() {
                    return None;
                }
                table.entries.push(Entry { key, node });
            }
            None => {
                let key = self.key.take()?;
                self.add(self.spine.len() - 1, key, node)?;
            }
        }
        Some(())
    }

    fn close(&mut self, end: usize) -> Option<()> {
        let (value, start) = match self.open.pop()? {
            Open::List { mut items, start } => {
                items.shrink_to_fit();
                (Value::List(items), start)
            }
            Open::Table {
                mut table,
                start,
                key: None,
                ..
            } => {
                table.entries.shrink_to_fit();
                (Value::Table(table), start)
            }
            Open::Table { .. } => return None,
        };
        let span = self.span(start, end);
        self.put(Node { value, span })
    }

    fn take_key(
        &mut self,
        place: Place,
        encoding: Option<Encoding>,
        errors: &mut dyn ErrorSink,
    ) -> Option<()> {
        let text = self.source.input().get(place.start()..place.end())?;
        let mut name = Cow::Borrowed("");
        toml_parser::Raw::new_unchecked(text, encoding, place).decode_key(&mut name, errors);
        let key = Key {
            name,
            span: self.span(place.start(), place.end()),
        };
        if self.header.is_some() {
            self.path.push(key);
            return Some(());
        }
        let slot = match self.open.last_mut() {
            Some(Open::Table { key, .. }) => key,
            Some(Open::List { .. }) => return None,
            None => &mut self.key,
        };
        slot.replace(key).is_none().then_some(())
    }

    fn take_scalar(
        &mut self,
        place: Place,
        encoding: Option<Encoding>,
        errors: &mut dyn ErrorSink,
    ) -> Option<()> {
        let text = self.source.input().get(place.start()..place.end())?;
        let mut decoded = Cow::Borrowed("");
        let kind = toml_parser::Raw::new_unchecked(text, encoding, place)
            .decode_scalar(&mut decoded, errors);
        let value = scalar::value(kind, decoded)?;
        let span = self.span(place.start(), place.end());
        self.put(Node { value, span })
    }

    /// Whether the value that was just opened is not nested too deep.
    fn within_depth(&mut self) -> bool {
        self.gave_up |= self.open.len() > DEEPEST;
        !self.gave_up
    }

    fn note(&mut self, done: Option<()>) {
        self.gave_up |= done.is_none();
    }
}

/// The last table of the last table and so on, `depth` times.
fn table_at<'t, 's>(root: &'t mut Table<'s>, depth: usize) -> Option<&'t mut Table<'s>> {
    (0..depth).try_fold(root, |table, _| {
        match &mut table.entries.last_mut()?.node.value {
            Value::Table(table) => Some(table),
            Value::List(list) => match &mut list.last_mut()?.value {
                Value::Table(table) => Some(table),
                _ => None,
            },
            _ => None,
        }
    })
}

impl EventReceiver for Builder<'_> {
    fn std_table_open(&mut self, place: Place, _: &mut dyn ErrorSink) {
        self.header = Some((place.start(), false));
    }

    fn array_table_open(&mut self, place: Place, _: &mut dyn ErrorSink) {
        self.header = Some((place.start(), true));
    }

    fn std_table_close(&mut self, place: Place, _: &mut dyn ErrorSink) {
        let done = self
            .header
            .take()
            .and_then(|(start, array)| self.open_table(start, place.end(), array));
        self.note(done);
    }

    fn array_table_close(&mut self, place: Place, errors: &mut dyn ErrorSink) {
        self.std_table_close(place, errors);
    }

    fn inline_table_open(&mut self, place: Place, _: &mut dyn ErrorSink) -> bool {
        let (table, names) = (Table::default(), Names::default());
        self.open.push(Open::Table {
            table,
            names,
            key: None,
            start: place.start(),
        });
        self.within_depth()
    }

    fn inline_table_close(&mut self, place: Place, _: &mut dyn ErrorSink) {
        let done = self.close(place.end());
        self.note(done);
    }

    fn array_open(&mut self, place: Place, _: &mut dyn ErrorSink) -> bool {
        self.open.push(Open::List {
            items: Vec::new(),
            start: place.start(),
        });
        self.within_depth()
    }

    fn array_close(&mut self, place: Place, _: &mut dyn ErrorSink) {
        let done = self.close(place.end());
        self.note(done);
    }

    fn simple_key(&mut self, place: Place, encoding: Option<Encoding>, errors: &mut dyn ErrorSink) {
        let done = self.take_key(place, encoding, errors);
        self.note(done);
    }

    fn key_sep(&mut self, _: Place, _: &mut dyn ErrorSink) {
        self.gave_up |= self.header.is_none();
    }

    fn scalar(&mut self, place: Place, encoding: Option<Encoding>, errors: &mut dyn ErrorSink) {
        let done = self.take_scalar(place, encoding, errors);
        self.note(done);
    }

    fn comment(&mut self, place: Place, errors: &mut dyn ErrorSink) {
        if let Some(raw) = self.source.get(place) {
            raw.decode_comment(errors);
        }
    }

    fn newline(&mut self, place: Place, errors: &mut dyn ErrorSink) {
        if let Some(raw) = self.source.get(place) {
            raw.decode_newline(errors);
        }
    }

    fn error(&mut self, _: Place, _: &mut dyn ErrorSink) {
        self.gave_up = true;
    }
}
