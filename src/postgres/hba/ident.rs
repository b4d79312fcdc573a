//! `pg_ident.conf`: which system user may be which database user (manual, "User Name Maps").

use super::literal::{self, Unwritable};
use super::parse::{ParseError, single};
use super::tokenize::{self, Field, Files, Token};
use super::{REGEX_SINCE, pattern};

/// One record of `pg_ident.conf`. Unlike rules, maps are tried until one allows the login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentMap {
    /// The map's name, as a rule's `map` option gives it.
    pub map: String,
    /// Whom the method found outside.
    pub system_user: SystemUser,
    /// As whom that user may log in.
    pub database_user: DatabaseUser,
    /// The line, from 1, where the record begins in its file; 0 for a map that no file holds.
    pub line: u32,
    /// The included file that holds the record; nothing for the main file.
    pub file: Option<String>,
}

/// The second field of a map.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SystemUser {
    /// Exactly this name.
    Name(String),
    /// A regular expression, in every version, quoted or not. Without the leading `/`.
    Regex(String),
}

/// The third field of a map.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DatabaseUser {
    /// `all`: any (16 and later).
    All,
    /// This name; after [`SystemUser::Regex`], a first `\1` stands for what the first parentheses matched.
    Name(String),
    /// `+role`: that role and its members (16 and later).
    Member(String),
    /// A regular expression (16 and later). Without the leading `/`.
    Regex(String),
}

impl SystemUser {
    /// The token that means exactly `name`; a name that begins with `/` needs an anchored regular expression.
    ///
    /// # Errors
    /// [`Unwritable`] for an empty name or one that no line can hold.
    pub fn literal(name: &str) -> Result<SystemUser, Unwritable> {
        literal::check_text(name)?;
        if name.is_empty() {
            return Err(Unwritable::Empty);
        }
        Ok(if name.starts_with('/') {
            SystemUser::Regex(literal::escape(name))
        } else {
            SystemUser::Name(name.to_owned())
        })
    }
}

impl DatabaseUser {
    /// The token that means exactly the role `name` on a server of `version`, beside a [`SystemUser::Name`].
    ///
    /// # Errors
    /// [`Unwritable`] for a name that no role has or that no line can hold.
    pub fn literal(name: &str, version: u8) -> Result<DatabaseUser, Unwritable> {
        literal::check_name(name)?;
        Ok(match literal::as_regex(name, version) {
            Some(pattern) => DatabaseUser::Regex(pattern),
            None => DatabaseUser::Name(name.to_owned()),
        })
    }

    fn read(token: &Token, version: u8) -> DatabaseUser {
        let name = DatabaseUser::Name(token.text.clone());
        if version < REGEX_SINCE {
            return name;
        }
        match token.text.chars().next() {
            Some('/') => DatabaseUser::Regex(token.text[1..].to_owned()),
            Some('+') if !token.quoted => DatabaseUser::Member(token.text[1..].to_owned()),
            _ if !token.quoted && token.text == "all" => DatabaseUser::All,
            _ => name,
        }
    }
}

/// Reads `pg_ident.conf` as a server of that major version does (14 to 18); see [`super::parse`].
pub fn parse_ident(
    text: &str,
    version: u8,
    files: Option<&dyn Files>,
) -> (Vec<IdentMap>, Vec<ParseError>) {
    let mut maps = Vec::new();
    let mut errors = Vec::new();
    for record in tokenize::tokenize(text, version, files) {
        let (line, file) = (record.line, record.file);
        match record.fields.and_then(|fields| map(&fields, version)) {
            Ok(map) => maps.push(IdentMap { line, file, ..map }),
            Err(message) => errors.push(ParseError {
                line,
                file,
                message,
            }),
        }
    }
    (maps, errors)
}

/// Fields after the third are passed over, as the server does.
fn map(fields: &[Field], version: u8) -> Result<IdentMap, String> {
    let map = single(fields.first(), "map name")?.text.clone();
    let system = &single(fields.get(1), "system user")?.text;
    let system_user = match system.strip_prefix('/') {
        Some(pattern) => SystemUser::Regex(pattern.to_owned()),
        None => SystemUser::Name(system.clone()),
    };
    let database_user = DatabaseUser::read(single(fields.get(2), "database user")?, version);
    if let SystemUser::Regex(pattern) = &system_user {
        pattern::check(pattern)?;
    }
    if let DatabaseUser::Regex(pattern) = &database_user {
        pattern::check(pattern)?;
    }
    Ok(IdentMap {
        map,
        system_user,
        database_user,
        line: 0,
        file: None,
    })
}
