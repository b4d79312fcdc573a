//! The address field of a rule.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::pattern::Answer;

/// From where a TCP connection comes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// `all`.
    All,
    /// `samehost`: one of the server's own addresses.
    SameHost,
    /// `samenet`: a network that the server is directly connected to.
    SameNet,
    /// A range: the addresses that share `prefix` leading bits with `ip`.
    Net {
        /// As written; bits after the prefix are allowed and mean nothing.
        ip: IpAddr,
        /// 0 to 32, or to 128 for IPv6.
        prefix: u8,
    },
    /// An address and a mask that is no prefix, of the same family.
    Masked {
        /// The address.
        ip: IpAddr,
        /// The bits that count.
        mask: IpAddr,
    },
    /// A host name, compared without case against the name that the client's address resolves to.
    HostName(String),
    /// `.example.org`: every host name that ends so.
    Suffix(String),
}

/// The address as a number, the number of its bits.
pub(super) fn bits(ip: IpAddr) -> (u128, u32) {
    match ip {
        IpAddr::V4(ip) => (u128::from(u32::from(ip)), 32),
        IpAddr::V6(ip) => (u128::from(ip), 128),
    }
}

impl Address {
    /// The address alone: `/32` or `/128`.
    pub fn host(ip: IpAddr) -> Address {
        Address::Net {
            ip,
            prefix: if ip.is_ipv4() { 32 } else { 128 },
        }
    }

    /// The range of an address and a mask of the same family; a prefix where the mask is one.
    pub fn masked(ip: IpAddr, mask: IpAddr) -> Option<Address> {
        let ((mask_bits, width), (_, ip_width)) = (bits(mask), bits(ip));
        if width != ip_width {
            return None;
        }
        let ones = (mask_bits << (128 - width)).leading_ones();
        let contiguous = ones == mask_bits.count_ones();
        Some(match u8::try_from(ones) {
            Ok(prefix) if contiguous => Address::Net { ip, prefix },
            _ => Address::Masked { ip, mask },
        })
    }

    /// The address and the bits that count, for a range.
    pub(super) fn range(&self) -> Option<(IpAddr, u128)> {
        match self {
            Address::Net { ip, prefix } => {
                let (_, width) = bits(*ip);
                let host_bits = width.saturating_sub(u32::from(*prefix));
                let all = u128::MAX >> (128 - width);
                Some((*ip, all & u128::MAX.checked_shl(host_bits).unwrap_or(0)))
            }
            Address::Masked { ip, mask } => Some((*ip, bits(*mask).0)),
            _ => None,
        }
    }

    /// Whether a client at `ip` is meant. Host names are open, and so are the server's networks unless the client is
    /// on the loopback interface.
    pub fn contains(&self, ip: IpAddr) -> Answer {
        if let Some((net, mask)) = self.range() {
            let ((net, net_width), (client, width)) = (bits(net), bits(ip));
            return Answer::from(net_width == width && (net ^ client) & mask == 0);
        }
        let loopback_host = ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST;
        match self {
            Address::All => Answer::Yes,
            Address::SameHost if loopback_host => Answer::Yes,
            Address::SameHost if ip.is_loopback() => Answer::No,
            Address::SameNet if ip.is_loopback() => Answer::Yes,
            _ => Answer::Unknown,
        }
    }
}

/// An address as the C library reads a numeric host: also `127.1`, octal and hexadecimal parts, and a numeric IPv6 scope.
pub(super) fn numeric(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        let bare = match text.split_once('%') {
            Some((bare, scope))
                if !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                bare
            }
            Some(_) => return None,
            None => text,
        };
        return bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    let parts: Vec<u64> = text.split('.').map(part).collect::<Option<_>>()?;
    let (last, front) = parts.split_last()?;
    if front.len() > 3
        || front.iter().any(|part| *part > 255)
        || *last >= 1 << (8 * (4 - front.len()))
    {
        return None;
    }
    let value = front
        .iter()
        .enumerate()
        .fold(*last, |value, (at, part)| value | part << (24 - 8 * at));
    u32::try_from(value)
        .ok()
        .map(|value| IpAddr::V4(Ipv4Addr::from(value)))
}

fn part(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    let valid = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    valid
        .then(|| u64::from_str_radix(digits, radix).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_octal_and_hexadecimal_addresses_are_addresses() {
        let localhost = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        for text in ["127.0.0.1", "127.1", "0x7f.1", "0177.0.0.1", "2130706433"] {
            assert_eq!(numeric(text), localhost, "{text}");
        }
        for text in [
            "",
            "127.0.0.256",
            "1.2.3.4.5",
            "127.0.0.1.",
            "08.1.1.1",
            "db",
            "::1%lo",
            "1e1",
        ] {
            assert_eq!(numeric(text), None, "{text}");
        }
    }

    #[test]
    fn a_mask_is_a_prefix_where_it_can_be() {
        let ip = IpAddr::from([10, 0, 0, 5]);
        assert_eq!(
            Address::masked(ip, IpAddr::from([255, 0, 0, 0])),
            Some(Address::Net { ip, prefix: 8 })
        );
        assert_eq!(
            Address::masked(ip, IpAddr::from([0, 0, 0, 0])),
            Some(Address::Net { ip, prefix: 0 })
        );
        let odd = IpAddr::from([255, 0, 255, 0]);
        assert_eq!(
            Address::masked(ip, odd),
            Some(Address::Masked { ip, mask: odd })
        );
        assert_eq!(Address::masked(ip, IpAddr::V6(Ipv6Addr::LOCALHOST)), None);
    }

    #[test]
    fn a_range_does_not_reach_into_the_other_family() {
        let everything = Address::Net {
            ip: IpAddr::from([0, 0, 0, 0]),
            prefix: 0,
        };
        assert_eq!(
            everything.contains(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            Answer::Yes
        );
        assert_eq!(
            everything.contains(IpAddr::V6(Ipv6Addr::LOCALHOST)),
            Answer::No
        );
        let odd = Address::Masked {
            ip: IpAddr::from([10, 0, 7, 0]),
            mask: IpAddr::from([255, 0, 255, 0]),
        };
        assert_eq!(odd.contains(IpAddr::from([10, 99, 7, 3])), Answer::Yes);
        assert_eq!(odd.contains(IpAddr::from([10, 99, 8, 3])), Answer::No);
    }
}
