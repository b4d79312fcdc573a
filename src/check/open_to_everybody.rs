//! A server that any machine reaches, without encryption.

use super::{Findings, Scope};
use crate::catalog::access::address;
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::hba::Address;

/// The largest block that was ever handed to one organisation; 10.0.0.0/8 is one.
const WIDEST_IPV4: u8 = 8;
/// A private network is a /48 of fd00::/8 (RFC 4193), so this is generous.
const WIDEST_IPV6: u8 = 16;

rule! {
    /// ## What it does
    /// Finds clients and rules for every address, or for a range wider than /8 (IPv6: /16), that let connections in
    /// without TLS. Rules with `reject` let nobody in.
    ///
    /// ## Why is this bad?
    /// Whoever reaches the server's port may try passwords, and what is sent, data and all, can be read and changed on
    /// the way.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// password = { file = "/run/secrets/immich" }
    /// clients = ["0.0.0.0/0"]
    /// ```
    /// Use instead the network that the clients are in, and TLS:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// password = { file = "/run/secrets/immich" }
    /// clients = [{ address = "10.20.0.0/16", tls = true }]
    /// ```
    pub OPEN_TO_EVERYBODY = "open-to-everybody", Warning
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let instances = &scope.declarations.instances;
    let rules = instances
        .iter()
        .flat_map(|instance| &instance.authentication);
    for rule in rules {
        let Some(address) = &rule.address else {
            continue;
        };
        // GSSAPI encrypts like TLS; a local rule has no address.
        let is_closed = matches!(&*rule.connection.value, "local" | "hostssl" | "hostgssenc");
        if !is_closed && &*rule.method.value != "reject" {
            let example = "type = \"hostssl\"\naddress = \"10.20.0.0/16\"";
            findings.extend(finding(scope, address, "`type = \"hostssl\"`", example));
        }
    }
    let databases = scope.declarations.databases();
    for client in databases.flat_map(|(_, database)| &database.clients) {
        let is_closed = client.tls.is_some_and(|tls| tls.value);
        let method = client.method.as_ref().map(|method| &*method.value);
        if !is_closed && method != Some("reject") {
            let example = "clients = [{ address = \"10.20.0.0/16\", tls = true }]";
            findings.extend(finding(scope, &client.address, "`tls = true`", example));
        }
    }
}

fn finding(scope: &Scope, address: &Text, tls: &str, example: &str) -> Option<Diagnostic> {
    if !is_everywhere(&address.value) {
        return None;
    }
    let message = format!(
        "unencrypted connections are let in from {}",
        phrase::backticked(&address.value)
    );
    Some(
        Diagnostic::new(&OPEN_TO_EVERYBODY, address.span, message)
            .label("passwords can be tried from anywhere, and the data be read on the way")
            .help(format!(
                "name the network that the clients are in, and say {tls}:"
            ))
            .example(scope.example(address.span, example)),
    )
}

fn is_everywhere(text: &str) -> bool {
    let addresses = address::read(text).unwrap_or_default();
    addresses.iter().any(|address| match address {
        Address::All => true,
        Address::Net { ip, prefix } if ip.is_ipv4() => *prefix < WIDEST_IPV4,
        Address::Net { prefix, .. } => *prefix < WIDEST_IPV6,
        _ => false,
    })
}
