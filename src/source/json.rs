//! Strict JSON (RFC 8259).

use jsonc_parser::ast;
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::de::IgnoredAny;

use super::names::Names;
use super::{BYTE_ORDER_MARK, Entry, FileId, Key, Node, Span, Table, Value};
use crate::check::nesting_too_deep::NESTING_TOO_DEEP;
use crate::check::syntax_error::SYNTAX_ERROR;
use crate::diagnostic::Diagnostic;

/// How deep objects and lists may be nested; serde_json's own limit too.
const DEEPEST: usize = 120;

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Reads `text` as JSON.
pub(super) fn read(text: &str, file: FileId) -> (Option<Node<'_>>, Vec<Diagnostic>) {
    let base = if text.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    let mut reader = Reader {
        file,
        base,
        findings: Vec::new(),
    };
    let tree = reader.document(&text[base..]);
    (tree, reader.findings)
}

struct Reader {
    file: FileId,
    /// Bytes before the text that the parser sees.
    base: usize,
    findings: Vec<Diagnostic>,
}

impl Reader {
    fn document<'s>(&mut self, text: &'s str) -> Option<Node<'s>> {
        if let Some(place) = too_deep(text) {
            self.findings.push(
                Diagnostic::new(
                    &NESTING_TOO_DEEP,
                    self.span(place, place + 1),
                    format!("nested deeper than {DEEPEST}"),
                )
                .label(format!("bracket number {} that is open here", DEEPEST + 1)),
            );
            return None;
        }
        let parsed = match parse_to_ast(text, &CollectOptions::default(), &STRICT) {
            Ok(parsed) => parsed,
            Err(error) => {
                let range = error.range();
                let message = lower_case_first(&error.kind().to_string());
                let start = floor(text, range.start);
                let end = floor(text, range.end.max(start + 1));
                self.syntax_error(start, end.max(start), message);
                return None;
            }
        };
        // jsonc-parser lets control characters in strings and foreign white space pass even when strict.
        if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
            let start = floor(text, offset(text, error.line(), error.column()));
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            self.syntax_error(start, floor(text, start + 1).max(start), message.to_owned());
            return None;
        }
        let Some(value) = parsed.value else {
            self.syntax_error(0, 0, "the file is empty".to_owned());
            return None;
        };
        let node = self.node(value);
        super::read::table_only(node, &mut self.findings)
    }

    fn node<'s>(&mut self, value: ast::Value<'s>) -> Node<'s> {
        let Range { start, end } = value.range();
        let span = self.span(start, end);
        let value = match value {
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::BooleanLit(literal) => Value::Bool(literal.value),
            ast::Value::StringLit(literal) => Value::String(literal.value),
            ast::Value::NumberLit(literal) => self.number(literal.value, span),
            ast::Value::Array(array) => Value::List(
                array
                    .elements
                    .into_iter()
                    .map(|element| self.node(element))
                    .collect(),
            ),
            ast::Value::Object(object) => Value::Table(self.table(object)),
        };
        Node { value, span }
    }

    fn table<'s>(&mut self, object: ast::Object<'s>) -> Table<'s> {
        let mut table = Table {
            entries: Vec::with_capacity(object.properties.len()),
        };
        let mut names = Names::default();
        for property in object.properties {
            let Range { start, end } = property.name.range();
            let span = self.span(start, end);
            let ast::ObjectPropName::String(name) = property.name else {
                continue;
            };
            let node = self.node(property.value);
            match names.find(&table.entries, &name.value) {
                None => table.entries.push(Entry {
                    key: Key {
                        name: name.value,
                        span,
                    },
                    node,
                }),
                Some(first) => {
                    let first = table.entries[first].key.span;
                    self.findings
                        .push(super::read::duplicate(&name.value, span, first));
                }
            }
        }
        table
    }

    fn number<'s>(&mut self, text: &str, span: Span) -> Value<'s> {
        let value = if text.contains(['.', 'e', 'E']) {
            text.parse()
                .ok()
                .filter(|float: &f64| float.is_finite())
                .map(Value::Float)
        } else {
            text.parse().ok().map(Value::Integer)
        };
        value.unwrap_or_else(|| super::read::too_large(span, &mut self.findings))
    }

    fn syntax_error(&mut self, start: usize, end: usize, message: String) {
        let finding = Diagnostic::new(&SYNTAX_ERROR, self.span(start, end), message)
            .help("the file must be JSON as RFC 8259 has it: no comments, no trailing commas, double quotes");
        self.findings.push(finding);
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, self.base + start, self.base + end)
    }
}

/// The offset of the first bracket that is nested too deep. Strings are skipped as JSON has them.
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for (offset, byte) in text.bytes().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' if depth == DEEPEST => return Some(offset),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// The offset of a place that serde_json names: lines count from 1, columns are the bytes of the line so far.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    (before + column.saturating_sub(1)).min(text.len())
}

/// The character boundary at or before `offset`.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn lower_case_first(message: &str) -> String {
    let mut characters = message.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}
