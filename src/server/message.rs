//! What psql writes to standard error, without what only the author of a script needs.

/// How the program ends where something failed; that has been told before. The word for an error is of the server's language.
const END: &str = ":  see above";

/// What psql says beside the failed connection that has ended it.
const UNFINISHED: &str = "closing \\endif(s)";

/// What the connection to a database failed with, where the line tells that.
pub(super) fn refused_connection(line: &str) -> Option<&str> {
    line.strip_prefix("\\connect: ")
}

/// Whether libpq had no answer in the time that it has for a connection. It says so in English under the locale C only.
pub(crate) fn is_unanswered(told: &str) -> bool {
    told.contains("timeout expired")
}

/// A line without the script's name and line number, and without the word for psql's own errors: `psql:<stdin>:12: ERROR:  x` and
/// `psql: error: x` become `ERROR:  x` and `x`. Nothing, when nobody needs the line.
pub(super) fn cleaned(line: &str) -> Option<&str> {
    let text = without_place(line);
    let text = text.strip_prefix("dbgen: ").unwrap_or(text);
    (!text.ends_with(END) && !text.contains(UNFINISHED)).then_some(text)
}

fn without_place(line: &str) -> &str {
    let Some(rest) = line.strip_prefix("psql:") else {
        return line;
    };
    let rest = match rest.strip_prefix("<stdin>:") {
        Some(numbered) => numbered.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let rest = rest.strip_prefix(':').unwrap_or(rest).trim_start();
    rest.strip_prefix("error: ").unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_place_in_the_script_goes() {
        for (line, cleaned_line) in [
            ("psql:<stdin>:12: ERROR:  no", "ERROR:  no"),
            (
                "psql: error: connection to server failed: x",
                "connection to server failed: x",
            ),
            ("psql:<stdin>:3: error: \\connect: x", "\\connect: x"),
            ("dbgen: not everything", "not everything"),
            ("\tIs the server running?", "\tIs the server running?"),
            (
                "DETAIL:  psql:<stdin>:1: stays",
                "DETAIL:  psql:<stdin>:1: stays",
            ),
        ] {
            assert_eq!(cleaned(line), Some(cleaned_line));
        }
        assert_eq!(cleaned("psql:<stdin>:9: ERROR:  see above"), None);
    }
}
