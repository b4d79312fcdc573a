//! Facts about a list of rules that a person may want to know.

use std::net::IpAddr;

use super::{Coverage, DatabaseToken, Method, REGEX_SINCE, Rule, Twins, UserToken};

/// How the server stores new passwords (`password_encryption`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordEncryption {
    /// `md5`.
    Md5,
    /// `scram-sha-256`, the default.
    ScramSha256,
}

/// One fact about the rule with the index `rule`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Earlier rules take everything that it could match.
    Unreachable {
        /// The rule.
        rule: usize,
        /// The earlier rules that together do, in order; often one.
        by: Vec<usize>,
    },
    /// Anyone who reaches it is in.
    Trust {
        /// The rule.
        rule: usize,
    },
    /// It accepts passwords stored as MD5.
    Md5 {
        /// The rule.
        rule: usize,
    },
    /// The password crosses the connection in clear.
    ClearPassword {
        /// The rule.
        rule: usize,
    },
    /// New passwords are stored as MD5, which this rule's SCRAM cannot check.
    ScramWithMd5Passwords {
        /// The rule.
        rule: usize,
    },
    /// 127.0.0.1 is meant, and no rule says the same for ::1, which libpq tries first for `localhost`.
    OnlyIpv4Loopback {
        /// The rule.
        rule: usize,
    },
    /// ::1 is meant, and no rule says the same for 127.0.0.1.
    OnlyIpv6Loopback {
        /// The rule.
        rule: usize,
    },
    /// The method does not fit the connection type: the server refuses the file. Only for rules that were not parsed.
    MethodDoesNotFit {
        /// The rule.
        rule: usize,
    },
    /// A name that begins with `/`: from 16 it is a regular expression, and before it was a plain name.
    SlashName {
        /// The rule.
        rule: usize,
        /// The name, or the pattern's text, with its `/`.
        name: String,
        /// How this version reads it.
        regex: bool,
    },
    /// A quoted keyword (`"all"`), or one of the other field: it is the plain name of one database or user.
    KeywordAsName {
        /// The rule.
        rule: usize,
        /// The name.
        name: String,
    },
}

/// Everything worth saying about `rules`, in the order of the rules.
pub fn lint(rules: &[Rule], version: u8, passwords: PasswordEncryption) -> Vec<Fact> {
    let (coverage, twins) = (Coverage::new(rules), Twins::new(rules));
    let mut facts = Vec::new();
    for (rule, checked) in rules.iter().enumerate() {
        facts.extend(
            coverage
                .covering(rule)
                .map(|by| Fact::Unreachable { rule, by }),
        );
        facts.extend(match checked.method {
            Method::Trust => Some(Fact::Trust { rule }),
            Method::Md5 => Some(Fact::Md5 { rule }),
            Method::Password => Some(Fact::ClearPassword { rule }),
            Method::ScramSha256 if passwords == PasswordEncryption::Md5 => {
                Some(Fact::ScramWithMd5Passwords { rule })
            }
            _ => None,
        });
        facts.extend(twins.missing(checked).map(|missing| match missing {
            IpAddr::V6(_) => Fact::OnlyIpv4Loopback { rule },
            IpAddr::V4(_) => Fact::OnlyIpv6Loopback { rule },
        }));
        if !checked.method.fits(checked.connection) {
            facts.push(Fact::MethodDoesNotFit { rule });
        }
        facts.extend(names(checked, rule, version));
    }
    facts
}

fn names(checked: &Rule, rule: usize, version: u8) -> Vec<Fact> {
    let databases = checked.databases.iter().filter_map(|token| match token {
        DatabaseToken::Name(name) => Some((name, false)),
        DatabaseToken::Regex(pattern) => Some((pattern, true)),
        _ => None,
    });
    let users = checked.users.iter().filter_map(|token| match token {
        UserToken::Name(name) => Some((name, false)),
        UserToken::Regex(pattern) => Some((pattern, true)),
        _ => None,
    });
    databases
        .chain(users)
        .filter_map(|(name, regex)| name_fact(name, regex, rule, version))
        .collect()
}

fn name_fact(name: &str, regex: bool, rule: usize, version: u8) -> Option<Fact> {
    if regex {
        // An anchored pattern was meant as one.
        return (!name.starts_with('^')).then(|| Fact::SlashName {
            rule,
            name: format!("/{name}"),
            regex,
        });
    }
    if name.starts_with('/') {
        return Some(Fact::SlashName {
            rule,
            name: name.to_owned(),
            regex: version >= REGEX_SINCE,
        });
    }
    let keyword = matches!(
        name,
        "all" | "sameuser" | "samerole" | "samegroup" | "replication"
    );
    keyword.then(|| Fact::KeywordAsName {
        rule,
        name: name.to_owned(),
    })
}
