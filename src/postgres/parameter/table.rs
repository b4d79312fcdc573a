//! The table of parameters, searched in its text: nothing is parsed before it is asked for.

use std::sync::{LazyLock, OnceLock};

use super::{Context, Kind, List, Unit, renamed_to};
use crate::postgres::Version;

/// One line per parameter and range of majors in which all facts are equal, sorted by the name in lower case. Columns: name, first
/// major, last major, context, type, list, unit, least, greatest, words (`|` before those that the manual does not name), module.
const TABLE: &str = include_str!("table.tsv");

/// A parameter of PostgreSQL or of one of the modules that come with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The name as the manual spells it.
    pub name: &'static str,
    /// The module that defines it; without one it is there in every server.
    pub module: Option<&'static str>,
    editions: Vec<Edition>,
}

/// The facts of a parameter in some majors.
#[derive(Clone, Debug, PartialEq)]
pub struct Edition {
    /// The first of the majors.
    pub since: Version,
    /// The last of them.
    pub until: Version,
    /// Where it can be set.
    pub context: Context,
    /// What the values are.
    pub kind: Kind,
    /// Whether there can be several.
    pub list: List,
}

impl Parameter {
    /// The first major that has it, among those known.
    pub fn since(&self) -> Version {
        self.editions.first().map_or(Version::OLDEST, |e| e.since)
    }

    /// The last major that has it, among those known.
    pub fn until(&self) -> Version {
        self.editions.last().map_or(Version::NEWEST, |e| e.until)
    }

    /// The facts of each range of majors, oldest first; at least one.
    pub fn editions(&self) -> &[Edition] {
        &self.editions
    }

    /// The facts in this major, if it has the parameter.
    pub fn at(&self, version: Version) -> Option<&Edition> {
        self.editions
            .iter()
            .find(|edition| (edition.since..=edition.until).contains(&version))
    }

    /// Whether `ALTER DATABASE ... SET` and `ALTER ROLE ... SET` take it, run by a superuser. Parameters that belong to the start of a
    /// connection (`log_connections`, `post_auth_delay`, ...) are refused there, whatever the manual's table of contexts suggests; so
    /// are two that must come before the first query of a transaction.
    pub fn settable_per_database_or_role(&self) -> bool {
        !matches!(
            self.name,
            "transaction_isolation" | "transaction_deferrable"
        ) && self
            .editions
            .iter()
            .all(|edition| matches!(edition.context, Context::User | Context::Superuser))
    }

    /// Whether several names are written as several literals, in every major that has it.
    pub fn is_quoted_list(&self) -> bool {
        self.editions
            .iter()
            .all(|edition| edition.list == List::Quoted)
    }
}

/// The lines of one parameter, read when it is first asked for.
struct Row {
    name: &'static str,
    lines: &'static str,
    parameter: OnceLock<Option<Parameter>>,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let lines: Vec<&str> = TABLE.split_inclusive('\n').collect();
    let mut start = 0;
    let rows = lines
        .chunk_by(|a, b| name_of(a) == name_of(b))
        .map(|lines| {
            let end = start + lines.iter().map(|line| line.len()).sum::<usize>();
            let row = Row {
                name: name_of(lines[0]),
                lines: &TABLE[start..end],
                parameter: OnceLock::new(),
            };
            start = end;
            row
        });
    rows.collect()
});

fn name_of(line: &str) -> &str {
    line.split_once('\t').map_or(line, |(name, _)| name)
}

/// Finds a parameter by its name, in whatever case, or by an old name that servers still take.
pub fn lookup(name: &str) -> Option<&'static Parameter> {
    let row = row(name).or_else(|| row(renamed_to(name)?))?;
    row.parameter.get_or_init(|| read_row(row)).as_ref()
}

fn row(name: &str) -> Option<&'static Row> {
    let key = |text: &'static str| text.bytes().map(|byte| byte.to_ascii_lowercase());
    let wanted = || name.bytes().map(|byte| byte.to_ascii_lowercase());
    let at = ROWS.binary_search_by(|row| key(row.name).cmp(wanted()));
    ROWS.get(at.ok()?)
}

fn read_row(row: &Row) -> Option<Parameter> {
    let mut module = None;
    let mut editions = Vec::new();
    for line in row.lines.lines() {
        let (edition, owner) = read(line.split('\t').skip(1))?;
        module = owner;
        editions.push(edition);
    }
    Some(Parameter {
        name: row.name,
        module,
        editions,
    })
}

