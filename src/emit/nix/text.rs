//! Strings that Nix can hold, and how they are written.

use std::fmt;
use std::sync::Arc;

/// A string that Nix can hold: any Unicode text without U+0000.
///
/// Cloning is cheap: the text is shared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

/// A text holds U+0000, which no Nix string can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a Nix string can't hold the character U+0000 (byte {offset} of the text)")]
pub struct ContainsNul {
    /// Where the character is, in bytes.
    pub offset: usize,
}

impl Text {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

pub(super) fn check(text: &str) -> Result<(), ContainsNul> {
    match text.bytes().position(|byte| byte == 0) {
        Some(offset) => Err(ContainsNul { offset }),
        None => Ok(()),
    }
}

impl TryFrom<&str> for Text {
    type Error = ContainsNul;

    fn try_from(text: &str) -> Result<Self, ContainsNul> {
        check(text).map(|()| Self(text.into()))
    }
}

impl TryFrom<Arc<str>> for Text {
    type Error = ContainsNul;

    fn try_from(text: Arc<str>) -> Result<Self, ContainsNul> {
        check(&text).map(|()| Self(text))
    }
}

impl TryFrom<String> for Text {
    type Error = ContainsNul;

    fn try_from(text: String) -> Result<Self, ContainsNul> {
        check(&text).map(|()| Self(text.into()))
    }
}

pub(super) fn is_bare_name(name: &str) -> bool {
    let may_begin = |first: &u8| *first == b'_' || first.is_ascii_alphabetic();
    name.as_bytes().first().is_some_and(may_begin)
        && name.bytes().all(|byte| IN_NAME[usize::from(byte)])
        && !is_keyword(name)
}

/// The bytes that a bare name may have.
pub(super) const IN_NAME: [bool; 256] = {
    let mut in_name = [false; 256];
    let mut byte = 0;
    while byte < in_name.len() {
        let ascii = byte as u8;
        in_name[byte] = ascii.is_ascii_alphanumeric() || matches!(ascii, b'_' | b'\'' | b'-');
        byte += 1;
    }
    in_name
};

/// Nix's keywords, and `or`, which is one only in some places: quoting it is right in all of them.
pub(super) fn is_keyword(name: &str) -> bool {
    matches!(
        name,
        "if" | "then" | "else" | "assert" | "with" | "let" | "in" | "rec" | "inherit" | "or"
    )
}

/// Writes an attribute name, bare where Nix's grammar allows it.
pub(super) fn write_name<W: fmt::Write + ?Sized>(out: &mut W, name: &Text) -> fmt::Result {
    match is_bare_name(&name.0) {
        true => out.write_str(&name.0),
        false => write_string(out, &name.0),
    }
}

/// The bytes that may have to be escaped: most bytes are none of them, which one look-up tells.
const ESCAPED: [bool; 256] = {
    let mut escaped = [false; 256];
    let bytes = b"\"\\\n\r\t$";
    let mut at = 0;
    while at < bytes.len() {
        escaped[bytes[at] as usize] = true;
        at += 1;
    }
    escaped
};

/// Writes a string literal on one line.
pub(super) fn write_string<W: fmt::Write + ?Sized>(out: &mut W, text: &str) -> fmt::Result {
    out.write_char('"')?;
    let bytes = text.as_bytes();
    let next = |from: usize| {
        let rest = &bytes[from..];
        let found = rest.iter().position(|byte| ESCAPED[usize::from(*byte)])?;
        Some(from + found)
    };
    let (mut written, mut seen) = (0, 0);
    while let Some(at) = next(seen) {
        seen = at + 1;
        let escape = match bytes[at] {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            b'$' if bytes.get(seen) == Some(&b'{') => "\\$",
            _ => continue,
        };
        out.write_str(&text[written..at])?;
        out.write_str(escape)?;
        written = seen;
    }
    out.write_str(&text[written..])?;
    out.write_char('"')
}
