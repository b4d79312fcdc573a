//! Rules and maps to lines that the server reads back as the same rules and maps.

use super::literal::{Unwritable, quote};
use super::{
    Address, ConnectionType, DatabaseToken, DatabaseUser, IdentMap, REGEX_SINCE, Rule, SystemUser,
    UserToken,
};
use super::{address, pattern};

/// The rule as one line for a server of `version`, without a line end. Keywords are bare, names quoted.
///
/// # Errors
/// [`Unwritable`] for whatever the server would read as something else, or not at all.
pub fn print(rule: &Rule, version: u8) -> Result<String, Unwritable> {
    let databases = list(&rule.databases, "database", |token| {
        database(token, version)
    })?;
    let users = list(&rule.users, "user", |token| user(token, version))?;
    let mut fields = vec![rule.connection.keyword().to_owned(), databases, users];
    match (&rule.address, rule.connection) {
        (None, ConnectionType::Local) => {}
        (Some(_), ConnectionType::Local) | (None, _) => return Err(Unwritable::Address),
        (Some(address), _) => fields.extend(self::address(address, version)?),
    }
    fields.push(rule.method.keyword().to_owned());
    for (name, value) in &rule.options {
        fields.push(option(name, value, version)?);
    }
    Ok(fields.join(" "))
}

/// The map as one line for a server of `version`, without a line end. Keywords are bare, all else quoted.
///
/// # Errors
/// [`Unwritable`] for whatever the server would read as something else, or not at all.
pub fn print_ident(map: &IdentMap, version: u8) -> Result<String, Unwritable> {
    let system_user = match &map.system_user {
        SystemUser::Name(name) if name.starts_with('/') => {
            return Err(Unwritable::Slash { name: name.clone() });
        }
        SystemUser::Name(name) => quote(not_empty(name)?, version)?,
        SystemUser::Regex(pattern) => quote(&format!("/{pattern}"), version)?,
    };
    let database_user = match &map.database_user {
        DatabaseUser::All => "all".to_owned(),
        DatabaseUser::Name(name) => plain(name, version)?,
        DatabaseUser::Member(role) => format!("+{}", quote(not_empty(role)?, version)?),
        DatabaseUser::Regex(pattern) => regex(pattern, version)?,
    };
    if version < REGEX_SINCE
        && matches!(
            map.database_user,
            DatabaseUser::All | DatabaseUser::Member(_)
        )
    {
        return Err(Unwritable::Regex {
            pattern: database_user,
        });
    }
    Ok(format!(
        "{} {system_user} {database_user}",
        quote(not_empty(&map.map)?, version)?
    ))
}

fn list<T>(
    tokens: &[T],
    what: &'static str,
    one: impl Fn(&T) -> Result<String, Unwritable>,
) -> Result<String, Unwritable> {
    if tokens.is_empty() {
        return Err(Unwritable::Missing(what));
    }
    Ok(tokens
        .iter()
        .map(one)
        .collect::<Result<Vec<_>, _>>()?
        .join(","))
}

fn database(token: &DatabaseToken, version: u8) -> Result<String, Unwritable> {
    Ok(match token {
        DatabaseToken::All => "all".to_owned(),
        DatabaseToken::SameUser => "sameuser".to_owned(),
        DatabaseToken::SameRole => "samerole".to_owned(),
        DatabaseToken::Replication => "replication".to_owned(),
        DatabaseToken::Name(name) => plain(name, version)?,
        DatabaseToken::Regex(pattern) => regex(pattern, version)?,
        DatabaseToken::File(file) => format!("@{}", quote(not_empty(file)?, version)?),
    })
}

fn user(token: &UserToken, version: u8) -> Result<String, Unwritable> {
    Ok(match token {
        UserToken::All => "all".to_owned(),
        UserToken::Name(name) => plain(name, version)?,
        UserToken::Member(role) => format!("+{}", quote(not_empty(role)?, version)?),
        UserToken::Regex(pattern) => regex(pattern, version)?,
        UserToken::File(file) => format!("@{}", quote(not_empty(file)?, version)?),
    })
}

fn not_empty(name: &str) -> Result<&str, Unwritable> {
    if name.is_empty() {
        Err(Unwritable::Empty)
    } else {
        Ok(name)
    }
}

fn plain(name: &str, version: u8) -> Result<String, Unwritable> {
    if version >= REGEX_SINCE && name.starts_with('/') {
        return Err(Unwritable::Slash {
            name: name.to_owned(),
        });
    }
    quote(not_empty(name)?, version)
}

fn regex(pattern: &str, version: u8) -> Result<String, Unwritable> {
    if version < REGEX_SINCE || pattern::check(pattern).is_err() {
        return Err(Unwritable::Regex {
            pattern: pattern.to_owned(),
        });
    }
    quote(&format!("/{pattern}"), version)
}

fn address(address: &Address, version: u8) -> Result<Vec<String>, Unwritable> {
    Ok(match address {
        Address::All => vec!["all".to_owned()],
        Address::SameHost => vec!["samehost".to_owned()],
        Address::SameNet => vec!["samenet".to_owned()],
        Address::Net { ip, prefix } if u32::from(*prefix) > address::bits(*ip).1 => {
            return Err(Unwritable::Address);
        }
        Address::Net { ip, prefix } => vec![format!("{ip}/{prefix}")],
        Address::Masked { ip, mask } if ip.is_ipv4() != mask.is_ipv4() => {
            return Err(Unwritable::Address);
        }
        Address::Masked { ip, mask } => vec![ip.to_string(), mask.to_string()],
        Address::HostName(name) if is_host_name(name) && !name.starts_with('.') => {
            vec![quote(name, version)?]
        }
        Address::Suffix(name) if is_host_name(name) && name.starts_with('.') => {
            vec![quote(name, version)?]
        }
        Address::HostName(name) | Address::Suffix(name) => {
            return Err(Unwritable::HostName(name.clone()));
        }
    })
}

fn is_host_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('/') && address::numeric(name).is_none()
}

fn option(name: &str, value: &str, version: u8) -> Result<String, Unwritable> {
    let valid = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if !valid {
        return Err(Unwritable::OptionName(name.to_owned()));
    }
    // The limit is one of the whole token; the quotes are around the value only, which keeps the name readable.
    quote(&format!("{name}={value}"), version)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:".contains(&byte);
    if !value.is_empty() && value.bytes().all(plain) {
        return Ok(format!("{name}={value}"));
    }
    Ok(format!("{name}={}", quote(value, version)?))
}
