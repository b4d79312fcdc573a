//! The syntax of string parameters that have one and can be set per database, and of numbers that are further limited.

use super::ValueError;
use crate::postgres::locale::Encoding;

/// Whether the server takes the text; parameters that are not named here take any.
pub(super) fn check(name: &str, text: &str) -> Result<(), ValueError> {
    let refuse = |accepted: &[&'static str]| ValueError::NotAccepted {
        value: text.to_owned(),
        accepted: accepted.to_vec(),
    };
    let words = |accepted: &[&'static str], exclusive: &[&'static str]| {
        if exclusive.iter().any(|word| word.eq_ignore_ascii_case(text)) {
            return Ok(());
        }
        let all = text.trim().is_empty()
            || text.split(',').all(|word| {
                accepted
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(word.trim()))
            });
        if all {
            Ok(())
        } else {
            Err(refuse(&[accepted, exclusive].concat()))
        }
    };
    match name {
        "client_encoding" if Encoding::client(text).is_none() => Err(refuse(&[])),
        "default_table_access_method" if text.is_empty() => Err(refuse(&[])),
        "plpgsql.extra_errors" | "plpgsql.extra_warnings" => words(
            &[
                "shadowed_variables",
                "too_many_rows",
                "strict_multi_assignment",
            ],
            &["all", "none"],
        ),
        "wal_consistency_checking" => words(
            &[
                "all", "heap2", "heap", "btree", "hash", "gin", "gist", "sequence", "spgist",
                "brin", "generic",
            ],
            &[],
        ),
        "createrole_self_grant" => words(&["set", "inherit"], &[]),
        "restrict_nonsystem_relation_kind" => words(&["view", "foreign-table"], &[]),
        "backtrace_functions"
            if !text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_, \n\t".contains(&b)) =>
        {
            Err(refuse(&[]))
        }
        "DateStyle" if !is_date_style(text) => Err(refuse(&[
            "ISO", "SQL", "Postgres", "German", "YMD", "DMY", "MDY", "default",
        ])),
        _ => Ok(()),
    }
}

/// One style and one order at most, each as often as one likes (`check_datestyle` in the server's variable.c).
fn is_date_style(text: &str) -> bool {
    let (mut style, mut order) = (None, None);
    let agrees = |known: &mut Option<&'static str>, said| *known.get_or_insert(said) == said;
    text.trim().is_empty()
        || text.split(',').all(|word| {
            let word = word.trim().to_ascii_lowercase();
            let bare = word
                .strip_prefix('"')
                .and_then(|word| word.strip_suffix('"'));
            match bare.unwrap_or(&word) {
                "iso" => agrees(&mut style, "iso"),
                "sql" => agrees(&mut style, "sql"),
                "german" => agrees(&mut style, "german"),
                word if word.starts_with("postgres") => agrees(&mut style, "postgres"),
                "ymd" => agrees(&mut order, "ymd"),
                "dmy" => agrees(&mut order, "dmy"),
                "mdy" | "us" => agrees(&mut order, "mdy"),
                word if word.starts_with("euro") => agrees(&mut order, "dmy"),
                word if word.starts_with("noneuro") => agrees(&mut order, "mdy"),
                "default" => true,
                _ => false,
            }
        })
}

/// Numbers that the server refuses although they are within the limits of `pg_settings`.
pub(super) fn check_integer(name: &str, number: f64) -> Result<(), ValueError> {
    let (least, unit) = match name {
        "vacuum_buffer_usage_limit" => (128.0, super::Unit::Kilobyte),
        // Banks of 16 pages.
        "commit_timestamp_buffers"
        | "multixact_member_buffers"
        | "multixact_offset_buffers"
        | "notify_buffers"
        | "serializable_buffers"
        | "subtransaction_buffers"
        | "transaction_buffers"
            if number % 16.0 != 0.0 =>
        {
            return Err(ValueError::NotMultiple {
                value: number.to_string(),
                step: 16,
            });
        }
        _ => return Ok(()),
    };
    if number == 0.0 || number >= least {
        return Ok(());
    }
    Err(ValueError::OutOfRange {
        value: number.to_string(),
        min: least,
        max: 16_777_216.0,
        unit: Some(unit),
    })
}

#[cfg(test)]
mod tests {
    use super::is_date_style;

    /// As PostgreSQL 15 and 18 have it.
    #[test]
    fn a_date_style_has_one_style_and_one_order() {
        for text in [
            "",
            "ISO, ISO",
            "ISO,DMY,DMY",
            "German, MDY",
            "SQL,European",
            "NonEuro,MDY",
            "US,MDY",
            "default,ISO",
            "default,default",
            "MDY,default",
            "Postgresql",
            "Europeanx",
            "noneuropx",
            "\"ISO\", MDY",
        ] {
            assert!(is_date_style(text), "{text}");
        }
        for text in [
            "Postgres, SQL",
            "iso,dmy,mdy",
            "US,Euro",
            "German,SQL",
            "ymd,dmy",
            "default,MDY,DMY",
            "ISO,",
            ",ISO",
            "ISO MDY",
            "eur",
            "usx",
            "isox",
            "Germanx",
        ] {
            assert!(!is_date_style(text), "{text}");
        }
    }
}
