//! Where statements begin in a text of SQL (manual: "Lexical Structure").

/// The words and signs of each statement, words in upper case. A quoted name is `"`, a text is `'`; the statements of a function's body
/// belong to the function's.
pub fn statements(sql: &str) -> Vec<Vec<String>> {
    let mut statements = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut rest = sql;
    // Open parentheses, and where in the words the body of a function begins.
    let mut depth = 0_usize;
    let mut body: Option<usize> = None;
    while let Some(first) = rest.chars().next() {
        let (token, after) = rest.split_at(token(rest));
        rest = after;
        match first {
            ';' if depth == 0 && body.is_none() => {
                statements.push(std::mem::take(&mut words));
                continue;
            }
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if token.starts_with("--") || token.starts_with("/*") || first.is_whitespace() {
            continue;
        }
        let quoted = match first {
            _ if is_word(first) && !token.contains('\'') => None,
            '"' => Some('"'),
            '$' if token.len() > 1 => Some('\''),
            _ if token.contains('\'') => Some('\''),
            _ => None,
        };
        words.push(match quoted {
            Some(quote) => quote.to_string(),
            None => token.to_ascii_uppercase(),
        });
        match words.as_slice() {
            [.., begin, atomic] if begin == "BEGIN" && atomic == "ATOMIC" => {
                body = Some(words.len())
            }
            // Within the body `END` stands behind `;`, or else ends a CASE.
            [.., before, end]
                if end == "END"
                    && body.is_some_and(|start| before == ";" || words.len() == start + 1) =>
            {
                body = None;
            }
            _ => {}
        }
    }
    statements.push(words);
    statements.retain(|words| !words.is_empty());
    statements
}

fn is_word(first: char) -> bool {
    first.is_alphabetic() || first == '_'
}

/// The length of the token that the text begins with; one that has no end goes to the end of the text.
fn token(text: &str) -> usize {
    if let Some(tag) = dollar_tag(text) {
        return through(text, tag.len(), tag);
    }
    match text.as_bytes() {
        [b'-', b'-', ..] => text.find('\n').unwrap_or(text.len()),
        [b'/', b'*', ..] => comment(text),
        [b'\'', ..] => through(text, 1, "'"),
        [b'"', ..] => through(text, 1, "\""),
        [b'e' | b'E', b'\'', ..] => escape_string(text),
        _ if text.starts_with(is_word) => text
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))
            .unwrap_or(text.len()),
        _ => text.chars().next().map_or(0, char::len_utf8),
    }
}

/// Up to and with the first `end` that does not stand before `from`.
fn through(text: &str, from: usize, end: &str) -> usize {
    let found = text.get(from..).and_then(|inner| inner.find(end));
    found.map_or(text.len(), |at| from + at + end.len())
}

/// `$tag$` at the start.
fn dollar_tag(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('$')?;
    let end = inner.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    let is_tag = inner[end..].starts_with('$') && !inner.starts_with(|c: char| c.is_ascii_digit());
    is_tag.then(|| &text[..end + 2])
}

/// Comments lie in one another.
fn comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(two) = text.as_bytes().get(at..at + 2) {
        match two {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn escape_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(2) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'\'' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::statements;

    fn first_words(sql: &str) -> Vec<String> {
        let words = statements(sql).into_iter();
        words
            .map(|words| words.into_iter().take(2).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn each_statement_has_its_first_words() {
        let sql = "begin;\n-- COMMIT;\n  create  table t(a int default 1); /* ; /* x */ ROLLBACK */ Vacuum";
        assert_eq!(first_words(sql), ["BEGIN", "CREATE TABLE", "VACUUM"]);
        for nothing in ["", " ; ;", "-- x", "/* ; */"] {
            let words = first_words(nothing);
            assert!(words.is_empty(), "{nothing}: {words:?}");
        }
    }

    #[test]
    fn what_is_quoted_begins_no_statement() {
        for quoted in [
            "'; COMMIT; ''; COMMIT'",
            "\"; COMMIT; \"\"; COMMIT\"",
            "$$; COMMIT; $$",
            "$a$; COMMIT; $$ $b$ ; COMMIT; $a$",
            "E'\\'; COMMIT; '",
            "$1",
        ] {
            let sql = format!("SELECT {quoted}; DROP TABLE t");
            let words = first_words(&sql);
            assert!(
                words.len() == 2 && words[1] == "DROP TABLE",
                "{quoted}: {words:?}"
            );
        }
    }

    #[test]
    fn the_body_of_a_function_belongs_to_it() {
        let sql = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; COMMIT";
        assert_eq!(first_words(sql), ["CREATE FUNCTION", "COMMIT"]);
        let sql = "CREATE PROCEDURE p() BEGIN ATOMIC END; END";
        assert_eq!(first_words(sql), ["CREATE PROCEDURE", "END"]);
        let sql = "CREATE RULE r AS ON INSERT TO t DO (NOTIFY a; NOTIFY b); SELECT (1)";
        assert_eq!(first_words(sql), ["CREATE RULE", "SELECT ("]);
    }

    #[test]
    fn what_has_no_end_goes_to_the_end() {
        for open in ["'", "\"", "$$", "$a$", "/*", "/* /* */", "--", "E'\\"] {
            let sql = format!("SELECT {open} ; COMMIT");
            assert_eq!(first_words(&sql).len(), 1, "{open}");
        }
    }
}
