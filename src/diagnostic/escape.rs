//! Characters of the input that must not reach a terminal or a log as they are.

use std::fmt::Write as _;

/// Whether a terminal or a log viewer would obey `c`, or show nothing for it, instead of showing it: controls
/// (C0, DEL, C1), line and paragraph separators, and the invisible and bidirectional format characters
/// (Unicode TR36, section 2.5 and TR9, section 2).
pub(super) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` on one line, each hostile character in visible form: `\n`, `\u{202e}`.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_visible(&mut out, c);
    }
    out
}

/// Appends `c`, in visible form if it is hostile.
pub(super) fn push_visible(out: &mut String, c: char) {
    if is_hostile(c) {
        out.extend(c.escape_default())
    } else {
        out.push(c)
    }
}

/// `text` with its line breaks, every other hostile character in visible form. Tabs become four spaces.
pub(crate) fn visible_lines(text: &str) -> impl Iterator<Item = String> {
    text.lines()
        .map(|line| visible(&line.replace('\t', "    ")))
}

/// A JSON document with hostile characters as `\uXXXX`, which changes no value: what is left of them in a
/// serialized document stands inside strings, except the line breaks of its layout.
pub(super) fn json(document: &str) -> String {
    let mut out = String::with_capacity(document.len() + 1);
    for c in document.chars() {
        if c != '\n' && is_hostile(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_bidirectional_characters_become_visible() {
        assert_eq!(
            visible("a\x1b[31m\u{9b}\u{202e}\u{2028}\r\nb"),
            r"a\u{1b}[31m\u{9b}\u{202e}\u{2028}\r\nb"
        );
    }

    #[test]
    fn ordinary_text_of_any_script_stays() {
        assert_eq!(
            visible("naïve Ελλάδα 日本 \\ '\""),
            "naïve Ελλάδα 日本 \\ '\""
        );
    }

    #[test]
    fn a_json_document_keeps_its_value() {
        let value = serde_json::json!("\u{9b}\u{202e}\u{e0001}\x7f\n");
        let escaped = json(&value.to_string());
        assert_eq!(escaped, r#""\u009b\u202e\udb40\udc01\u007f\n""#);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&escaped).ok(),
            Some(value)
        );
    }
}
