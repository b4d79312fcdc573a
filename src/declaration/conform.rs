//! Whether a tree has the shape of a declaration: unknown keys, missing fields, wrong types, values out of a closed set.

use super::shape::{Kind, Shape};
use super::shapes::{FILE, PASSWORD, SERVICE};
use crate::check::{
    example, missing_field::MISSING_FIELD, non_literal, nul_character, plain_text_password,
    string_list_databases, unknown_key::UNKNOWN_KEY, unknown_value::UNKNOWN_VALUE,
    wrong_type::WRONG_TYPE,
};
use crate::diagnostic::{Diagnostic, phrase};
use crate::source::{Format, Node, Span, TOO_LARGE, Table, Value};

/// Collects what is wrong with the tree of one file.
pub struct Conform<'d> {
    /// The file's format, for the examples.
    pub format: Format,
    /// Where the findings go.
    pub findings: &'d mut Vec<Diagnostic>,
}

impl Conform<'_> {
    /// Checks a table. `span` is the place that is shown when a field is missing.
    pub fn table(&mut self, table: &Table, shape: &Shape, span: Span) {
        for entry in &table.entries {
            match shape
                .fields
                .iter()
                .find(|field| field.name == entry.key.name)
            {
                // What `nix eval --json` gives for an option that is not set.
                Some(field) if !field.required && entry.node.value == Value::Null => {}
                Some(field) => self.field(field.name, &entry.node, field.kind, shape),
                // `password = { literal = "..." }` holds one too, whatever the key is called.
                None if plain_text_password::is_password_key(&entry.key.name)
                    || shape.name == PASSWORD.name
                        && matches!(&entry.node.value, Value::String(text) if !text.starts_with('/')) =>
                {
                    let finding = plain_text_password::finding(entry.node.span, self.format);
                    self.findings.push(finding);
                }
                None => self.unknown_key(&entry.key.name, entry.key.span, shape),
            }
        }
        for field in shape.fields.iter().filter(|field| field.required) {
            if table.get(field.name).is_none() {
                let message = format!(
                    "{} has no `{}`",
                    phrase::with_article(shape.name),
                    field.name
                );
                self.findings.push(
                    Diagnostic::new(&MISSING_FIELD, span, message)
                        .label(format!("`{}` is missing", field.name))
                        .help(format!(
                            "`{}` is required: {}",
                            field.name,
                            phrase::uncapitalised(field.doc)
                        ))
                        .example(example::in_format(self.format, shape.example)),
                );
            }
        }
    }

    /// Tells why what stands at a service's place is none.
    pub fn service(&mut self, name: &str, node: &Node) {
        self.value(name, node, Kind::Table(&SERVICE), &FILE);
    }

    fn unknown_key(&mut self, name: &str, span: Span, shape: &Shape) {
        let names: Vec<&str> = shape.fields.iter().map(|field| field.name).collect();
        let message = format!(
            "unknown key {} in {}",
            phrase::backticked(name),
            phrase::with_article(shape.name)
        );
        let finding = Diagnostic::new(&UNKNOWN_KEY, span, message);
        self.findings
            .push(match phrase::did_you_mean(names.iter().copied(), name) {
                Some(near) => finding
                    .label(format!("did you mean `{near}`?"))
                    .help(format!("write `{near}`")),
                None => finding.help(format!(
                    "the keys of {} are {}",
                    phrase::with_article(shape.name),
                    phrase::and_list(&names)
                )),
            });
    }

    fn field(&mut self, name: &str, node: &Node, kind: Kind, shape: &Shape) {
        if name == "password" && matches!(node.value, Value::String(_)) {
            self.findings
                .push(plain_text_password::finding(node.span, self.format));
        } else if name == "databases"
            && shape.name == SERVICE.name
            && string_list_databases::is_old_form(&node.value)
        {
            string_list_databases::find(node, self.format, self.findings);
        } else {
            self.value(name, node, kind, shape);
        }
    }

    fn value(&mut self, name: &str, node: &Node, kind: Kind, shape: &Shape) {
        if let Value::String(text) = &node.value {
            self.findings
                .extend(nul_character::finding(text, node.span));
        }
        match (&kind, &node.value) {
            // The reader has told of it.
            (_, Value::Other(what)) if *what == TOO_LARGE => {}
            (_, Value::Other(what)) if self.format == Format::Nix => self
                .findings
                .push(non_literal::finding(name, what, node.span)),
            (Kind::Bool, Value::Bool(_))
            | (Kind::Integer, Value::Integer(_))
            | (Kind::String, Value::String(_))
            | (
                Kind::Setting,
                Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::String(_),
            ) => {}
            (Kind::Setting, Value::List(items)) => {
                items
                    .iter()
                    .for_each(|item| self.value(name, item, Kind::String, shape));
            }
            (Kind::Enum(values), Value::String(value)) => {
                if !values.contains(&value.as_ref()) {
                    self.unknown_value(name, value, values, node.span);
                }
            }
            (Kind::List(item), Value::List(items)) => {
                items
                    .iter()
                    .for_each(|node| self.value(name, node, **item, shape));
            }
            (Kind::Map(item), Value::Table(table)) => {
                for entry in &table.entries {
                    let name = nul_character::finding(&entry.key.name, entry.key.span);
                    self.findings.extend(name);
                    if entry.node.value != Value::Null {
                        self.value(&entry.key.name, &entry.node, **item, shape);
                    }
                }
            }
            (Kind::Table(inner), Value::Table(table)) => self.table(table, inner, node.span),
            (Kind::OneOf(kinds), value) => match kinds.iter().find(|kind| kind.fits(value)) {
                Some(kind) => self.value(name, node, *kind, shape),
                None => self.wrong_type(name, node, kind, shape),
            },
            _ => self.wrong_type(name, node, kind, shape),
        }
    }

    fn unknown_value(&mut self, name: &str, value: &str, values: &[&str], span: Span) {
        let message = format!("`{name}` can't be {}", phrase::backticked(value));
        let finding = Diagnostic::new(&UNKNOWN_VALUE, span, message);
        let finding = match phrase::did_you_mean(values.iter().copied(), value) {
            Some(near) => finding.label(format!("did you mean `{near}`?")),
            None => finding,
        };
        self.findings
            .push(finding.help(format!("it is {}", phrase::or_list(values))));
    }

    fn wrong_type(&mut self, name: &str, node: &Node, kind: Kind, shape: &Shape) {
        let expected = kind.describe();
        let message = format!(
            "{} must be {expected}, not {}",
            phrase::backticked(name),
            node.value.kind()
        );
        let finding =
            Diagnostic::new(&WRONG_TYPE, node.span, message).label(format!("expected {expected}"));
        let between_quotes = || Some("put it between quotes".to_owned());
        let written = match &node.value {
            Value::Other("a date" | "a time" | "a date and time") | Value::Float(_)
                if kind.fits_string() =>
            {
                between_quotes()
            }
            Value::Integer(number) if kind.takes(&number.to_string()) => between_quotes(),
            Value::Bool(value) if kind.takes(&value.to_string()) => between_quotes(),
            Value::String(text) if kind.unquoted(text).is_some() => kind
                .unquoted(text)
                .map(|meant| format!("write `{meant}`, without quotes")),
            value if kind.is_list_of(value) => {
                Some("put it between brackets: a list, also of one".to_owned())
            }
            Value::Float(number)
                if kind.fits(&Value::Integer(0))
                    && number.fract() == 0.0
                    && number.abs() < 1e15 =>
            {
                Some(format!("write `{number:.0}`"))
            }
            _ => match kind {
                Kind::Enum(values) => Some(format!("it is {}", phrase::or_list(values))),
                _ => None,
            },
        };
        self.findings
            .push(match (written, default(name, &kind, shape)) {
                (Some(help), _) => finding.help(help),
                (None, Some(line)) => finding
                    .help("write it like this, which is also what holds without it:")
                    .example(example::in_format(self.format, &line)),
                (None, None) => finding
                    .help(format!(
                        "write {} like this:",
                        phrase::with_article(shape.name)
                    ))
                    .example(example::in_format(self.format, shape.example)),
            });
    }
}

