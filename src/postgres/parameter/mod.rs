//! Server parameters: what they are, where they can be set, which values a server takes.
//!
//! The facts are in `table.tsv`, taken from `pg_settings` of real servers of each major; `tests/postgres_parameters.rs` compares them
//! again. Values are decided as the server decides them, with these exceptions, which only a server can decide:
//! - what depends on the operating system: `lc_*`, `TimeZone`, `log_timezone`, `timezone_abbreviations`, the stack limit behind
//!   `max_stack_depth`, support for huge pages, `posix_fadvise` behind `effective_io_concurrency`, the libraries it was built with
//!   (LZ4, Zstandard, liburing: taken as present, as in nixpkgs);
//! - what depends on other parameters or on what exists: roles, tablespaces, text search configurations, the four
//!   `log_*_stats`, `recovery_target*`;
//! - the own syntax of string parameters other than those named in `text.rs`.

use super::identifier::MAX_BYTES;

mod error;
mod list;
mod number;
mod table;
mod text;
mod unit;
mod value;

pub use error::ValueError;
pub use list::{SettingValue, elements, literals};
pub use table::{Edition, Parameter, lookup, nearest};
pub use value::check_value;

/// Where a parameter can be set (manual: "pg_settings", column `context`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Never: it tells something.
    Internal,
    /// In postgresql.conf, with a restart.
    Postmaster,
    /// In postgresql.conf, with a reload.
    Sighup,
    /// When a connection starts, by a superuser.
    SuperuserBackend,
    /// When a connection starts.
    Backend,
    /// Anywhere, by a superuser.
    Superuser,
    /// Anywhere.
    User,
}

/// What the values are.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// on or off.
    Bool,
    /// A whole number, in `unit` if there is one.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
        /// What one is.
        unit: Option<Unit>,
    },
    /// A number, in `unit` if there is one.
    Real {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
        /// What one is.
        unit: Option<Unit>,
    },
    /// Any text, or a text with a syntax of its own.
    String,
    /// One of a few words.
    Enum {
        /// Those that the manual names.
        values: Vec<&'static str>,
        /// Those that the server takes besides.
        hidden: Vec<&'static str>,
    },
}

pub use unit::Unit;

/// Whether a parameter holds several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// One value.
    None,
    /// Several, separated by commas within one text.
    Plain,
    /// Several names, each written as a literal of its own: one literal `'a, b'` would be the one name `a, b`.
    Quoted,
}

/// What a name of a parameter is.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup {
    /// A parameter of PostgreSQL or of one of its own modules.
    Known(&'static Parameter),
    /// A parameter of some extension: simple names joined by dots (manual: "Customized Options"), none longer than a name can be.
    Custom,
    /// One of dbgen's own, in which it remembers what is done.
    Reserved,
    /// The prefix belongs to a module that has no such parameter.
    UnknownInModule(&'static str),
    /// None.
    Unknown,
}

impl Lookup {
    /// What this name is.
    pub fn of(name: &str) -> Lookup {
        if let Some(parameter) = lookup(name) {
            return Lookup::Known(parameter);
        }
        if !is_custom_name(name) {
            return Lookup::Unknown;
        }
        let prefix = name.split('.').next().unwrap_or(name);
        if prefix.eq_ignore_ascii_case("dbgen") {
            return Lookup::Reserved;
        }
        table::module(prefix).map_or(Lookup::Custom, Lookup::UnknownInModule)
    }
}

fn is_custom_name(name: &str) -> bool {
    let simple = |part: &str| {
        let mut bytes = part.bytes();
        bytes
            .next()
            .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || !b.is_ascii())
            && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$') || !b.is_ascii())
    };
    let fits = |part: &str| part.len() <= MAX_BYTES;
    name.contains('.') && name.split('.').all(|part| simple(part) && fits(part))
}

/// The present name of a parameter that a newer server also takes under its old one (manual: release notes).
pub fn renamed_to(name: &str) -> Option<&'static str> {
    const OLD: [(&str, &str); 4] = [
        ("force_parallel_mode", "debug_parallel_query"),
        ("sort_mem", "work_mem"),
        ("ssl_ecdh_curve", "ssl_groups"),
        ("vacuum_mem", "maintenance_work_mem"),
    ];
    OLD.iter()
        .find(|(old, _)| old.eq_ignore_ascii_case(name))
        .map(|(_, new)| *new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_dot_are_custom_unless_a_known_module_owns_the_prefix() {
        assert_eq!(Lookup::of("app.user_id"), Lookup::Custom);
        assert_eq!(Lookup::of("a.b.c$"), Lookup::Custom);
        assert_eq!(Lookup::of("ä.ö"), Lookup::Custom);
        let long = "b".repeat(63);
        assert_eq!(Lookup::of(&format!("{long}.{long}")), Lookup::Custom);
        assert_eq!(Lookup::of(&format!("a.{long}b")), Lookup::Unknown);
        assert_eq!(Lookup::of(&format!("{long}b.a")), Lookup::Unknown);
        assert_eq!(Lookup::of("Dbgen.fingerprint"), Lookup::Reserved);
        assert_eq!(
            Lookup::of("auto_explain.nosuch"),
            Lookup::UnknownInModule("auto_explain")
        );
        assert!(matches!(
            Lookup::of("auto_explain.log_timing"),
            Lookup::Known(_)
        ));
        for name in [
            "nosuch", "", ".", "a.", ".a", "a..b", "a.1", "1.a", "a.b-c", "a.$", "a. b", "a.b'c",
        ] {
            assert_eq!(Lookup::of(name), Lookup::Unknown, "{name}");
        }
    }

    #[test]
    fn old_names_lead_to_the_new_ones() {
        assert_eq!(lookup("sort_mem").map(|p| p.name), Some("work_mem"));
        assert_eq!(
            renamed_to("Force_Parallel_Mode"),
            Some("debug_parallel_query")
        );
    }
}
