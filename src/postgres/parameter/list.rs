//! Values as declared, and the SQL literals that they become.

use super::{Edition, List, ValueError};
use crate::postgres::quote::{quote_literal, until_quote};

/// A value as somebody declares it.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingValue {
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A text.
    String(String),
    /// Several texts.
    List(Vec<String>),
}

impl SettingValue {
    /// The elements as texts: what stands in `pg_settings` before the server's own reading.
    pub(super) fn texts(&self) -> Vec<String> {
        match self {
            // Every parameter that takes a boolean word takes these two; not all take `true`.
            SettingValue::Bool(true) => vec!["on".to_owned()],
            SettingValue::Bool(false) => vec!["off".to_owned()],
            SettingValue::Integer(number) => vec![number.to_string()],
            SettingValue::Float(number) => vec![number.to_string()],
            SettingValue::String(text) => vec![text.clone()],
            SettingValue::List(texts) => texts.clone(),
        }
    }
}

/// The SQL literals to write, separated by `, `, after `SET name =` (manual: ALTER DATABASE, SET).
///
/// A text for a parameter that holds several names is taken apart as postgresql.conf would: at commas, names in double quotes kept,
/// others in lower case where the server folds them. For a custom parameter there is no edition. An empty list is one empty text.
///
/// # Errors
/// [`ValueError::NotAList`], [`ValueError::ListSyntax`], [`ValueError::Nul`].
pub fn literals(
    name: &str,
    edition: Option<&Edition>,
    value: &SettingValue,
) -> Result<Vec<String>, ValueError> {
    Ok(elements(name, edition, value)?
        .iter()
        .map(|text| quote_literal(text))
        .collect())
}

/// The texts of a value: several for a list, otherwise one.
///
/// # Errors
/// As [`literals`].
pub fn elements(
    name: &str,
    edition: Option<&Edition>,
    value: &SettingValue,
) -> Result<Vec<String>, ValueError> {
    let texts = value.texts();
    if texts.iter().any(|text| text.contains('\0')) {
        return Err(ValueError::Nul);
    }
    let list = edition.map_or(List::None, |edition| edition.list);
    let mut elements = match (list, value) {
        (List::None, SettingValue::List(_)) => return Err(ValueError::NotAList),
        (List::Quoted, SettingValue::String(text)) => {
            let fold = matches!(
                name.to_ascii_lowercase().as_str(),
                "search_path" | "temp_tablespaces"
            );
            split(text, fold).ok_or_else(|| ValueError::ListSyntax {
                value: text.clone(),
            })?
        }
        _ => texts,
    };
    if elements.is_empty() {
        elements.push(String::new());
    }
    Ok(elements)
}

/// Takes a list in postgresql.conf's syntax apart.
fn split(text: &str, fold: bool) -> Option<Vec<String>> {
    let mut elements = Vec::new();
    let mut rest = text.trim_matches([' ', '\t', '\n', '\r', '\u{c}']);
    while !rest.is_empty() {
        let (element, after) = match rest.strip_prefix('"') {
            Some(quoted) => until_quote(quoted)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (name, after) = rest.split_at_checked(end)?;
                let name = name.trim_end();
                (
                    if fold {
                        name.to_ascii_lowercase()
                    } else {
                        name.to_owned()
                    },
                    after,
                )
            }
        };
        if element.is_empty() {
            return None;
        }
        elements.push(element);
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(next) if !next.trim_start().is_empty() => next.trim_start(),
            Some(_) => return None,
            None if after.is_empty() => "",
            None => return None,
        };
    }
    Some(elements)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::lookup;
    use super::*;
    use crate::postgres::Version;

    fn written(name: &str, value: SettingValue) -> Result<String, ValueError> {
        let parameter = lookup(name).unwrap();
        literals(name, parameter.at(Version::NEWEST), &value).map(|literals| literals.join(", "))
    }

    #[test]
    fn names_become_literals_of_their_own() {
        let text = |text: &str| SettingValue::String(text.to_owned());
        assert_eq!(
            written("search_path", text("App, \"Other, one\" ,public")).unwrap(),
            "'app', 'Other, one', 'public'"
        );
        assert_eq!(
            written("session_preload_libraries", text("$libdir/A")).unwrap(),
            "'$libdir/A'"
        );
        assert_eq!(written("search_path", text("")).unwrap(), "''");
        assert_eq!(
            written(
                "search_path",
                SettingValue::List(vec!["A b".into(), "it's".into()])
            )
            .unwrap(),
            "'A b', 'it''s'"
        );
        assert_eq!(
            written("DateStyle", text("ISO, DMY")).unwrap(),
            "'ISO, DMY'"
        );
        assert_eq!(
            written("work_mem", SettingValue::Integer(64)).unwrap(),
            "'64'"
        );
        assert_eq!(written("jit", SettingValue::Bool(false)).unwrap(), "'off'");
    }

    #[test]
    fn broken_lists_are_refused() {
        for text in ["a,,b", "a,", ",a", "\"a", "\"a\" b", "\"\""] {
            assert!(
                matches!(
                    written("search_path", SettingValue::String(text.to_owned())),
                    Err(ValueError::ListSyntax { .. })
                ),
                "{text}"
            );
        }
        assert_eq!(
            written("work_mem", SettingValue::List(vec!["1".into()])),
            Err(ValueError::NotAList)
        );
        assert_eq!(
            written("application_name", SettingValue::String("a\0".into())),
            Err(ValueError::Nul)
        );
    }
}
