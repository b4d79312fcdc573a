//! A schema that the server keeps for itself.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::identifier::is_reserved_schema;

rule! {
    /// ## What it does
    /// Finds declared schemas whose name begins with `pg_`, and `information_schema`.
    ///
    /// ## Why is this bad?
    /// The server refuses to create schemas whose name begins with `pg_`, and it has `information_schema` already: the
    /// declaration would give the system's schema another owner.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// schemas = ["pg_immich"]
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// schemas = ["immich"]
    /// ```
    pub RESERVED_SCHEMA = "reserved-schema", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let databases = scope.declarations.databases();
    for schema in databases.flat_map(|(_, database)| &database.schemas) {
        let name = &schema.name;
        if !is_reserved_schema(&name.value) {
            continue;
        }
        let shown = phrase::backticked(&name.value);
        let message = format!("a schema can't be called {shown}, a name of the server's own");
        let (label, help) = if &*name.value == "information_schema" {
            (
                "every database has it already",
                "remove it, or choose another name",
            )
        } else {
            (
                "names that begin with `pg_` are reserved",
                "choose a name that begins otherwise",
            )
        };
        findings.push(
            Diagnostic::new(&RESERVED_SCHEMA, name.span, message)
                .label(label)
                .help(help),
        );
    }
}
