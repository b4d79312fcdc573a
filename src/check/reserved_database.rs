//! A database that is there already.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::identifier::is_system_database;

rule! {
    /// ## What it does
    /// Finds services that declare `postgres`, `template0` or `template1` as their database, and these among the
    /// databases that an instance removes.
    ///
    /// ## Why is this bad?
    /// Every server has these three. What a service puts into `template1` is copied into each database that is
    /// created later, `template0` takes no connection, and `postgres` is where administration starts.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "postgres"
    /// user = "immich"
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// ```
    pub RESERVED_DATABASE = "reserved-database", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (service, database) in scope.declarations.databases() {
        let name = &database.name;
        if !is_system_database(&name.value) {
            continue;
        }
        let message = format!(
            "service {} can't have database {}, which belongs to the server itself",
            phrase::backticked(&service.name.value),
            phrase::backticked(&name.value)
        );
        let example = format!("name = {}", toml::Value::from(&*service.name.value));
        findings.push(
            Diagnostic::new(&RESERVED_DATABASE, name.span, message)
                .label("every server has it already")
                .help("give the service a database of its own:")
                .example(scope.example(name.span, &example)),
        );
    }
    let removed = scope.declarations.removed();
    let removed = removed.flat_map(|removed| &removed.databases);
    for name in removed.filter(|name| is_system_database(&name.value)) {
        let shown = phrase::backticked(&name.value);
        let message = format!("database {shown} can't be removed, it belongs to the server itself");
        findings.push(
            Diagnostic::new(&RESERVED_DATABASE, name.span, message)
                .label("every server has it and needs it")
                .help("leave it out"),
        );
    }
}
