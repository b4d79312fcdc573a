//! Connection strings as libpq reads them (manual: "Connection Strings"), as far as dbgen must understand them: whether they say a
//! host, and whether they hold a secret, which would stand in the list of processes.

use std::ffi::OsString;
use std::path::Path;
use std::str::FromStr;

use thiserror::Error;

use super::uri;
use crate::postgres::quote::quote_psql;

/// Parameters whose value nobody else should see.
const SECRETS: [&str; 5] = [
    "password",
    "sslpassword",
    "scram_client_key",
    "scram_server_key",
    "oauth_client_secret",
];

/// Where to find the server without a host in the connection string.
const HOSTS: [&str; 3] = ["host", "hostaddr", "service"];

/// A connection string without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionString {
    text: String,
    says_host: bool,
}

/// Why a connection string is refused. No value of it is repeated.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConnectionError {
    /// It would show a secret to every user of the host.
    #[error(
        "the connection string holds a secret (`{0}`), and every user of this host can read the arguments of a process; leave it out, \
         and give it by ~/.pgpass (or the file that PGPASSFILE names), or by a service file (PGSERVICE)"
    )]
    Secret(&'static str),
    /// libpq could not read it.
    #[error("the connection string can't be read: {0}")]
    Malformed(String),
}

impl ConnectionString {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for ConnectionString {
    type Err = ConnectionError;

    fn from_str(text: &str) -> Result<ConnectionString, ConnectionError> {
        let parameters = if let Some(rest) = uri::without_scheme(text) {
            uri::parameters(rest)?
        } else if text.contains('=') {
            pairs(text)?
        } else {
            // The name of a database, as for psql.
            Vec::new()
        };
        let filled = |keyword: &str| {
            parameters
                .iter()
                .any(|(key, has_value)| key == keyword && *has_value)
        };
        if let Some(secret) = SECRETS.into_iter().find(|keyword| filled(keyword)) {
            return Err(ConnectionError::Secret(secret));
        }
        Ok(ConnectionString {
            text: text.to_owned(),
            says_host: HOSTS.into_iter().any(filled),
        })
    }
}

/// The keywords of `keyword = value ...`, and whether each has a value.
fn pairs(text: &str) -> Result<Vec<(String, bool)>, ConnectionError> {
    let malformed = |what: &str| ConnectionError::Malformed(what.to_owned());
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        // Not shown: where the equals sign is missing, this may be part of a password.
        let (keyword, after) = rest
            .split_once('=')
            .ok_or_else(|| malformed("a keyword without `=`"))?;
        let keyword = keyword.trim_end();
        if keyword.contains(char::is_whitespace) {
            return Err(malformed("a keyword without `=`"));
        }
        let after = after.trim_start();
        let quoted = after.strip_prefix('\'');
        let value = quoted.unwrap_or(after);
        let mut end = None;
        let mut chars = value.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => {
                    chars.next();
                }
                '\'' if quoted.is_some() => {
                    end = Some((at, at + 1));
                    break;
                }
                c if quoted.is_none() && c.is_whitespace() => {
                    end = Some((at, at));
                    break;
                }
                _ => {}
            }
        }
        let (end, next) = match end {
            Some(ends) => ends,
            None if quoted.is_some() => return Err(malformed("a quote that does not end")),
            None => (value.len(), value.len()),
        };
        found.push((keyword.to_owned(), end > 0));
        rest = value[next..].trim_start();
    }
    Ok(found)
}

/// The connection string that leads to this database, all else being as it is. libpq takes what is said last.
pub(super) fn to_database(connection: Option<&ConnectionString>, database: &str) -> String {
    let text = connection.map_or("", ConnectionString::as_str);
    if uri::without_scheme(text).is_some() {
        let separator = match text.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        return format!("{text}{separator}dbname={}", uri::encoded(database));
    }
    let said = match text.contains('=') {
        true => format!("{text} "),
        false => String::new(),
    };
    format!("{said}dbname={}", quote_psql(database))
}

/// Seconds until a server counts as unreachable, unless the caller's PGCONNECT_TIMEOUT says otherwise.
pub const PATIENCE: &str = "10";

