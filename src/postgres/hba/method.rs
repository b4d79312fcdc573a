//! Authentication methods, where they fit, and which options they take.

use super::ConnectionType;

/// An authentication method (manual, "Authentication Methods").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Allowed without proof.
    Trust,
    /// Refused.
    Reject,
    /// SCRAM, or MD5 for a password stored so.
    Md5,
    /// The password in clear.
    Password,
    /// SCRAM only.
    ScramSha256,
    /// GSSAPI.
    Gss,
    /// SSPI, on Windows.
    Sspi,
    /// The operating system's name for a TCP client, by asking its ident server.
    Ident,
    /// The operating system's name for a socket client.
    Peer,
    /// PAM.
    Pam,
    /// BSD authentication.
    Bsd,
    /// LDAP.
    Ldap,
    /// RADIUS.
    Radius,
    /// A TLS client certificate.
    Cert,
    /// OAuth bearer tokens, from 18.
    OAuth,
}

const LDAP: &[&str] = &[
    "ldapurl",
    "ldaptls",
    "ldapscheme",
    "ldapserver",
    "ldapport",
    "ldapbinddn",
    "ldapbindpasswd",
    "ldapsearchattribute",
    "ldapsearchfilter",
    "ldapbasedn",
    "ldapprefix",
    "ldapsuffix",
];

impl Method {
    /// Every method of any version.
    pub const ALL: [Method; 15] = [
        Method::Trust,
        Method::Reject,
        Method::Md5,
        Method::Password,
        Method::ScramSha256,
        Method::Gss,
        Method::Sspi,
        Method::Ident,
        Method::Peer,
        Method::Pam,
        Method::Bsd,
        Method::Ldap,
        Method::Radius,
        Method::Cert,
        Method::OAuth,
    ];

    /// The word in the file.
    pub fn keyword(self) -> &'static str {
        match self {
            Method::Trust => "trust",
            Method::Reject => "reject",
            Method::Md5 => "md5",
            Method::Password => "password",
            Method::ScramSha256 => "scram-sha-256",
            Method::Gss => "gss",
            Method::Sspi => "sspi",
            Method::Ident => "ident",
            Method::Peer => "peer",
            Method::Pam => "pam",
            Method::Bsd => "bsd",
            Method::Ldap => "ldap",
            Method::Radius => "radius",
            Method::Cert => "cert",
            Method::OAuth => "oauth",
        }
    }

    /// The method that a word means on a server of `version`.
    pub fn from_keyword(word: &str, version: u8) -> Option<Method> {
        Method::ALL
            .into_iter()
            .find(|method| method.keyword() == word && method.since() <= version)
    }

    /// The first major version that has it, of those that this library knows.
    pub fn since(self) -> u8 {
        if self == Method::OAuth { 18 } else { 14 }
    }

    /// Whether the server takes it for that connection type. `ident` on `local` is taken and means `peer`.
    pub fn fits(self, connection: ConnectionType) -> bool {
        match self {
            Method::Peer => connection == ConnectionType::Local,
            Method::Cert => connection == ConnectionType::HostSsl,
            Method::Gss | Method::Sspi => connection != ConnectionType::Local,
            _ => true,
        }
    }

    /// Whether it compares a password with the one that the server keeps.
    pub fn compares_password(self) -> bool {
        matches!(self, Method::Md5 | Method::Password | Method::ScramSha256)
    }

    /// Whether a build of the server may lack it.
    pub fn depends_on_build(self) -> bool {
        matches!(
            self,
            Method::Gss | Method::Sspi | Method::Pam | Method::Bsd | Method::Ldap | Method::Cert
        )
    }

    /// The options that it takes, without `clientcert` and `clientname`, which `hostssl` rules take with any method.
    pub fn options(self) -> &'static [&'static str] {
        match self {
            Method::Ident | Method::Peer | Method::Cert => &["map"],
            Method::Gss => &["map", "include_realm", "krb_realm"],
            Method::Sspi => &[
                "map",
                "include_realm",
                "krb_realm",
                "compat_realm",
                "upn_username",
            ],
            Method::Pam => &["pamservice", "pam_use_hostname"],
            Method::Ldap => LDAP,
            Method::Radius => &[
                "radiusservers",
                "radiussecrets",
                "radiusports",
                "radiusidentifiers",
            ],
            Method::OAuth => &[
                "map",
                "issuer",
                "scope",
                "validator",
                "delegate_ident_mapping",
            ],
            Method::Trust
            | Method::Reject
            | Method::Md5
            | Method::Password
            | Method::ScramSha256
            | Method::Bsd => &[],
        }
    }
}
