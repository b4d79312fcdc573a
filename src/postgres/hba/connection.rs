//! The first field of a rule: which connections it is about.

/// The connection type of a rule (manual, "The pg_hba.conf File").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionType {
    /// `local`: the Unix-domain socket.
    Local,
    /// `host`: TCP, encrypted or not.
    Host,
    /// `hostssl`: TCP with TLS.
    HostSsl,
    /// `hostnossl`: TCP without TLS.
    HostNoSsl,
    /// `hostgssenc`: TCP with GSSAPI encryption.
    HostGssEnc,
    /// `hostnogssenc`: TCP without GSSAPI encryption.
    HostNoGssEnc,
}

/// How one connection is carried. TLS and GSSAPI encryption exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    Socket,
    Plain,
    Tls,
    Gss,
}

impl ConnectionType {
    /// Every connection type.
    pub const ALL: [ConnectionType; 6] = [
        ConnectionType::Local,
        ConnectionType::Host,
        ConnectionType::HostSsl,
        ConnectionType::HostNoSsl,
        ConnectionType::HostGssEnc,
        ConnectionType::HostNoGssEnc,
    ];

    /// The word in the file.
    pub fn keyword(self) -> &'static str {
        match self {
            ConnectionType::Local => "local",
            ConnectionType::Host => "host",
            ConnectionType::HostSsl => "hostssl",
            ConnectionType::HostNoSsl => "hostnossl",
            ConnectionType::HostGssEnc => "hostgssenc",
            ConnectionType::HostNoGssEnc => "hostnogssenc",
        }
    }

    /// The type that a word of the file means.
    pub fn from_keyword(word: &str) -> Option<ConnectionType> {
        ConnectionType::ALL
            .into_iter()
            .find(|kind| kind.keyword() == word)
    }

    pub(super) fn carriers(self) -> &'static [Carrier] {
        match self {
            ConnectionType::Local => &[Carrier::Socket],
            ConnectionType::Host => &[Carrier::Plain, Carrier::Tls, Carrier::Gss],
            ConnectionType::HostSsl => &[Carrier::Tls],
            ConnectionType::HostNoSsl => &[Carrier::Plain, Carrier::Gss],
            ConnectionType::HostGssEnc => &[Carrier::Gss],
            ConnectionType::HostNoGssEnc => &[Carrier::Plain, Carrier::Tls],
        }
    }
}
