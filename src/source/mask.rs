//! Passwords that a person wrote into a declaration are shown to nobody: not on a terminal, not in a log of CI.

use super::{Sources, Span};

/// Names of keys whose text is taken for a password.
const KEYS: [&str; 3] = ["password", "passwd", "secret"];

impl Sources {
    /// Puts `*` in place of every byte at `span`, so that whatever shows the text does not show it. Places stay right.
    pub fn mask(&mut self, span: Span) {
        if let Some(file) = self.files.get_mut(span.file.0 as usize) {
            file.text = masked(&file.text, &[(span.start as usize, span.end as usize)]);
        }
    }

    /// Masks what looks like a password in any file, also where a syntax error kept the file from being read: a string
    /// after a key whose name has `password` or the like in it, up to its end or the end of the line.
    pub fn mask_passwords(&mut self) {
        for file in &mut self.files {
            let ranges = passwords(&file.text);
            if !ranges.is_empty() {
                file.text = masked(&file.text, &ranges);
            }
        }
    }
}

fn masked(text: &str, ranges: &[(usize, usize)]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for &(start, end) in ranges {
        let end = end.min(bytes.len());
        for byte in &mut bytes[start.min(end)..end] {
            if !matches!(byte, b'\n' | b'\r' | b'"' | b'\'') {
                *byte = b'*';
            }
        }
    }
    // Whole characters were replaced, unless a place was wrong.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The strings that follow a key like `password`, without the key.
fn passwords(text: &str) -> Vec<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    let mut ranges = Vec::new();
    for key in KEYS {
        for (at, _) in lower.match_indices(key) {
            ranges.extend(string_after(text, at + key.len()));
        }
    }
    ranges.extend(
        text.match_indices("://")
            .filter_map(|(at, mark)| in_url(text, at + mark.len())),
    );
    ranges
}

/// The password of a URL whose authority begins at `at`.
fn in_url(text: &str, at: usize) -> Option<(usize, usize)> {
    let rest = &text[at..];
    let authority = &rest[..rest.find(['/', '"', '\'', '\n', ' ']).unwrap_or(rest.len())];
    let end = authority.rfind('@')?;
    let start = authority[..end].find(':')? + 1;
    Some((at + start, at + end))
}

/// The string that is the value of the key whose name ends soon after `at`.
fn string_after(text: &str, at: usize) -> Option<(usize, usize)> {
    let line_end = text[at..]
        .find('\n')
        .map_or(text.len(), |length| at + length);
    let line = &text[at..line_end];
    let rest =
        line.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest).trim_start();
    let value = rest.strip_prefix(['=', ':'])?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let start = line_end - value.len();
    let inner = &value[1..];
    let end = inner
        .find(quote)
        .filter(|end| *end > 0)
        .map_or(line_end, |end| start + 1 + end);
    Some((start + 1, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> String {
        masked(text, &passwords(text))
    }

    #[test]
    fn the_string_after_a_key_like_password_is_masked() {
        assert_eq!(
            seen("password = \"hunter2\"\nname = \"a\""),
            "password = \"*******\"\nname = \"a\""
        );
        assert_eq!(
            seen("{ \"initialPassword\": \"pä\" }"),
            "{ \"initialPassword\": \"***\" }"
        );
        assert_eq!(seen("userPassword_1='x y' # z"), "userPassword_1='***' # z");
    }

    #[test]
    fn an_unclosed_string_is_masked_to_the_end_of_the_line() {
        assert_eq!(
            seen("password = \"hunter2\nuser = \"u\""),
            "password = \"*******\nuser = \"u\""
        );
    }

    #[test]
    fn the_password_in_a_url_is_masked() {
        assert_eq!(
            seen("url = \"postgresql://a:hunter2@localhost:5432/a\""),
            "url = \"postgresql://a:*******@localhost:5432/a\""
        );
        let without = "url = \"postgresql://a@localhost:5432/a\"";
        assert_eq!(seen(without), without);
    }

    #[test]
    fn sources_of_passwords_stay_readable() {
        for text in [
            "password = { file = \"/run/x\" }",
            "password.sops = \"name\"",
            "# the password",
        ] {
            assert_eq!(seen(text), text);
        }
    }
}
