//! Examples are written in TOML and shown in the format of the file at hand.

use crate::emit::nix::literal::{Literal, Text};
use crate::source::Format;

/// The example, as it would stand in a file of `format`. What is no valid TOML is shown as it is.
pub fn in_format(format: Format, toml: &str) -> String {
    let Ok(table) = toml.parse::<toml::Table>() else {
        return toml.to_owned();
    };
    let rewritten = match format {
        Format::Toml => None,
        Format::Json => serde_json::to_string_pretty(&table).ok(),
        Format::Nix => nix(&table),
    };
    rewritten.unwrap_or_else(|| toml.to_owned())
}

/// The bindings as they stand in an attribute set.
fn nix(table: &toml::Table) -> Option<String> {
    let mut text = String::new();
    for (name, value) in table {
        let name = Text::try_from(name.as_str()).ok()?;
        literal(value)?.write_binding(&mut text, &name, 0).ok()?;
        text.push('\n');
    }
    text.pop();
    Some(text)
}

fn literal(value: &toml::Value) -> Option<Literal> {
    Some(match value {
        toml::Value::String(text) => Literal::text(text).ok()?,
        toml::Value::Integer(number) => Literal::from(*number),
        toml::Value::Boolean(value) => Literal::from(*value),
        toml::Value::Array(items) => {
            Literal::list(items.iter().map(literal).collect::<Option<Vec<_>>>()?)
        }
        toml::Value::Table(table) => {
            let entries = table
                .iter()
                .map(|(name, value)| Some((Text::try_from(name.as_str()).ok()?, literal(value)?)));
            Literal::attrs(entries.collect::<Option<Vec<_>>>()?)
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) => return None,
    })
}
