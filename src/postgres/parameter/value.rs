//! Whether a server takes a value.

use super::{
    Edition, Kind, Parameter, SettingValue, ValueError, list, lookup, number, renamed_to, text,
};
use crate::postgres::Version;

/// Decides as the server of `version` does; without one, whether any major that has the parameter takes the value.
///
/// # Errors
/// Why not; without a version, why the newest one does not.
pub fn check_value(
    parameter: &Parameter,
    value: &SettingValue,
    version: Option<Version>,
) -> Result<(), ValueError> {
    let Some(version) = version else {
        let mut verdict = Err(ValueError::Nul);
        for edition in parameter.editions() {
            verdict = check(parameter.name, edition, value);
            if verdict.is_ok() {
                return Ok(());
            }
        }
        return verdict;
    };
    if let Some(edition) = parameter.at(version) {
        return check(parameter.name, edition, value);
    }
    let renamed = renamed_to(parameter.name).and_then(lookup);
    match renamed
        .as_ref()
        .and_then(|new| Some((new.name, new.at(version)?)))
    {
        Some((name, edition)) => check(name, edition, value),
        None => Err(ValueError::NotInVersion {
            version,
            since: parameter.since(),
            until: parameter.until(),
        }),
    }
}

fn check(name: &str, edition: &Edition, value: &SettingValue) -> Result<(), ValueError> {
    let text = list::elements(name, Some(edition), value)?.join(", ");
    match &edition.kind {
        Kind::Bool if is_boolean(&text) => Ok(()),
        Kind::Bool => Err(ValueError::NotBoolean { value: text }),
        Kind::Integer { min, max, unit } => {
            let number = number::integer(&text, *unit)?;
            within(text, number, *min as f64, *max as f64, *unit)?;
            text::check_integer(name, number)
        }
        Kind::Real { min, max, unit } => {
            let number = number::real(&text, *unit)?;
            within(text, number, *min, *max, *unit)
        }
        Kind::String => text::check(name, &text),
        Kind::Enum { values, hidden } => {
            let mut words = values.iter().chain(hidden);
            if words.any(|word| word.eq_ignore_ascii_case(&text)) {
                return Ok(());
            }
            Err(ValueError::NotAccepted {
                value: text,
                accepted: values.clone(),
            })
        }
    }
}

fn within(
    value: String,
    number: f64,
    min: f64,
    max: f64,
    unit: Option<super::Unit>,
) -> Result<(), ValueError> {
    if (min..=max).contains(&number) {
        return Ok(());
    }
    Err(ValueError::OutOfRange {
        value,
        min,
        max,
        unit,
    })
}

/// Any beginning of a word that no other word has, in whatever case.
fn is_boolean(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let begins = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    begins("true", 1)
        || begins("false", 1)
        || begins("yes", 1)
        || begins("no", 1)
        || begins("on", 2)
        || begins("off", 2)
        || text == "1"
        || text == "0"
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn verdict(name: &str, value: &str, version: Option<i64>) -> Result<(), ValueError> {
        let parameter = lookup(name).unwrap();
        check_value(
            parameter,
            &SettingValue::String(value.to_owned()),
            version.and_then(Version::new),
        )
    }

    #[test]
    fn booleans_may_be_shortened_while_unique() {
        for value in ["on", "OFF", "of", "t", "FALS", "y", "n", "1", "0"] {
            assert_eq!(verdict("jit", value, None), Ok(()), "{value}");
        }
        for value in ["", "o", "ja", "2", " on", "onn", "true "] {
            assert!(verdict("jit", value, None).is_err(), "{value}");
        }
    }

    #[test]
    fn the_limits_belong_to_the_unit() {
        assert_eq!(verdict("work_mem", "64kB", None), Ok(()));
        assert_eq!(
            verdict("work_mem", "63kB", None).unwrap_err().to_string(),
            "`63kB` is outside the range 64 to 2147483647 (kB)"
        );
        assert!(verdict("work_mem", "3TB", None).is_err());
        assert_eq!(
            verdict("work_mem", "64mb", None).unwrap_err().to_string(),
            "`mb` is not a unit of this parameter (accepted: TB, GB, MB, kB, B)"
        );
    }

    #[test]
    fn the_major_decides() {
        assert_eq!(verdict("wal_compression", "lz4", Some(15)), Ok(()));
        assert!(verdict("wal_compression", "lz4", Some(14)).is_err());
        assert_eq!(verdict("wal_compression", "lz4", None), Ok(()));
        assert!(matches!(
            verdict("transaction_timeout", "1s", Some(16)),
            Err(ValueError::NotInVersion { .. })
        ));
        assert_eq!(verdict("force_parallel_mode", "on", Some(17)), Ok(()));
    }

    #[test]
    fn hidden_words_are_taken_but_not_told() {
        assert_eq!(verdict("synchronous_commit", "TRUE", None), Ok(()));
        assert_eq!(
            verdict("synchronous_commit", "maybe", None)
                .unwrap_err()
                .to_string(),
            "`maybe` is not accepted (accepted: local, remote_write, remote_apply, on, off)"
        );
    }

    #[test]
    fn native_values_are_checked_as_their_text() {
        let check = |name: &str, value: SettingValue| {
            check_value(lookup(name).unwrap(), &value, None).is_ok()
        };
        assert!(check("jit", SettingValue::Bool(true)));
        assert!(check("jit", SettingValue::Integer(1)));
        assert!(!check("jit", SettingValue::Integer(2)));
        assert!(check("random_page_cost", SettingValue::Float(1.1)));
        assert!(!check("random_page_cost", SettingValue::Float(f64::NAN)));
        assert!(!check("work_mem", SettingValue::Bool(true)));
        assert!(check(
            "pgcrypto.builtin_crypto_enabled",
            SettingValue::Bool(true)
        ));
        assert!(check(
            "search_path",
            SettingValue::List(vec!["a".into(), "b".into()])
        ));
    }
}