/// The name nearest to one that does not exist.
pub fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let limit = (name.chars().count() / 4).max(1);
    names()
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= limit)
        .map(|candidate| {
            (
                strsim::osa_distance(&name, &candidate.to_ascii_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| (1..=limit).contains(distance))
        .min()
        .map(|(_, candidate)| candidate)
}

/// The module that owns this prefix of names.
pub(super) fn module(prefix: &str) -> Option<&'static str> {
    TABLE.lines().find_map(|line| {
        let (owner, _) = line.split('\t').next()?.split_once('.')?;
        owner.eq_ignore_ascii_case(prefix).then_some(owner)
    })
}

fn names() -> impl Iterator<Item = &'static str> {
    TABLE.lines().map(name_of)
}

fn read(mut row: impl Iterator<Item = &'static str>) -> Option<(Edition, Option<&'static str>)> {
    let mut next = || row.next();
    let since = Version::new(next()?.parse().ok()?)?;
    let until = Version::new(next()?.parse().ok()?)?;
    let context = match next()? {
        "internal" => Context::Internal,
        "postmaster" => Context::Postmaster,
        "sighup" => Context::Sighup,
        "superuser-backend" => Context::SuperuserBackend,
        "backend" => Context::Backend,
        "superuser" => Context::Superuser,
        "user" => Context::User,
        _ => return None,
    };
    let kind = next()?;
    let list = match next()? {
        "-" => List::None,
        "list" => List::Plain,
        "quoted" => List::Quoted,
        _ => return None,
    };
    let unit = Unit::named(next()?);
    let (min, max) = (next()?, next()?);
    let words = next()?;
    let kind = match kind {
        "bool" => Kind::Bool,
        "string" => Kind::String,
        "integer" => Kind::Integer {
            min: min.parse().unwrap_or(i64::MIN),
            max: max.parse().unwrap_or(i64::MAX),
            unit,
        },
        "real" => Kind::Real {
            min: min.parse().unwrap_or(f64::MIN),
            // pg_settings shows DBL_MAX with six digits.
            max: max
                .parse()
                .ok()
                .filter(|max| *max < 1.79e308)
                .unwrap_or(f64::MAX),
            unit,
        },
        "enum" => {
            let (values, hidden) = words.split_once('|').unwrap_or((words, ""));
            Kind::Enum {
                values: values.split(',').collect(),
                hidden: hidden.split(',').filter(|word| !word.is_empty()).collect(),
            }
        }
        _ => return None,
    };
    let module = Some(next()?).filter(|module| *module != "-");
    Some((
        Edition {
            since,
            until,
            context,
            kind,
            list,
        },
        module,
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_by_its_name_and_read_whole() {
        let mut lines = 0;
        for name in names() {
            let parameter = lookup(&name.to_ascii_uppercase()).unwrap();
            assert_eq!(parameter.name, name);
            assert!(
                parameter.editions.is_sorted_by(|a, b| a.until < b.since),
                "{name}"
            );
            assert_eq!(name.contains('.'), parameter.module.is_some(), "{name}");
            lines += 1;
        }
        assert_eq!(lines, TABLE.lines().count());
        assert!(TABLE.lines().all(|line| line.split('\t').count() == 11));
        let lower: Vec<_> = names().map(str::to_ascii_lowercase).collect();
        assert!(lower.is_sorted());
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for name in ["", "work_me", "work_memo", "\n", "work_mem\t14", "zzz", "A"] {
            assert_eq!(lookup(name), None, "{name:?}");
        }
    }

    #[test]
    fn facts_differ_between_majors() {
        let compression = lookup("wal_compression").unwrap();
        assert_eq!(compression.at(Version::OLDEST).unwrap().kind, Kind::Bool);
        assert!(matches!(
            compression.at(Version::NEWEST).unwrap().kind,
            Kind::Enum { .. }
        ));
        let timeout = lookup("transaction_timeout").unwrap();
        assert_eq!(timeout.since().major(), 17);
        assert_eq!(timeout.at(Version::OLDEST), None);
        assert_eq!(
            lookup("old_snapshot_threshold").unwrap().until().major(),
            16
        );
    }

    #[test]
    fn only_what_the_server_takes_is_settable_per_database() {
        for name in [
            "work_mem",
            "search_path",
            "log_statement",
            "auto_explain.log_timing",
            "role",
        ] {
            assert!(
                lookup(name).unwrap().settable_per_database_or_role(),
                "{name}"
            );
        }
        for name in [
            "shared_buffers",
            "log_connections",
            "post_auth_delay",
            "ignore_system_indexes",
            "server_encoding",
            "transaction_isolation",
            "autovacuum",
        ] {
            assert!(
                !lookup(name).unwrap().settable_per_database_or_role(),
                "{name}"
            );
        }
    }

    #[test]
    fn a_near_miss_finds_its_name() {
        assert_eq!(nearest("work_men"), Some("work_mem"));
        assert_eq!(nearest("Statment_Timeout"), Some("statement_timeout"));
        assert_eq!(nearest("timezon"), Some("TimeZone"));
        assert_eq!(nearest("completely_different"), None);
        assert_eq!(nearest(""), None);
    }
}
