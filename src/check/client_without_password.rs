//! A client that is asked for a password that nobody set.

use std::collections::{HashMap, HashSet};

use super::{Findings, Scope, unread};
use crate::declaration::{Client, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds `clients` that log in with a password (the method `scram-sha-256`, which is the default, `md5` or
    /// `password`) as a role for which no `password` is declared.
    ///
    /// ## Why is this bad?
    /// The server asks for a password and the role has none: the client is refused, whatever it sends. The log says only
    /// that the authentication failed.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// clients = ["10.20.0.0/16"]
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// password = { file = "/run/secrets/immich" }
    /// clients = ["10.20.0.0/16"]
    /// ```
    pub CLIENT_WITHOUT_PASSWORD = "client-without-password", Warning
}

/// Applies the rule: one finding for a role, however many clients are asked for its password.
pub fn check(scope: &Scope, findings: &mut Findings) {
    if unread::may_hide_a_declaration(findings) {
        return;
    }
    let mut told: HashSet<&str> = HashSet::new();
    let mut passwords: Option<HashMap<&str, bool>> = None;
    for (service, database) in scope.declarations.databases() {
        let is_enabled = scope.is_enabled(service);
        for client in database.clients.iter().filter(|client| asks(client)) {
            let passwords = passwords.get_or_insert_with(|| all_passwords(scope));
            let own = client.users.is_none().then_some(&database.user);
            for user in client.users.iter().flatten().chain(own) {
                // Services that are not in use may be enabled together.
                let has_password = passwords
                    .get(&*user.value)
                    .is_some_and(|of_enabled| *of_enabled || !is_enabled);
                // Of a role that is declared nowhere another rule tells.
                let is_declared = scope.role(&user.value).is_some();
                if is_declared && !has_password && told.insert(&user.value) {
                    findings.push(finding(scope, client, user));
                }
            }
        }
    }
}

/// The roles with a password, and whether an enabled service declares it.
fn all_passwords<'d>(scope: &Scope<'d>) -> HashMap<&'d str, bool> {
    let mut passwords = HashMap::new();
    for (service, role, _) in scope.passwords() {
        *passwords.entry(&*role.value).or_insert(false) |= scope.is_enabled(service);
    }
    passwords
}

fn asks(client: &Client) -> bool {
    let method = client.method.as_ref().map(|method| &*method.value);
    matches!(method, None | Some("scram-sha-256" | "md5" | "password"))
}

fn finding(scope: &Scope, client: &Client, user: &Text) -> Diagnostic {
    let role = phrase::backticked(&user.value);
    let message = format!(
        "a client from {} is asked for the password of role {role}, which has none",
        phrase::backticked(&client.address.value)
    );
    let span = match &client.users {
        Some(_) => user.span,
        None => client.address.span,
    };
    let path = toml::Value::from(format!("/run/secrets/{}", user.value));
    let example = format!("password = {{ file = {path} }}");
    let finding = Diagnostic::new(&CLIENT_WITHOUT_PASSWORD, span, message)
        .label("is always refused")
        .help(format!("say where the password of {role} comes from:"))
        .example(scope.example(span, &example));
    match &client.users {
        Some(_) => finding,
        None => finding.related(user.span, "no password is declared for this role"),
    }
}
