//! Names of databases, roles, schemas, and of what is in them.

use std::fmt;
use std::sync::Arc;

/// The longest name that a server keeps, in bytes (manual: "Identifiers and Key Words"; NAMEDATALEN - 1).
pub const MAX_BYTES: usize = 63;

/// An SQL name, exactly as the server stores it: 1 to 63 bytes without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(Arc<str>);

/// Why a text is no [`Identifier`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing at all.
    #[error("a name cannot be empty")]
    Empty,
    /// The server would cut it silently, so that two names can become one.
    #[error("the name is {bytes} bytes long, PostgreSQL keeps {MAX_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// What the server would make of it.
        truncated: String,
    },
    /// NUL cannot be in an SQL text; other control characters, line and paragraph separators break the files that names go into.
    #[error("the name has the control character U+{:04X}", *.character as u32)]
    Control {
        /// The first of them.
        character: char,
        /// Its place in the name, in bytes.
        offset: usize,
    },
}

// Equality and order are those of the text, so that a map of identifiers can be asked by a text.
impl std::borrow::Borrow<str> for Identifier {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Identifier {
    /// Takes a name exactly as written; nothing is folded to lower case.
    ///
    /// # Errors
    /// See [`IdentifierError`]; a control character is told before the length.
    pub fn new(name: &str) -> Result<Identifier, IdentifierError> {
        if name.is_empty() {
            return Err(IdentifierError::Empty);
        }
        // Most names are plain, which is seen without taking them apart into characters.
        let plain = name.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let mut characters = name.char_indices();
        if !plain && let Some((offset, character)) = characters.find(|(_, c)| breaks_lines(*c)) {
            return Err(IdentifierError::Control { character, offset });
        }
        if name.len() > MAX_BYTES {
            return Err(IdentifierError::TooLong {
                bytes: name.len(),
                truncated: truncate(name).to_owned(),
            });
        }
        Ok(Identifier(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Identifier {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// What the server keeps of a name: at most 63 bytes, cut between characters.
pub fn truncate(name: &str) -> &str {
    let mut end = name.len().min(MAX_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or(name)
}

fn breaks_lines(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Whether the server refuses to create a role of this name even when it is quoted: `public`, `none`, and what begins with `pg_`
/// (manual: CREATE ROLE, "Predefined Roles"). `current_user`, `session_user`, `user` are fine once quoted.
pub fn is_reserved_role(name: &str) -> bool {
    matches!(name, "public" | "none") || name.starts_with("pg_")
}

/// Whether the server refuses to create a schema of this name (manual: CREATE SCHEMA).
pub fn is_reserved_schema(name: &str) -> bool {
    name.starts_with("pg_") || name == "information_schema"
}

/// Whether `initdb` makes a database of this name (manual: "Template Databases").
pub fn is_system_database(name: &str) -> bool {
    matches!(name, "postgres" | "template0" | "template1")
}

/// Whether pg_hba.conf and pg_ident.conf read this name, quoted or not, as a regular expression: it begins with `/` (from PostgreSQL
/// 16 on; manual: "The pg_hba.conf File").
pub fn is_hba_regex(name: &str) -> bool {
    name.starts_with('/')
}

/// Whether NixOS can be given this name in `services.postgresql.ensureDatabases` and `ensureUsers`.
///
/// The module (nixpkgs: nixos/modules/services/databases/postgresql.nix) writes the name unescaped into a shell script, once within
/// double quotes and an SQL literal, once within single quotes and a quoted SQL name. Either kind of quote, a backslash, `$`, a
/// backquote or `!` could end one of them or start an expansion. Letters and digits of any script, `_`, `-`, `.` and a space are
/// inert in all of them; nothing else is let through, so that no later change of the script can find a meaning in it.
pub fn is_safe_in_ensure_databases(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_bytes() {
        assert!(Identifier::new(&"a".repeat(63)).is_ok());
        assert_eq!(
            Identifier::new(&format!("{}é", "a".repeat(62))),
            Err(IdentifierError::TooLong {
                bytes: 64,
                truncated: "a".repeat(62)
            })
        );
        assert_eq!(
            Identifier::new(&"é".repeat(40)),
            Err(IdentifierError::TooLong {
                bytes: 80,
                truncated: "é".repeat(31)
            })
        );
    }

    #[test]
    fn control_characters_and_line_separators_are_refused() {
        for character in [
            '\0', '\n', '\r', '\t', '\u{7f}', '\u{85}', '\u{2028}', '\u{2029}',
        ] {
            assert_eq!(
                Identifier::new(&format!("ab{character}c")),
                Err(IdentifierError::Control {
                    character,
                    offset: 2
                })
            );
        }
        assert_eq!(Identifier::new(""), Err(IdentifierError::Empty));
        assert_eq!(
            IdentifierError::Control {
                character: '\n',
                offset: 0
            }
            .to_string(),
            "the name has the control character U+000A"
        );
    }

    #[test]
    fn a_name_is_kept_as_written() {
        let name = Identifier::new("My \"Data\" Ünïcode").unwrap();
        assert_eq!(name.as_str(), "My \"Data\" Ünïcode");
        assert_eq!(format!("{name:>20}").chars().count(), 20);
    }

    #[test]
    fn reserved_roles_are_those_that_a_server_refuses() {
        for name in ["public", "none", "pg_x", "pg_", "pg_monitor"] {
            assert!(is_reserved_role(name), "{name}");
        }
        for name in [
            "Public",
            "PG_x",
            "user",
            "current_user",
            "session_user",
            "all",
            "postgres",
            "pgx",
        ] {
            assert!(!is_reserved_role(name), "{name}");
        }
    }

    #[test]
    fn what_ends_a_quote_or_starts_an_expansion_is_unsafe_in_the_nixos_script() {
        for name in ["immich", "my-db", "v1.2_x", "größe", "two words"] {
            assert!(is_safe_in_ensure_databases(name), "{name}");
        }
        for name in [
            "",
            "a'b",
            "a\"b",
            "a\\b",
            "$a",
            "`a`",
            "a!b",
            "a\nb",
            "a;b",
            "a%b",
            "a{b",
            "a&b",
            ":a",
            "a\u{2028}b",
        ] {
            assert!(!is_safe_in_ensure_databases(name), "{name}");
        }
    }
}
