//! The second and third fields of a rule: databases and users.

use super::REGEX_SINCE;
use super::literal::{self, Unwritable};
use super::tokenize::Token;

/// One entry of a rule's database field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseToken {
    /// `all`: every database, but never a physical replication connection.
    All,
    /// `sameuser`: the database named like the user.
    SameUser,
    /// `samerole` (or `samegroup`): a database named like a role of which the user is a member.
    SameRole,
    /// `replication`: physical replication connections, and nothing else.
    Replication,
    /// Exactly this database, whatever its name looks like.
    Name(String),
    /// The databases that this regular expression finds a match in (16 and later). Without the leading `/`.
    Regex(String),
    /// `@file` that was not followed.
    File(String),
}

/// One entry of a rule's user field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserToken {
    /// `all`: every user.
    All,
    /// Exactly this user, whatever its name looks like.
    Name(String),
    /// `+role`: that role and its direct and indirect members. Being a superuser is no membership.
    Member(String),
    /// The users that this regular expression finds a match in (16 and later). Without the leading `/`.
    Regex(String),
    /// `@file` that was not followed.
    File(String),
}

impl DatabaseToken {
    /// The token that means exactly the database `name` on a server of `version`.
    ///
    /// From 16 a name that begins with `/` can only be written as an anchored regular expression, so that is what comes back.
    ///
    /// # Errors
    /// [`Unwritable`] for a name that no database has (empty, over 63 bytes) or that no line can hold.
    pub fn literal(name: &str, version: u8) -> Result<DatabaseToken, Unwritable> {
        literal::check_name(name)?;
        Ok(match literal::as_regex(name, version) {
            Some(pattern) => DatabaseToken::Regex(pattern),
            None => DatabaseToken::Name(name.to_owned()),
        })
    }

    pub(super) fn read(token: &Token, version: u8) -> DatabaseToken {
        let text = &token.text;
        if token.unfollowed {
            return DatabaseToken::File(text.clone());
        }
        if let Some(pattern) = text.strip_prefix('/').filter(|_| version >= REGEX_SINCE) {
            return DatabaseToken::Regex(pattern.to_owned());
        }
        match text.as_str() {
            "all" if !token.quoted => DatabaseToken::All,
            "sameuser" if !token.quoted => DatabaseToken::SameUser,
            "samerole" | "samegroup" if !token.quoted => DatabaseToken::SameRole,
            "replication" if !token.quoted => DatabaseToken::Replication,
            _ => DatabaseToken::Name(text.clone()),
        }
    }
}

impl UserToken {
    /// The token that means exactly the role `name` on a server of `version`; see [`DatabaseToken::literal`].
    ///
    /// # Errors
    /// [`Unwritable`] for a name that no role has (empty, over 63 bytes) or that no line can hold.
    pub fn literal(name: &str, version: u8) -> Result<UserToken, Unwritable> {
        literal::check_name(name)?;
        Ok(match literal::as_regex(name, version) {
            Some(pattern) => UserToken::Regex(pattern),
            None => UserToken::Name(name.to_owned()),
        })
    }

    pub(super) fn read(token: &Token, version: u8) -> UserToken {
        let text = &token.text;
        if token.unfollowed {
            return UserToken::File(text.clone());
        }
        if let Some(pattern) = text.strip_prefix('/').filter(|_| version >= REGEX_SINCE) {
            return UserToken::Regex(pattern.to_owned());
        }
        if let Some(role) = text.strip_prefix('+').filter(|_| !token.quoted) {
            return UserToken::Member(role.to_owned());
        }
        match text.as_str() {
            "all" if !token.quoted => UserToken::All,
            _ => UserToken::Name(text.clone()),
        }
    }
}
