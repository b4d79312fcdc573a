//! The parts of a connection URI: `postgresql://[user[:password]@][host[:port],...][/database][?keyword=value&...]`.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::connection::ConnectionError;

/// What follows the scheme, if the text is such a URI.
pub(super) fn without_scheme(text: &str) -> Option<&str> {
    text.strip_prefix("postgresql://")
        .or_else(|| text.strip_prefix("postgres://"))
}

/// The value of a keyword.
pub(super) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

/// The keywords that it sets, and whether each has a value.
pub(super) fn parameters(rest: &str) -> Result<Vec<(String, bool)>, ConnectionError> {
    let mut found = Vec::new();
    // As libpq does: the first @ before any slash ends the user.
    let rest = match rest.find(['@', '/']) {
        Some(at) if rest[at..].starts_with('@') => {
            let (_, password) = rest[..at].split_once(':').unwrap_or_default();
            found.push(("password".to_owned(), !password.is_empty()));
            &rest[at + 1..]
        }
        _ => rest,
    };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, _) = place.split_once('/').unwrap_or((place, ""));
    let has_host = |host: &str| !host.is_empty() && !host.starts_with(':');
    found.push(("host".to_owned(), hosts.split(',').any(has_host)));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((keyword, value)) = pair.split_once('=') else {
            return Err(ConnectionError::Malformed(
                "a keyword without `=` after the `?`".to_owned(),
            ));
        };
        let keyword = percent_decode_str(keyword).decode_utf8_lossy();
        found.push((keyword.into_owned(), !value.is_empty()));
    }
    Ok(found)
}
