//! Files with a password that would belong to nobody.

use std::collections::HashSet;

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds databases with files that tell how to connect, but with neither an `owner` of the files nor a `unixUser`.
    ///
    /// ## Why is this bad?
    /// Only their owner reads the files, and nothing says which Unix user the service runs as.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// connection = { environment = true }
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// connection = { environment = true, owner = "immich" }
    /// ```
    pub CONNECTION_WITHOUT_OWNER = "connection-without-owner", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let mut told = HashSet::new();
    for (service, database) in scope.declarations.databases() {
        let said = scope.connection(service, database);
        let user = database.unix_user.as_ref().or(scope.unix_user(service));
        let owner = said.first(|it| it.owner.as_ref());
        let Some(connection) = said.first(Some) else {
            continue;
        };
        if said.any_file() && user.or(owner).is_none() && told.insert(connection.span) {
            let message = format!(
                "the files for the connection to database {} have no owner",
                phrase::backticked(&database.name.value)
            );
            findings.push(
                Diagnostic::new(&CONNECTION_WITHOUT_OWNER, connection.span, message)
                    .label("no `owner`, and no `unixUser` of the service")
                    .help("say which Unix user reads them, `root` where only systemd does:")
                    .example(scope.example(connection.span, "owner = \"root\"")),
            );
        }
    }
}
