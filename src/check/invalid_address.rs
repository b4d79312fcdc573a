//! An address that the server cannot read, or that does not belong to the rule.

use super::{Findings, Scope};
use crate::catalog::access::address;
use crate::declaration::{Rule, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds addresses of rules and clients that are no IP address, no range in CIDR form and no host name; rules over TCP
    /// without an address; and `local` rules, which are about the socket, with one.
    ///
    /// ## Why is this bad?
    /// The server refuses a pg_hba.conf with such a rule as a whole: it does not start, or goes on with the old rules.
    /// A mistyped IP address that can be read as a host name never matches.
    ///
    /// ## Example
    /// ```toml
    /// clients = ["10.0.0.256", "10.20.0.0/33"]
    /// ```
    /// Use instead:
    /// ```toml
    /// clients = ["10.0.0.25", "10.20.0.0/16", "fd00:20::/64", "backup.example.org", ".internal.example.org", "localhost"]
    /// ```
    pub INVALID_ADDRESS = "invalid-address", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for rule in scope.declarations.authentication() {
        match (&rule.address, &*rule.connection.value) {
            (Some(address), "local") => findings.push(local(rule, address)),
            (Some(address), _) => findings.extend(read(address)),
            (None, "local") => {}
            (None, _) => findings.push(missing(scope, rule)),
        }
    }
    for client in scope
        .declarations
        .databases()
        .flat_map(|(_, database)| &database.clients)
    {
        findings.extend(read(&client.address));
    }
}

fn read(address: &Text) -> Option<Diagnostic> {
    let error = address::read(&address.value).err()?;
    let message = match &*address.value {
        "" => "an address is empty".to_owned(),
        text => format!("{} is no address", phrase::backticked(text)),
    };
    Some(
        Diagnostic::new(&INVALID_ADDRESS, address.span, message)
            .label(error.to_string())
            .help("write an IP address, a range such as `10.20.0.0/16` or `fd00::/64`, a host name, `.suffix`, or `localhost` for 127.0.0.1 and ::1"),
    )
}

fn missing(scope: &Scope, rule: &Rule) -> Diagnostic {
    let connection = phrase::backticked(&rule.connection.value);
    Diagnostic::new(
        &INVALID_ADDRESS,
        rule.connection.span,
        format!("a {connection} rule has no address"),
    )
    .label("over TCP, from where?")
    .help("say from where, or make it a `local` rule for the socket:")
    .example(scope.example(rule.span, "address = \"localhost\""))
}

fn local(rule: &Rule, address: &Text) -> Diagnostic {
    Diagnostic::new(
        &INVALID_ADDRESS,
        address.span,
        "a `local` rule has an address",
    )
    .label("the socket has no addresses")
    .related(rule.connection.span, "the rule is for the socket")
    .help("remove the address, or make it a `host` rule for TCP")
}
