//! `pg_hba.conf`: records to rules.

use std::sync::Arc;

use super::tokenize::{self, Field, Files, Token};
use super::{
    Address, ConnectionType, DatabaseToken, Method, Rule, UserToken, address, options, pattern,
};

/// A record that the server refuses; it then refuses the whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1, where the record begins in its file.
    pub line: u32,
    /// The included file that holds the record; nothing for the main file.
    pub file: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// Reads `pg_hba.conf` as a server of that major version does (14 to 18).
///
/// Without `files`, an `@file` stays a [`DatabaseToken::File`] or [`UserToken::File`], and an `include` record is an error
/// that says that it is not followed. A file with any error is refused by the server as a whole; so is one without rules.
pub fn parse(text: &str, version: u8, files: Option<&dyn Files>) -> (Vec<Rule>, Vec<ParseError>) {
    let mut rules = Vec::new();
    let mut errors = Vec::new();
    for record in tokenize::tokenize(text, version, files) {
        let (line, file) = (record.line, record.file);
        match record.fields.and_then(|fields| rule(&fields, version)) {
            Ok(rule) => rules.push(Rule { line, file, ..rule }),
            Err(message) => errors.push(ParseError {
                line,
                file,
                message,
            }),
        }
    }
    (rules, errors)
}

fn rule(fields: &[Field], version: u8) -> Result<Rule, String> {
    let mut fields = fields.iter();
    let connection = &single(fields.next(), "connection type")?.text;
    let connection = ConnectionType::from_keyword(connection)
        .ok_or_else(|| format!("`{connection}` is no connection type"))?;
    let databases = many(fields.next(), "database")?;
    let databases: Arc<[_]> = databases
        .iter()
        .map(|token| DatabaseToken::read(token, version))
        .collect();
    let users = many(fields.next(), "user")?;
    let users: Arc<[_]> = users
        .iter()
        .map(|token| UserToken::read(token, version))
        .collect();
    check_patterns(&databases, &users)?;
    let address = match connection {
        ConnectionType::Local => None,
        _ => Some(read_address(&mut fields)?),
    };
    let word = &single(fields.next(), "authentication method")?.text;
    let method = Method::from_keyword(word, version)
        .ok_or_else(|| format!("`{word}` is no authentication method of PostgreSQL {version}"))?;
    // The server's own compatibility rule: an ident server cannot be asked about a socket.
    let method = if connection == ConnectionType::Local && method == Method::Ident {
        Method::Peer
    } else {
        method
    };
    if !method.fits(connection) {
        return Err(format!(
            "method `{word}` does not fit `{}`",
            connection.keyword()
        ));
    }
    let options = fields.flatten().map(option).collect::<Result<_, _>>()?;
    let rule = Rule {
        connection,
        databases,
        users,
        address,
        method,
        options,
        line: 0,
        file: None,
    };
    match options::problem(&rule) {
        Some(problem) => Err(problem),
        None => Ok(rule),
    }
}

fn check_patterns(databases: &[DatabaseToken], users: &[UserToken]) -> Result<(), String> {
    let databases = databases.iter().filter_map(|token| match token {
        DatabaseToken::Regex(pattern) => Some(pattern),
        _ => None,
    });
    let users = users.iter().filter_map(|token| match token {
        UserToken::Regex(pattern) => Some(pattern),
        _ => None,
    });
    databases
        .chain(users)
        .try_for_each(|pattern| pattern::check(pattern))
}

fn option(token: &Token) -> Result<(String, String), String> {
    if token.unfollowed {
        return Err(format!(
            "`@{}` among the options is not followed",
            token.text
        ));
    }
    let (name, value) = token
        .text
        .split_once('=')
        .ok_or_else(|| format!("`{}` is not of the form name=value", token.text))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn read_address<'a>(fields: &mut impl Iterator<Item = &'a Field>) -> Result<Address, String> {
    let token = single(fields.next(), "address")?;
    match token.text.as_str() {
        "all" if !token.quoted => return Ok(Address::All),
        "samehost" if !token.quoted => return Ok(Address::SameHost),
        "samenet" if !token.quoted => return Ok(Address::SameNet),
        _ => {}
    }
    let (host, prefix) = match token.text.split_once('/') {
        Some((host, prefix)) => (host, Some(prefix)),
        None => (token.text.as_str(), None),
    };
    let Some(ip) = address::numeric(host) else {
        return match prefix {
            Some(_) => Err(format!(
                "`{}` is a host name with a prefix length",
                token.text
            )),
            None if host.starts_with('.') => Ok(Address::Suffix(host.to_owned())),
            None => Ok(Address::HostName(host.to_owned())),
        };
    };
    if let Some(text) = prefix {
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let prefix = text
            .trim_start()
            .parse::<i64>()
            .ok()
            .filter(|prefix| (0..=most).contains(prefix));
        return match prefix.and_then(|prefix| u8::try_from(prefix).ok()) {
            Some(prefix) => Ok(Address::Net { ip, prefix }),
            None => Err(format!("`{text}` is no prefix length for `{host}`")),
        };
    }
    let mask = single(fields.next(), "netmask")?;
    let mask =
        address::numeric(&mask.text).ok_or_else(|| format!("`{}` is no netmask", mask.text))?;
    Address::masked(ip, mask)
        .ok_or_else(|| format!("the netmask `{mask}` is of another family than `{ip}`"))
}

pub(super) fn single<'a>(field: Option<&'a Field>, what: &str) -> Result<&'a Token, String> {
    match field.map(Vec::as_slice) {
        Some([token]) if token.unfollowed => {
            Err(format!("`@{}` as the {what} is not followed", token.text))
        }
        Some([token]) => Ok(token),
        Some([_, _, ..]) => Err(format!("more than one {what}")),
        _ => Err(format!("the line ends before the {what}")),
    }
}

fn many<'a>(field: Option<&'a Field>, what: &str) -> Result<&'a Field, String> {
    field.ok_or_else(|| format!("the line ends before the {what}"))
}
