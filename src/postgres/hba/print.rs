//! Rules and maps to lines that the server reads back as the same rules and maps.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::literal::{Unwritable, check_quoted, quote};
use super::{
    Address, ConnectionType, DatabaseToken, DatabaseUser, IdentMap, REGEX_SINCE, Rule, SystemUser,
    UserToken,
};
use super::{address, pattern};

type Written = Result<(), Unwritable>;

/// The rule as one line for a server of `version`, without a line end. Keywords are bare, names quoted.
///
/// # Errors
/// [`Unwritable`] for whatever the server would read as something else, or not at all.
pub fn print(rule: &Rule, version: u8) -> Result<String, Unwritable> {
    let mut line = String::new();
    print_to(&mut line, rule, version)?;
    Ok(line)
}

/// The same behind what `out` holds.
///
/// # Errors
/// Those of [`print`]; `out` then ends anywhere in the line.
pub fn print_to(out: &mut String, rule: &Rule, version: u8) -> Written {
    out.push_str(rule.connection.keyword());
    out.push(' ');
    list(out, &rule.databases, "database", |out, token| {
        database(out, token, version)
    })?;
    out.push(' ');
    list(out, &rule.users, "user", |out, token| {
        user(out, token, version)
    })?;
    out.push(' ');
    match (&rule.address, rule.connection) {
        (None, ConnectionType::Local) => {}
        (Some(_), ConnectionType::Local) | (None, _) => return Err(Unwritable::Address),
        (Some(address), _) => {
            self::address(out, address, version)?;
            out.push(' ');
        }
    }
    out.push_str(rule.method.keyword());
    for (name, value) in rule.options.iter() {
        out.push(' ');
        option(out, name, value, version)?;
    }
    Ok(())
}

/// The map as one line for a server of `version`, without a line end. Keywords are bare, all else quoted.
///
/// # Errors
/// [`Unwritable`] for whatever the server would read as something else, or not at all.
pub fn print_ident(map: &IdentMap, version: u8) -> Result<String, Unwritable> {
    let mut line = String::new();
    quote(not_empty(&map.map)?, version, &mut line)?;
    line.push(' ');
    match &map.system_user {
        SystemUser::Name(name) if name.starts_with('/') => {
            return Err(Unwritable::Slash { name: name.clone() });
        }
        SystemUser::Name(name) => quote(not_empty(name)?, version, &mut line)?,
        SystemUser::Regex(pattern) => quote(&format!("/{pattern}"), version, &mut line)?,
    }
    line.push(' ');
    let start = line.len();
    match &map.database_user {
        DatabaseUser::All => line.push_str("all"),
        DatabaseUser::Name(name) => plain(&mut line, name, version)?,
        DatabaseUser::Member(role) => member(&mut line, role, version)?,
        DatabaseUser::Regex(pattern) => regex(&mut line, pattern, version)?,
    }
    let by_pattern = matches!(
        map.database_user,
        DatabaseUser::All | DatabaseUser::Member(_)
    );
    if version < REGEX_SINCE && by_pattern {
        return Err(Unwritable::Regex {
            pattern: line.split_off(start),
        });
    }
    Ok(line)
}

fn list<T>(
    out: &mut String,
    tokens: &[T],
    what: &'static str,
    one: impl Fn(&mut String, &T) -> Written,
) -> Written {
    if tokens.is_empty() {
        return Err(Unwritable::Missing(what));
    }
    for (index, token) in tokens.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        one(out, token)?;
    }
    Ok(())
}

fn database(out: &mut String, token: &DatabaseToken, version: u8) -> Written {
    match token {
        DatabaseToken::All => out.push_str("all"),
        DatabaseToken::SameUser => out.push_str("sameuser"),
        DatabaseToken::SameRole => out.push_str("samerole"),
        DatabaseToken::Replication => out.push_str("replication"),
        DatabaseToken::Name(name) => plain(out, name, version)?,
        DatabaseToken::Regex(pattern) => regex(out, pattern, version)?,
        DatabaseToken::File(file) => self::file(out, file, version)?,
    }
    Ok(())
}

fn user(out: &mut String, token: &UserToken, version: u8) -> Written {
    match token {
        UserToken::All => out.push_str("all"),
        UserToken::Name(name) => plain(out, name, version)?,
        UserToken::Member(role) => member(out, role, version)?,
        UserToken::Regex(pattern) => regex(out, pattern, version)?,
        UserToken::File(file) => self::file(out, file, version)?,
    }
    Ok(())
}

fn not_empty(name: &str) -> Result<&str, Unwritable> {
    if name.is_empty() {
        Err(Unwritable::Empty)
    } else {
        Ok(name)
    }
}

fn plain(out: &mut String, name: &str, version: u8) -> Written {
    if version >= REGEX_SINCE && name.starts_with('/') {
        return Err(Unwritable::Slash {
            name: name.to_owned(),
        });
    }
    quote(not_empty(name)?, version, out)
}

fn member(out: &mut String, role: &str, version: u8) -> Written {
    out.push('+');
    quote(not_empty(role)?, version, out)
}

fn file(out: &mut String, file: &str, version: u8) -> Written {
    out.push('@');
    quote(not_empty(file)?, version, out)
}

fn regex(out: &mut String, pattern: &str, version: u8) -> Written {
    if version < REGEX_SINCE || pattern::check(pattern).is_err() {
        return Err(Unwritable::Regex {
            pattern: pattern.to_owned(),
        });
    }
    quote(&format!("/{pattern}"), version, out)
}

fn address(out: &mut String, address: &Address, version: u8) -> Written {
    let written = match address {
        Address::All => out.write_str("all"),
        Address::SameHost => out.write_str("samehost"),
        Address::SameNet => out.write_str("samenet"),
        Address::Net { ip, prefix } if u32::from(*prefix) > address::bits(*ip).1 => {
            return Err(Unwritable::Address);
        }
        // Nearly all rules are about these two, and to format them costs as much as the rest of the rule.
        Address::Net { ip, prefix: 32 } if *ip == Ipv4Addr::LOCALHOST => {
            out.write_str("127.0.0.1/32")
        }
        Address::Net { ip, prefix: 128 } if *ip == Ipv6Addr::LOCALHOST => out.write_str("::1/128"),
        Address::Net { ip, prefix } => write!(out, "{ip}/{prefix}"),
        Address::Masked { ip, mask } if ip.is_ipv4() != mask.is_ipv4() => {
            return Err(Unwritable::Address);
        }
        Address::Masked { ip, mask } => write!(out, "{ip} {mask}"),
        Address::HostName(name) if is_host_name(name) && !name.starts_with('.') => {
            return quote(name, version, out);
        }
        Address::Suffix(name) if is_host_name(name) && name.starts_with('.') => {
            return quote(name, version, out);
        }
        Address::HostName(name) | Address::Suffix(name) => {
            return Err(Unwritable::HostName(name.clone()));
        }
    };
    // A `String` takes everything.
    written.map_err(|_| Unwritable::Address)
}

fn is_host_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('/') && address::numeric(name).is_none()
}

fn option(out: &mut String, name: &str, value: &str, version: u8) -> Written {
    let valid = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if !valid {
        return Err(Unwritable::OptionName(name.to_owned()));
    }
    // The limit is one of the whole token; the quotes are around the value only, which keeps the name readable.
    check_quoted(&format!("{name}={value}"), version)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:".contains(&byte);
    out.push_str(name);
    out.push('=');
    if !value.is_empty() && value.bytes().all(plain) {
        out.push_str(value);
        return Ok(());
    }
    quote(value, version, out)
}
