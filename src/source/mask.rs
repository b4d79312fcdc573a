//! Passwords that a person wrote into a declaration are shown to nobody: not on a terminal, not in a log of CI.

use std::collections::BTreeMap;

use super::{FileId, Sources, Span};

/// Names of keys whose text is taken for a password.
const KEYS: [&str; 3] = ["password", "passwd", "secret"];

impl Sources {
    /// Puts `*` in place of every byte at these places, so that whatever shows the text does not show it. Places stay right.
    pub fn mask(&mut self, places: impl IntoIterator<Item = Span>) {
        // Each file is written once, however many passwords it holds.
        let mut by_file: BTreeMap<FileId, Vec<(usize, usize)>> = BTreeMap::new();
        for place in places {
            let ranges = by_file.entry(place.file).or_default();
            ranges.push((place.start as usize, place.end as usize));
        }
        for (file, ranges) in by_file {
            if let Some(file) = self.files.get_mut(file.0 as usize) {
                file.text = masked(&file.text, &ranges);
            }
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
    let mut ranges = ranges.to_vec();
    ranges.sort_unstable();
    // Of ranges that overlap each byte is looked at once.
    let mut done = 0;
    for (start, end) in ranges {
        let end = end.min(bytes.len());
        for byte in &mut bytes[start.max(done).min(end)..end] {
            if !matches!(byte, b'\n' | b'\r' | b'"' | b'\'') {
                *byte = b'*';
            }
        }
        done = done.max(end);
    }
    // Whole characters were replaced, unless a place was wrong.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The strings that follow a key like `password`, without the key.
fn passwords(text: &str) -> Vec<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    let mut ranges = Vec::new();
    for key in KEYS {
        let mut ends = Ends::default();
        for (at, _) in lower.match_indices(key) {
            ranges.extend(string_after(text, at + key.len(), &mut ends));
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

/// Where the word and the line end that hold the place looked at last: many places share them.
#[derive(Default)]
struct Ends {
    word: usize,
    line: usize,
}

impl Ends {
    /// Moves to a place at or after the last one.
    fn move_to(&mut self, text: &str, at: usize) {
        if at > self.line {
            let length = text[at..].find('\n');
            self.line = length.map_or(text.len(), |length| at + length);
        }
        if at > self.word {
            let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let length = text[at..].find(|c| !in_word(c));
            self.word = length.map_or(text.len(), |length| at + length);
        }
    }
}

/// The string that is the value of the key whose name ends soon after `at`.
fn string_after(text: &str, at: usize, ends: &mut Ends) -> Option<(usize, usize)> {
    ends.move_to(text, at);
    let line_end = ends.line;
    let rest = &text[ends.word..line_end];
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
    use crate::source::{Format, SourceFile};

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
    fn ten_megabytes_of_one_line_are_masked_without_searching_all_for_each_password() {
        for piece in [
            "password",
            "password ",
            "password=\"x\" ",
            "password=\"\" ",
            "a://b:c@d ",
        ] {
            let text = piece.repeat((10 << 20) / piece.len());
            assert_eq!(seen(&text).len(), text.len());
        }
        let text = "password=\"x\" ".repeat(100_000);
        assert_eq!(seen(&text), "password=\"*\" ".repeat(100_000));
    }

    #[test]
    fn two_keys_in_one_word_mask_one_string() {
        assert_eq!(
            seen("secretPassword_1 = \"x\"\npassword\npasswordsecret: 'y'"),
            "secretPassword_1 = \"*\"\npassword\npasswordsecret: '*'"
        );
    }

    #[test]
    fn a_hundred_thousand_places_are_masked_at_once() {
        let file = |text: String| SourceFile {
            name: "x".into(),
            text,
            format: Format::Toml,
        };
        let mut sources = Sources::default();
        let (_, line) = (sources.add(file("b".into())), "key = \"abc\"\n");
        let id = sources.add(file(line.repeat(100_000)));
        let places =
            (0..100_000).map(|at| Span::new(id, at * line.len() + 7, at * line.len() + 10));
        sources.mask(places);
        assert_eq!(sources.file(id).text, "key = \"***\"\n".repeat(100_000));
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
