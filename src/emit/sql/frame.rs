//! The text of the program: its parts put together, and the placeholders of a text filled.

/// The script around the programs.
pub const FRAME: &str = include_str!("../../../templates/provision/frame.sql");
const ENGINE: &str = include_str!("../../../templates/provision/engine.sql");
const ROLES: &str = include_str!("../../../templates/provision/roles.sql");
const DATABASES: &str = include_str!("../../../templates/provision/databases.sql");
const CONTENTS: &str = include_str!("../../../templates/provision/contents.sql");
const SCRAM: &str = include_str!("../../../templates/provision/scram.sql");
const SESSION: &str = include_str!("../../../templates/provision/session.sql");
const REPORT: &str = include_str!("../../../templates/provision/report.sql");
const ROUTE: &str = include_str!("../../../templates/provision/route.sql");
const GATE: &str = include_str!("../../../templates/provision/gate.sql");
const STAMP: &str = include_str!("../../../templates/provision/stamp.sql");
const VERSIONS: &str = include_str!("../../../templates/provision/versions.sql");
const FINGERPRINT: &str = include_str!("../../../templates/provision/fingerprint.sql");

/// Ends what is repeated for each database.
const END: &str = "-- @end";

/// Starts what is repeated for each database.
const EACH: &str = "-- @each database";

/// The key of the lock that keeps a second run waiting: `dbgen` in ASCII.
pub const LOCK: &str = "431147672942";

/// What stands for the engine around each difference, and for the texts that are run several times: SQL constants, which
/// psql keeps in variables.
pub struct Programs {
    pub roles: String,
    pub databases: String,
    pub contents: String,
    pub session: String,
    pub report: String,
    pub gate: String,
    pub gate_with_versions: String,
    pub route: String,
}

impl Programs {
    /// Put together; the session has these values.
    pub fn new(values: &[(&str, &str)]) -> Programs {
        let mut session = String::new();
        fill(&mut session, SESSION, values);
        Programs {
            roles: dollar_quote(&program(ROLES, "")),
            databases: dollar_quote(&program(DATABASES, "")),
            contents: dollar_quote(&program(CONTENTS, &with_fingerprint(STAMP, VERSIONS))),
            session: dollar_quote(&session),
            report: dollar_quote(REPORT),
            gate: dollar_quote(&with_fingerprint(GATE, "")),
            gate_with_versions: dollar_quote(&with_fingerprint(GATE, VERSIONS)),
            route: dollar_quote(ROUTE),
        }
    }
}

/// The engine around a difference, and what it does when nothing is different any more.
fn program(difference: &str, finish: &str) -> String {
    let difference = with_part(difference, "-- @scram", SCRAM);
    let engine = with_part(ENGINE, "-- @finish", finish);
    with_part(&engine, "-- @difference", &difference)
}

/// The text with the query of a database's fingerprint, which costs less without the versions of extensions.
fn with_fingerprint(text: &str, versions: &str) -> String {
    let mut fingerprint = String::with_capacity(FINGERPRINT.len() + versions.len());
    fill(
        &mut fingerprint,
        FINGERPRINT.trim_end(),
        &[("versions", versions.trim_end())],
    );
    let mut out = String::with_capacity(text.len() + fingerprint.len());
    fill(&mut out, text, &[("fingerprint", &fingerprint)]);
    out
}

/// The text as an SQL constant in which nothing is escaped.
fn dollar_quote(text: &str) -> String {
    let mut tag = String::from("$dbgen_part$");
    while text.contains(&tag) {
        tag.insert(1, '_');
    }
    format!("{tag}{text}{tag}")
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

/// A piece of the frame.
pub enum Piece<'a> {
    Once(&'a str),
    EachDatabase(&'a str),
}

/// The pieces of the frame.
pub fn pieces(frame: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = frame;
    while let Some((once, repeated)) = split_at_line(rest, EACH) {
        let (repeated, after) = split_at_line(repeated, END).unwrap_or((repeated, ""));
        pieces.push(Piece::Once(once));
        pieces.push(Piece::EachDatabase(repeated));
        rest = after;
    }
    pieces.push(Piece::Once(rest));
    pieces
}

/// What stands before and after the line.
fn split_at_line<'a>(text: &'a str, line: &str) -> Option<(&'a str, &'a str)> {
    let mut start = 0;
    for candidate in text.split_inclusive('\n') {
        let end = start + candidate.len();
        if candidate.trim() == line {
            return Some((&text[..start], &text[end..]));
        }
        start = end;
    }
    None
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
    fn no_tag_of_a_dollar_quote_stands_in_what_it_quotes() {
        for part in [ROLES, DATABASES, CONTENTS] {
            let program = program(part, &with_fingerprint(STAMP, VERSIONS));
            assert_eq!(program.matches("$dbgen$").count(), 2);
            assert!(program.starts_with("DO $dbgen$\n"));
            assert!(program.ends_with("$dbgen$;\n"));
            assert!(!program.contains("-- @"), "a mark is left");
        }
        assert_eq!(dollar_quote("a"), "$dbgen_part$a$dbgen_part$");
        assert_eq!(
            dollar_quote("$dbgen_part$"),
            "$_dbgen_part$$dbgen_part$$_dbgen_part$"
        );
    }

    #[test]
    fn a_frame_is_its_pieces() {
        let frame = "a\n-- @each database\nb\n-- @end\nc\n";
        let texts = pieces(frame).into_iter().map(|piece| match piece {
            Piece::Once(text) => ("once", text),
            Piece::EachDatabase(text) => ("each", text),
        });
        assert_eq!(
            texts.collect::<Vec<_>>(),
            [("once", "a\n"), ("each", "b\n"), ("once", "c\n")]
        );
    }
}
