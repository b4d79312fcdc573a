//! Values without parts.

use std::borrow::Cow;

use toml_parser::decoder::ScalarKind;

use crate::source::Value;

/// What a decoded scalar means. `None`: a number out of range, or a date, which is looked at more closely.
pub(super) fn value<'s>(kind: ScalarKind, decoded: Cow<'s, str>) -> Option<Value<'s>> {
    match kind {
        ScalarKind::String => Some(Value::String(decoded)),
        ScalarKind::Boolean(value) => Some(Value::Bool(value)),
        ScalarKind::Integer(radix) => integer(&decoded, radix.value()),
        ScalarKind::Float => float(&decoded),
        ScalarKind::DateTime => None,
    }
}

/// An integer that fits in 64 bits.
pub(super) fn integer<'s>(digits: &str, radix: u32) -> Option<Value<'s>> {
    i64::from_str_radix(digits, radix).ok().map(Value::Integer)
}

/// A float; infinity only where it was written in words.
pub(super) fn float<'s>(digits: &str) -> Option<Value<'s>> {
    let float: f64 = digits.parse().ok()?;
    (float.is_finite() || !digits.contains(|c: char| c.is_ascii_digit()))
        .then_some(Value::Float(float))
}
