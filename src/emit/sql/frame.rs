//! The text of the program: its parts put together, and the placeholders of a text filled.

use crate::postgres::quote::quote_dollar;

/// The start of the script.
pub const HEAD: &str = include_str!("../../../templates/provision/head.sql");
/// One part of the server: its roles, its databases, the contents of one of them.
pub const SCOPE: &str = include_str!("../../../templates/provision/scope.sql");
/// What of the server's roles and databases is not as declared.
pub const OBSTACLES: &str = include_str!("../../../templates/provision/obstacles.sql");
/// Whether the database can be used.
pub const READY: &str = include_str!("../../../templates/provision/ready.sql");
/// The databases that are missing.
pub const CREATION: &str = include_str!("../../../templates/provision/creation.sql");
/// One of them is created.
pub const CREATION_OF_ONE: &str = include_str!("../../../templates/provision/creation_of_one.sql");
/// What is the same for all databases.
pub const AROUND: &str = include_str!("../../../templates/provision/around.sql");
/// The way to a database.
pub const CONNECT: &str = include_str!("../../../templates/provision/connect.sql");
/// The end of the script.
pub const TAIL: &str = include_str!("../../../templates/provision/tail.sql");

const ENGINE: &str = include_str!("../../../templates/provision/engine.sql");
const ROLES: &str = include_str!("../../../templates/provision/roles.sql");
const DATABASES: &str = include_str!("../../../templates/provision/databases.sql");
const CONTENTS: &str = include_str!("../../../templates/provision/contents.sql");
const FIXED: &str = include_str!("../../../templates/provision/fixed.sql");
const WAY: &str = include_str!("../../../templates/provision/way.sql");
const SCRAM: &str = include_str!("../../../templates/provision/scram.sql");
const SESSION: &str = include_str!("../../../templates/provision/session.sql");
const WORK: &str = include_str!("../../../templates/provision/work.sql");
const REPORT: &str = include_str!("../../../templates/provision/report.sql");
const CREATE: &str = include_str!("../../../templates/provision/create.sql");
const CREATED: &str = include_str!("../../../templates/provision/created.sql");
const ROUTE: &str = include_str!("../../../templates/provision/route.sql");
const GATE: &str = include_str!("../../../templates/provision/gate.sql");
const NO_GATE: &str = include_str!("../../../templates/provision/no_gate.sql");
const QUICK_GATE: &str = include_str!("../../../templates/provision/quick_gate.sql");
const FIRST_GATE: &str = include_str!("../../../templates/provision/first_gate.sql");
const ROLES_FINGERPRINT: &str = include_str!("../../../templates/provision/fingerprint_roles.sql");
const DATABASES_FINGERPRINT: &str =
    include_str!("../../../templates/provision/fingerprint_databases.sql");
const CONTENTS_FINGERPRINT: &str =
    include_str!("../../../templates/provision/fingerprint_contents.sql");
const NAMES: &str = include_str!("../../../templates/provision/names_of_roles.sql");
const PARAMETERS: &str = include_str!("../../../templates/provision/parameters.sql");
const VERSIONS: &str = include_str!("../../../templates/provision/versions.sql");

/// The key of the lock that keeps a second run waiting: `dbgen` in ASCII.
pub const LOCK: &str = "431147672942";

/// The programs, and the texts that are run several times: SQL constants, which psql keeps in variables.
pub struct Programs(Vec<(&'static str, String)>);

impl Programs {
    /// Put together; the session has these values.
    pub fn new(session: &[(&str, &str)]) -> Programs {
        let names = NAMES.trim_end();
        let sum_of_names = format!("SELECT sum(hash) FROM ({names}) AS roles(hash)");
        let databases = |parameters: &str| {
            let values = [("role_names", names), ("parameters", parameters.trim_end())];
            filled(DATABASES_FINGERPRINT, &values)
        };
        let contents = |versions: &str| {
            let versions = ("versions", versions.trim_end());
            filled(
                CONTENTS_FINGERPRINT,
                &[("sum_of_names", &sum_of_names), versions],
            )
        };
        let texts = [
            ("roles_program", program(ROLES)),
            ("databases_program", program(DATABASES)),
            ("contents_program", program(CONTENTS)),
            ("session", filled(SESSION, session)),
            ("work", WORK.to_owned()),
            ("report", REPORT.to_owned()),
            ("create", CREATE.to_owned()),
            ("created", CREATED.to_owned()),
            ("route", ROUTE.to_owned()),
            ("gate", GATE.to_owned()),
            ("no_gate", NO_GATE.to_owned()),
            ("quick_gate", QUICK_GATE.to_owned()),
            ("first_gate", FIRST_GATE.to_owned()),
            ("roles_fingerprint", ROLES_FINGERPRINT.to_owned()),
            ("databases_fingerprint", databases("")),
            (
                "databases_fingerprint_with_parameters",
                databases(PARAMETERS),
            ),
            ("contents_fingerprint", contents("")),
            ("contents_fingerprint_with_versions", contents(VERSIONS)),
            ("sum_of_names", sum_of_names),
        ];
        Programs(
            texts
                .into_iter()
                .map(|(name, text)| (name, quote_dollar(&text, "dbgen_part")))
                .collect(),
        )
    }

    /// The values of the placeholders for them.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, text)| (*name, text.as_str()))
    }

    /// One of them.
    pub fn text(&self, name: &str) -> &str {
        self.values()
            .find_map(|(known, text)| (known == name).then_some(text))
            .unwrap_or_default()
    }
}

/// The engine around a difference.
fn program(difference: &str) -> String {
    let difference = with_part(difference, "-- @scram", SCRAM);
    let difference = with_part(&difference, "-- @fixed", FIXED);
    let difference = with_part(&difference, "-- @way", WAY);
    with_part(ENGINE, "-- @difference", &difference)
}

/// The text with another in place of each line that is the mark.
fn with_part(text: &str, mark: &str, part: &str) -> String {
    let mut out = String::with_capacity(text.len() + part.len());
    for line in text.split_inclusive('\n') {
        out.push_str(match line.trim() == mark {
            true => part,
            false => line,
        });
    }
    out
}

/// The text with its `@placeholders@` replaced.
fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    fill(&mut out, text, values);
    out
}

/// Adds the text to `out`, with its `@placeholders@` replaced. What replaces them is not looked at again, so that data
/// can't name a placeholder.
pub fn fill(out: &mut String, text: &str, values: &[(&str, &str)]) {
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let found = values.iter().find_map(|(name, value)| {
            let after = from[1..].strip_prefix(name)?.strip_prefix('@')?;
            Some((value, after))
        });
        rest = match found {
            Some((value, after)) => {
                out.push_str(value);
                after
            }
            None => {
                out.push('@');
                &from[1..]
            }
        };
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        let mut out = String::new();
        fill(
            &mut out,
            "a@b @name@ @x@ @name",
            &[("x", "@name@"), ("name", "n@x@")],
        );
        assert_eq!(out, "a@b n@x@ @name@ @name");
    }

    #[test]
    fn a_program_is_one_block_without_marks() {
        for part in [ROLES, DATABASES, CONTENTS] {
            let program = program(part);
            assert_eq!(program.matches("$dbgen$").count(), 2);
            assert!(program.starts_with("DO $dbgen$\n"));
            assert!(program.ends_with("$dbgen$;\n"));
            assert!(!program.contains("-- @"), "a mark is left");
        }
    }
}