/// A line that sets the field to its default, when that is a number, a string or a switch.
fn default(name: &str, kind: &Kind, shape: &Shape) -> Option<String> {
    let field = shape.fields.iter().find(|field| field.name == name)?;
    let line = format!("{name} = {}", field.default);
    let table: toml::Table = line.parse().ok()?;
    let fits = match table.get(name)? {
        toml::Value::Integer(number) => kind.fits(&Value::Integer(*number)),
        toml::Value::Boolean(value) => kind.fits(&Value::Bool(*value)),
        toml::Value::String(text) => kind.takes(text),
        _ => false,
    };
    fits.then_some(line)
}

impl Kind {
    fn fits_string(&self) -> bool {
        self.takes("")
    }

    /// Whether a string is of this kind.
    fn takes(&self, text: &str) -> bool {
        match self {
            Kind::String => true,
            Kind::Enum(values) => values.contains(&text),
            Kind::OneOf(kinds) => kinds.iter().any(|kind| kind.takes(text)),
            _ => false,
        }
    }

    /// The number or the switch that a string spells, where one is of this kind.
    fn unquoted(&self, text: &str) -> Option<String> {
        let text = text.trim();
        let number = text.parse::<i64>().ok();
        let number = number.filter(|number| self.fits(&Value::Integer(*number)));
        let switch = match &*text.to_ascii_lowercase() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        };
        let switch = switch.filter(|switch| self.fits(&Value::Bool(*switch)));
        number
            .map(|number| number.to_string())
            .or(switch.map(|switch| switch.to_string()))
    }

    /// Whether a list of the value is of this kind.
    fn is_list_of(&self, value: &Value) -> bool {
        match self {
            // How tables in a list are written differs more than by brackets: an example shows it.
            Kind::List(item) => !matches!(value, Value::Table(_)) && item.fits(value),
            Kind::OneOf(kinds) => kinds.iter().any(|kind| kind.is_list_of(value)),
            _ => false,
        }
    }

    /// Whether a value is of this kind at first sight: enough to choose among several.
    fn fits(&self, value: &Value) -> bool {
        match self {
            Kind::Bool => matches!(value, Value::Bool(_)),
            Kind::Integer => matches!(value, Value::Integer(_)),
            Kind::String | Kind::Enum(_) => matches!(value, Value::String(_)),
            Kind::Setting => !matches!(value, Value::Table(_) | Value::Null | Value::Other(_)),
            Kind::List(_) => matches!(value, Value::List(_)),
            Kind::Map(_) | Kind::Table(_) => matches!(value, Value::Table(_)),
            Kind::OneOf(kinds) => kinds.iter().any(|kind| kind.fits(value)),
        }
    }
}
