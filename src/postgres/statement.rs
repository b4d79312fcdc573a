//! Where statements begin in a text of SQL (manual: "Lexical Structure").

/// The first two words of each statement, in upper case and with one blank between them.
pub fn first_words(sql: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    let mut at_start = true;
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (token, after) = rest.split_at(token(rest));
        rest = after;
        if first == ';' {
            statements.extend(joined(&words));
            words.clear();
            at_start = true;
        } else if is_word(first) && !token.contains('\'') {
            if at_start {
                words.push(token);
            }
            at_start = at_start && words.len() < 2;
        } else if !first.is_whitespace() && !token.starts_with("--") && !token.starts_with("/*") {
            at_start = false;
        }
    }
    statements.extend(joined(&words));
    statements
}

fn joined(words: &[&str]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(" ").to_ascii_uppercase())
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
    use super::first_words;

    #[test]
    fn each_statement_has_its_first_words() {
        let sql = "begin;\n-- COMMIT;\n  create  table t(a int default 1); /* ; /* x */ ROLLBACK */ Vacuum";
        assert_eq!(first_words(sql), ["BEGIN", "CREATE TABLE", "VACUUM"]);
        for nothing in ["", " ; ;", "(SELECT 1) UNION (SELECT 2)", "é; -- x"] {
            let words = first_words(nothing);
            assert!(words.is_empty() || words == ["é"], "{nothing}: {words:?}");
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
            assert_eq!(first_words(&sql), ["SELECT", "DROP TABLE"], "{quoted}");
        }
    }

    #[test]
    fn what_has_no_end_goes_to_the_end() {
        for open in ["'", "\"", "$$", "$a$", "/*", "/* /* */", "--", "E'\\"] {
            let sql = format!("SELECT {open} ; COMMIT");
            assert_eq!(first_words(&sql), ["SELECT"], "{open}");
        }
    }
}
