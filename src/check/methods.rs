//! Every declared authentication method.

use super::Scope;
use crate::declaration::Text;

/// The methods of rules and of clients, each with the type of its connection.
pub fn all<'d>(scope: &Scope<'d>) -> impl Iterator<Item = (&'d str, &'d Text)> {
    let declarations = scope.declarations;
    let rules = declarations
        .instances
        .iter()
        .flat_map(|instance| &instance.authentication);
    let clients = declarations
        .databases()
        .flat_map(|(_, database)| &database.clients);
    let of_clients = clients.filter_map(|client| {
        let tls = client.tls.is_some_and(|tls| tls.value);
        Some((
            if tls { "hostssl" } else { "host" },
            client.method.as_ref()?,
        ))
    });
    rules
        .map(|rule| (&*rule.connection.value, &rule.method))
        .chain(of_clients)
}
