//! Any TOML, by way of the `toml` crate.

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::{places, scalar};
use crate::check::nesting_too_deep::NESTING_TOO_DEEP;
use crate::check::syntax_error::SYNTAX_ERROR;
use crate::diagnostic::Diagnostic;
use crate::source::{Entry, FileId, Key, Node, Span, Table, Value};

/// So many errors are told at most: after that many, one has led to the next.
const MOST_ERRORS: usize = 20;

/// The tree of `text`, or its errors.
pub(super) fn read(text: &str, file: FileId) -> (Option<Node<'_>>, Vec<Diagnostic>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        file,
        findings: Vec::new(),
    };
    let table = reader.table(root.into_inner());
    // What stands for a value that could not be read would only lead to findings about what nobody wrote.
    let whole = errors
        .iter()
        .all(|error| error.message() == "duplicate key");
    if !whole {
        reader.findings.clear();
    }
    let node = Node {
        value: Value::Table(table),
        span: Span::new(file, 0, text.len()),
    };
    // Each bracket that is open at the end of the file makes an error of its own there, and each in the same words.
    let mut told = Vec::new();
    for error in &errors {
        let said = (error.span(), error.message());
        if told.len() < MOST_ERRORS && !told.contains(&said) {
            told.push(said);
            reader.findings.push(finding(error, text, &node));
        }
    }
    (whole.then_some(node), reader.findings)
}

struct Reader {
    file: FileId,
    findings: Vec<Diagnostic>,
}

impl Reader {
    fn table<'s>(&mut self, table: DeTable<'s>) -> Table<'s> {
        let mut entries: Vec<Entry<'s>> = table
            .into_iter()
            .map(|(key, value)| {
                let span = Span::new(self.file, key.span().start, key.span().end);
                Entry {
                    key: Key {
                        name: key.into_inner(),
                        span,
                    },
                    node: self.node(value),
                }
            })
            .collect();
        entries.sort_by_key(|entry| entry.key.span.start);
        Table { entries }
    }

    fn node<'s>(&mut self, value: Spanned<DeValue<'s>>) -> Node<'s> {
        let span = Span::new(self.file, value.span().start, value.span().end);
        let value = match value.into_inner() {
            DeValue::String(text) => Value::String(text),
            DeValue::Boolean(value) => Value::Bool(value),
            DeValue::Integer(digits) => scalar::integer(digits.as_str(), digits.radix())
                .unwrap_or_else(|| self.too_large(span)),
            DeValue::Float(digits) => {
                scalar::float(digits.as_str()).unwrap_or_else(|| self.too_large(span))
            }
            DeValue::Datetime(moment) => Value::Other(match (moment.date, moment.time) {
                (Some(_), None) => "a date",
                (None, Some(_)) => "a time",
                _ => "a date and time",
            }),
            DeValue::Array(items) => {
                Value::List(items.into_iter().map(|item| self.node(item)).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Node { value, span }
    }

    fn too_large<'s>(&mut self, span: Span) -> Value<'s> {
        crate::source::read::too_large(span, &mut self.findings)
    }
}

fn finding(error: &Error, text: &str, root: &Node<'_>) -> Diagnostic {
    let place = error.span().unwrap_or(text.len()..text.len());
    let span = Span::new(
        root.span.file,
        place.start.min(text.len()),
        place.end.min(text.len()),
    );
    let written = text.get(place.clone()).unwrap_or_default();
    match error.message() {
        "duplicate key" => {
            let name = places::key_name(written);
            match places::first(text, root, span, &name) {
                Some(first) => crate::source::read::duplicate(&name, span, first),
                None => crate::source::read::duplicate_alone(&name, span),
            }
        }
        message if message.contains("recurs") => {
            let message = format!("nested deeper than {}", super::DEEPEST);
            Diagnostic::new(&NESTING_TOO_DEEP, span, message)
        }
        message => Diagnostic::new(&SYNTAX_ERROR, span, message.replace('\n', " ")),
    }
}
