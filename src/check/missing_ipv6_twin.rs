//! A rule for one of the two loopback addresses.

use std::collections::HashMap;
use std::net::IpAddr;

use super::{Findings, Scope};
use crate::catalog::access::{self, address};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::hba::{Address, Rule, Twins};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds rules and clients for 127.0.0.1 for which no rule says the same about ::1, and the other way round.
    ///
    /// ## Why is this bad?
    /// A program that connects to `localhost` tries ::1 first. Without a rule for it the server refuses the connection,
    /// or another rule decides it, although the address 127.0.0.1 would have been let in.
    ///
    /// ## Example
    /// ```toml
    /// [[instances.main.authentication]]
    /// type = "host"
    /// databases = "all"
    /// users = ["exporter"]
    /// address = "127.0.0.1/32"
    /// method = "scram-sha-256"
    ///
    /// [[services.grafana.databases]]
    /// type = "postgresql"
    /// name = "grafana"
    /// user = "grafana"
    ///
    /// [[services.grafana.roles]]
    /// name = "exporter"
    /// login = true
    /// password = { file = "/run/secrets/exporter" }
    /// ```
    /// Use instead:
    /// ```toml
    /// [[instances.main.authentication]]
    /// type = "host"
    /// databases = "all"
    /// users = ["exporter"]
    /// address = "localhost"
    /// method = "scram-sha-256"
    ///
    /// [[services.grafana.databases]]
    /// type = "postgresql"
    /// name = "grafana"
    /// user = "grafana"
    ///
    /// [[services.grafana.roles]]
    /// name = "exporter"
    /// login = true
    /// password = { file = "/run/secrets/exporter" }
    /// ```
    pub MISSING_IPV6_TWIN = "missing-ipv6-twin", Warning
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let of_one_family: Vec<(Span, &Text)> = addresses(scope)
        .filter(|(_, text)| is_loopback(text))
        .collect();
    if of_one_family.is_empty() {
        return;
    }
    let rules = access::rules(scope);
    let twins = Twins::new(rules.iter().map(|(rule, _)| rule));
    let by_place: HashMap<Span, &Rule> = rules.iter().map(|(rule, place)| (*place, rule)).collect();
    for (span, text) in of_one_family {
        // A rule that another place declares too has that place.
        let Some(rule) = by_place.get(&span).copied() else {
            continue;
        };
        let twin = twins.missing(rule).map(|missing| match missing {
            IpAddr::V6(_) => ("::1", "127.0.0.1"),
            IpAddr::V4(_) => ("127.0.0.1", "::1"),
        });
        if let Some((missing, there)) = twin {
            findings.push(finding(scope, text, missing, there));
        }
    }
}

/// The declared addresses, each with the place of its rule or client.
fn addresses<'d>(scope: &Scope<'d>) -> impl Iterator<Item = (Span, &'d Text)> {
    let rules = scope.declarations.authentication();
    let clients = scope
        .enabled_databases()
        .flat_map(|(_, database)| &database.clients);
    let of_clients: Vec<_> = clients
        .map(|client| (client.span, &client.address))
        .collect();
    rules
        .filter_map(|rule| Some((rule.span, rule.address.as_ref()?)))
        .chain(of_clients)
}

fn is_loopback(text: &Text) -> bool {
    let addresses = address::read(&text.value).unwrap_or_default();
    matches!(addresses.as_slice(), [Address::Net { ip, .. }] if ip.is_loopback())
}

fn finding(scope: &Scope, text: &Text, missing: &str, there: &str) -> Diagnostic {
    let message = format!(
        "there is a rule for {} and none like it for {missing}",
        phrase::backticked(&text.value)
    );
    Diagnostic::new(&MISSING_IPV6_TWIN, text.span, message)
        .label(match missing {
            "::1" => "who connects to `localhost` tries ::1 first",
            _ => "some programs connect to 127.0.0.1 only",
        })
        .help(format!(
            "`localhost` may be {missing} or {there}: name both"
        ))
        .example(scope.example(text.span, "address = \"localhost\""))
}