/// What is set in psql's environment where neither the connection string nor the caller's environment says it: a host is looked for in
/// the declared socket's directory, with the declared port; the database is the one for maintenance; and a server that takes the
/// connection and says nothing is waited for no longer than [`PATIENCE`], unless a service or the connection string says another time.
pub fn defaults(
    connection: Option<&ConnectionString>,
    environment: impl Fn(&str) -> Option<OsString>,
    socket_directory: &Path,
    port: u16,
) -> Vec<(&'static str, OsString)> {
    let unsaid = |name: &str| environment(name).is_none_or(|value| value.is_empty());
    let mut defaults = Vec::new();
    if unsaid("PGCONNECT_TIMEOUT") {
        defaults.push(("PGCONNECT_TIMEOUT", PATIENCE.into()));
    }
    if unsaid("PGDATABASE") {
        defaults.push(("PGDATABASE", "postgres".into()));
    }
    let host_is_said = connection.is_some_and(|connection| connection.says_host);
    if !host_is_said
        && ["PGHOST", "PGHOSTADDR", "PGSERVICE"]
            .into_iter()
            .all(unsaid)
    {
        defaults.push(("PGHOST", socket_directory.into()));
        if unsaid("PGPORT") {
            defaults.push(("PGPORT", port.to_string().into()));
        }
    }
    defaults
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn says_host(text: &str) -> bool {
        text.parse::<ConnectionString>().unwrap().says_host
    }

    fn refused(text: &str) -> ConnectionError {
        text.parse::<ConnectionString>().unwrap_err()
    }

    #[test]
    fn a_password_is_refused_however_it_is_written() {
        for text in [
            "host=db password=hunter2",
            "password='it\\'s' host=db",
            "  password  =  hunter2",
            "host='a\\' b' password=x",
            "postgresql://admin:hunter2@db/postgres",
            "postgres://admin:hunter2@[::1]:5432",
            "postgresql:///postgres?password=hunter2",
            "postgresql:///postgres?host=db&pass%77ord=hunter2",
        ] {
            let error = refused(text);
            assert_eq!(error, ConnectionError::Secret("password"), "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
        assert_eq!(
            refused("sslpassword=x"),
            ConnectionError::Secret("sslpassword")
        );
    }

    #[test]
    fn what_can_not_be_read_is_refused_without_being_repeated() {
        for text in [
            "host=db hunter2",
            "password hunter2 = x",
            "host='hunter2",
            "postgresql://a/b?hunter2",
        ] {
            let error = refused(text);
            assert!(matches!(error, ConnectionError::Malformed(_)), "{text}");
            assert!(!error.to_string().contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn another_database_is_said_last() {
        let to = |text: &str| {
            let connection: ConnectionString = text.parse().unwrap();
            to_database(Some(&connection), "it's %x")
        };
        assert_eq!(to_database(None, "a"), "dbname='a'");
        assert_eq!(to("immich"), r"dbname='it\'s %x'");
        assert_eq!(
            to("host=db dbname=b"),
            r"host=db dbname=b dbname='it\'s %x'"
        );
        assert_eq!(to("postgres://h/b"), "postgres://h/b?dbname=it%27s%20%25x");
        assert_eq!(
            to("postgresql:///?host=h"),
            "postgresql:///?host=h&dbname=it%27s%20%25x"
        );
    }

    #[test]
    fn a_host_is_seen_in_both_forms() {
        for text in [
            "host=db",
            "dbname = x  hostaddr = ::1",
            "service=prod",
            "postgresql://db",
            "postgresql://me@[::1]:1/x",
            "postgres://?host=/run/postgresql",
            "postgresql://%2Frun%2Fpostgresql/x",
        ] {
            assert!(says_host(text), "{text}");
        }
        for text in [
            "",
            "immich",
            "user=me",
            "host='' user=x",
            "postgresql://",
            "postgresql:///x?user=me",
            "postgresql://me@/x",
            "postgresql://:5433/",
        ] {
            assert!(!says_host(text), "{text}");
        }
    }

    #[test]
    fn a_password_within_another_value_is_none() {
        for text in [
            "application_name='password=x'",
            "options='-c a\\'b' user=x",
            "postgresql://me:@db/x",
            "password=''",
        ] {
            assert!(text.parse::<ConnectionString>().is_ok(), "{text}");
        }
    }

    #[test]
    fn only_what_nobody_says_is_a_default() {
        let defaults_of = |connection: &str, environment: &[&str]| {
            let connection: Option<ConnectionString> = Some(connection.parse().unwrap());
            let said = |name: &str| environment.contains(&name).then(|| "x".into());
            let defaults = defaults(connection.as_ref(), said, Path::new("/run/pg"), 5433);
            let names = defaults.into_iter().map(|(name, _)| name);
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            defaults_of("", &[]),
            "PGCONNECT_TIMEOUT PGDATABASE PGHOST PGPORT"
        );
        let timeout = "PGCONNECT_TIMEOUT";
        assert_eq!(
            defaults_of("user=x", &["PGPORT", timeout]),
            "PGDATABASE PGHOST"
        );
        assert_eq!(defaults_of("host=db", &[timeout]), "PGDATABASE");
        assert_eq!(defaults_of("", &["PGSERVICE", "PGDATABASE", timeout]), "");
    }
}
