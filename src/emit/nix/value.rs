//! Literals as the values that templates see, and back.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value, ValueKind};

use super::literal::{Literal, Text};

/// Nesting of a list that a template itself builds; literals of the catalog are bounded where they are made.
const MAX_DEPTH: usize = 32;

/// What a template holds for a list, a set or a reference: countable, iterable, and still a literal when printed.
#[derive(Debug)]
pub(super) struct Node(pub(super) Literal);

impl Object for Node {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.0 {
            Literal::List(_) | Literal::Lines(_) => ObjectRepr::Seq,
            Literal::Attrs(_) | Literal::Deferred(_) => ObjectRepr::Map,
            _ => ObjectRepr::Plain,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match &self.0 {
            Literal::List(items) => items.get(key.as_usize()?).map(to_value),
            Literal::Lines(text) => text
                .split_terminator('\n')
                .nth(key.as_usize()?)
                .map(Value::from),
            Literal::Attrs(entries) => {
                let key = key.as_str()?;
                let at = entries.binary_search_by(|(name, _)| name.as_str().cmp(key));
                entries.get(at.ok()?).map(|(_, value)| to_value(value))
            }
            Literal::Deferred(set) => {
                let value = set.0.value(set.0.find(key.as_str()?)?);
                value.ok().as_ref().map(to_value)
            }
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match &self.0 {
            Literal::List(items) => Enumerator::Seq(items.len()),
            Literal::Lines(text) => Enumerator::Seq(text.matches('\n').count()),
            Literal::Attrs(entries) => Enumerator::Values(
                entries
                    .iter()
                    .map(|(name, _)| Value::from(name.shared()))
                    .collect(),
            ),
            Literal::Deferred(set) => {
                let names = set.0.names().map(|name| Value::from(name.shared()));
                Enumerator::Values(names.collect())
            }
            _ => Enumerator::NonEnumerable,
        }
    }

    /// Text made of the value, as `~` makes it: the formatter prints it as a string.
    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(out, 0)
    }
}

/// Names that are printed as an attribute path.
#[derive(Debug)]
pub(super) struct AttributePath(pub(super) Vec<Text>);

impl Object for AttributePath {}

/// A value together with where the template puts it.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) literal: Literal,
    pub(super) indent: usize,
    /// The name, where the whole `name = value;` is printed.
    pub(super) name: Option<Text>,
}

impl Object for Placed {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.literal.write(out, 0)
    }
}

pub(super) fn to_value(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::from(()),
        Literal::Bool(value) => Value::from(*value),
        Literal::Int(value) => Value::from(*value),
        Literal::Str(text) => Value::from(text.shared()),
        other => Value::from_object(Node(other.clone())),
    }
}

/// The literal that a template's value stands for.
pub(super) fn to_literal(value: &Value) -> Result<Literal, NotALiteral> {
    bounded(value, MAX_DEPTH)
}

fn bounded(value: &Value, depth: usize) -> Result<Literal, NotALiteral> {
    if let Some(node) = value.downcast_object_ref::<Node>() {
        return Ok(node.0.clone());
    }
    match value.kind() {
        ValueKind::Undefined => Err(NotALiteral::Undefined),
        ValueKind::None => Ok(Literal::Null),
        ValueKind::Bool => Ok(Literal::Bool(value.is_true())),
        ValueKind::Number if !value.is_integer() => Err(NotALiteral::Float),
        ValueKind::Number => value.as_i64().map(Literal::Int).ok_or(NotALiteral::TooBig),
        ValueKind::String => {
            let text = value.as_str().ok_or(NotALiteral::Kind("string"))?;
            Literal::text(text).map_err(|_| NotALiteral::Nul)
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let depth = depth.checked_sub(1).ok_or(NotALiteral::TooDeep)?;
            let items = value
                .try_iter()
                .map_err(|_| NotALiteral::Kind("sequence"))?;
            let items: Result<Vec<_>, _> = items.map(|item| bounded(&item, depth)).collect();
            items.map(Literal::list)
        }
        ValueKind::Map => Err(NotALiteral::Kind("map")),
        ValueKind::Bytes => Err(NotALiteral::Kind("bytes")),
        _ => Err(NotALiteral::Kind("object")),
    }
}

/// Why a template's value can't be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotALiteral {
    #[error("the value is undefined")]
    Undefined,
    #[error("a floating-point number has no exact Nix literal")]
    Float,
    #[error("the integer doesn't fit into 64 bits")]
    TooBig,
    #[error("a Nix string can't hold the character U+0000")]
    Nul,
    #[error("the list is nested too deeply")]
    TooDeep,
    #[error("a value of the kind {0} has no Nix literal")]
    Kind(&'static str),
}
