//! What a line of `pg_hba.conf` or `pg_ident.conf` can hold, and how it is quoted.

use super::REGEX_SINCE;
use crate::postgres::quote::quote_token;

/// The longest name of a database or a role, in bytes (`NAMEDATALEN` - 1).
const LONGEST_NAME: usize = 63;

/// Why something cannot be written so that the server reads it back as itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// An empty name, which would be read but can never match.
    #[error("the name is empty")]
    Empty,
    /// A name longer than any database or role has.
    #[error("`{name}` has {bytes} bytes; the longest name has {LONGEST_NAME}")]
    TooLong {
        /// The name.
        name: String,
        /// Its length in bytes.
        bytes: usize,
    },
    /// A quoted field that this server refuses for its length.
    #[error("a field of {bytes} bytes is longer than the {most} that this server reads")]
    FieldTooLong {
        /// The length in bytes.
        bytes: usize,
        /// What the server reads.
        most: usize,
    },
    /// A newline or another control character.
    #[error("`{}` contains a control character", .text.escape_debug())]
    Control {
        /// The text that contains it.
        text: String,
    },
    /// From 16 a name that begins with `/` is read as a regular expression, quoted or not.
    #[error("`{name}` begins with `/`, which PostgreSQL 16 and later read as a regular expression; write it as the regular expression `{}`", escape(.name))]
    Slash {
        /// The name.
        name: String,
    },
    /// Regular expressions in this place are read from 16 on.
    #[error("the regular expression `{pattern}` is read as a plain name before PostgreSQL 16")]
    Regex {
        /// The pattern.
        pattern: String,
    },
    /// The field has no entry.
    #[error("the rule names no {0}")]
    Missing(&'static str),
    /// An address with `local`, or none with a `host` record.
    #[error("a `local` rule has no address, every other rule has one")]
    Address,
    /// The text would be read as another kind of address.
    #[error("`{0}` is not read as a host name")]
    HostName(String),
    /// An option name that would not be read as itself.
    #[error("`{0}` is no option name")]
    OptionName(String),
    /// A record that this version reads as an inclusion.
    #[error("`{0}` with one more field is read as an inclusion from PostgreSQL 16")]
    Inclusion(String),
}

/// The longest quoted token in bytes. Until 15 a token lives in a fixed buffer, whose last bytes are for the closing quote
/// and the end; from 16 there is no limit.
pub(super) fn longest_token(version: u8) -> Option<usize> {
    (version < REGEX_SINCE).then_some(super::tokenize::TOKEN_BUFFER - 2)
}

pub(super) fn check_name(name: &str) -> Result<(), Unwritable> {
    if name.is_empty() {
        return Err(Unwritable::Empty);
    }
    if name.len() > LONGEST_NAME {
        return Err(Unwritable::TooLong {
            name: name.to_owned(),
            bytes: name.len(),
        });
    }
    check_text(name)
}

pub(super) fn check_text(text: &str) -> Result<(), Unwritable> {
    // Outside ASCII the control characters are U+0080 to U+009F.
    let may = text.bytes().any(|byte| !(b' '..0x7f).contains(&byte));
    if may && text.chars().any(char::is_control) {
        return Err(Unwritable::Control {
            text: text.to_owned(),
        });
    }
    Ok(())
}

/// The pattern that stands for `name` where the name itself would be read as a pattern.
pub(super) fn as_regex(name: &str, version: u8) -> Option<String> {
    (version >= REGEX_SINCE && name.starts_with('/')).then(|| escape(name))
}

/// An anchored pattern that matches `name` and nothing else. A backslash before an ASCII character that is neither letter
/// nor digit always means that character (manual, "Regular Expression Escapes").
pub(super) fn escape(name: &str) -> String {
    let mut pattern = String::from("^");
    for character in name.chars() {
        if character.is_ascii_punctuation()
            && !matches!(character, '/' | '_' | '-' | '@' | '"' | ',')
        {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('$');
    pattern
}

/// `text` in quotes: no keyword, no `+`, no `@`, no comment, one token.
pub(super) fn quote(text: &str, version: u8, out: &mut String) -> Result<(), Unwritable> {
    check_quoted(text, version)?;
    out.push_str(&quote_token(text));
    Ok(())
}

/// Whether `text` can stand in quotes.
pub(super) fn check_quoted(text: &str, version: u8) -> Result<(), Unwritable> {
    check_text(text)?;
    if let Some(most) = longest_token(version).filter(|most| text.len() > *most) {
        return Err(Unwritable::FieldTooLong {
            bytes: text.len(),
            most,
        });
    }
    Ok(())
}
