//! Examples are written in TOML and shown in the format of the file at hand.

use crate::source::Format;

/// The example, as it would stand in a file of `format`. What is no valid TOML is shown as it is.
pub fn in_format(format: Format, toml: &str) -> String {
    let Ok(table) = toml.parse::<toml::Table>() else {
        return toml.to_owned();
    };
    match format {
        Format::Toml => toml.to_owned(),
        Format::Json => serde_json::to_string_pretty(&table).unwrap_or_else(|_| toml.to_owned()),
        Format::Nix => toml.to_owned(),
    }
}
