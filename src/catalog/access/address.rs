//! Addresses as a person declares them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::postgres::hba::Address;

/// Both loopback addresses. libpq tries ::1 first for `localhost`, so that one without the other is rarely meant.
pub const LOOPBACK: [Address; 2] = [
    Address::Net {
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        prefix: 32,
    },
    Address::Net {
        ip: IpAddr::V6(Ipv6Addr::LOCALHOST),
        prefix: 128,
    },
];

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing at all.
    #[error("empty")]
    Empty,
    /// A range whose address or prefix length is wrong.
    #[error("`{prefix}` is no prefix length: {family} has 0 to {most}")]
    Prefix {
        /// What stands after the slash.
        prefix: String,
        /// IPv4 or IPv6.
        family: &'static str,
        /// The number of bits.
        most: u8,
    },
    /// A range whose first part is no address.
    #[error("`{0}` is no IP address, and nothing else has a prefix length")]
    Range(String),
    /// Digits and dots, or colons, that are no address.
    #[error("neither an IP address nor a host name")]
    Neither,
}

/// What one declared address stands for: `localhost` for both loopback addresses, everything else for one. A bare IP
/// address is the range of that address alone.
///
/// # Errors
/// [`AddressError`] for what the server would refuse, or would read as the name of a host that cannot exist.
pub fn read(text: &str) -> Result<Vec<Address>, AddressError> {
    let one = match text {
        "" => return Err(AddressError::Empty),
        "localhost" => return Ok(LOOPBACK.to_vec()),
        "all" => Address::All,
        "samehost" => Address::SameHost,
        "samenet" => Address::SameNet,
        _ => match text.split_once('/') {
            Some((ip, prefix)) => range(ip, prefix)?,
            None => match text.parse() {
                Ok(ip) => Address::host(ip),
                Err(_) => name(text)?,
            },
        },
    };
    Ok(vec![one])
}

fn range(ip: &str, prefix: &str) -> Result<Address, AddressError> {
    let ip: IpAddr = ip.parse().map_err(|_| AddressError::Range(ip.to_owned()))?;
    let (family, most) = if ip.is_ipv4() {
        ("IPv4", 32)
    } else {
        ("IPv6", 128)
    };
    let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
    match prefix.parse::<u8>() {
        Ok(prefix) if digits && prefix <= most => Ok(Address::Net { ip, prefix }),
        _ => Err(AddressError::Prefix {
            prefix: prefix.to_owned(),
            family,
            most,
        }),
    }
}

/// Labels of letters, digits, `-` and `_`, the last of which is not numeric, so that a mistyped IP address is no name.
fn name(text: &str) -> Result<Address, AddressError> {
    let suffix = text.strip_prefix('.');
    let labels = suffix.unwrap_or(text).trim_end_matches('.');
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        (1..=63).contains(&bytes.len())
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
    };
    let numeric =
        |label: &str| label.bytes().all(|byte| byte.is_ascii_digit()) || label.starts_with("0x");
    let last = labels.rsplit('.').next().unwrap_or(labels);
    if text.len() > 253 || !labels.split('.').all(is_label) || numeric(last) {
        return Err(AddressError::Neither);
    }
    Ok(match suffix {
        Some(_) => Address::Suffix(text.to_owned()),
        None => Address::HostName(text.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_means_both_loopback_addresses() {
        assert_eq!(read("localhost"), Ok(LOOPBACK.to_vec()));
    }

    #[test]
    fn a_bare_address_is_a_range_of_one() {
        assert_eq!(read("10.0.0.6"), read("10.0.0.6/32"));
        assert_eq!(read("fd00::6"), read("fd00::6/128"));
    }

    #[test]
    fn names_and_keywords_are_told_apart() {
        assert_eq!(read("samenet"), Ok(vec![Address::SameNet]));
        assert_eq!(
            read("db.example.org"),
            Ok(vec![Address::HostName("db.example.org".into())])
        );
        assert_eq!(
            read(".example.org"),
            Ok(vec![Address::Suffix(".example.org".into())])
        );
    }

    #[test]
    fn what_is_mistyped_is_no_address() {
        for text in [
            "",
            "10.0.0.256",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0/8",
            "::1/129",
            "::g",
            "db example",
            "a..b",
            ".",
            "10.0.0.0/+8",
            "db/24",
            "127.1",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
