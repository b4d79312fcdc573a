//! Two databases of one name.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Findings, Scope};
use crate::declaration::{Service, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds databases that two enabled services, or one service twice, declare under the same name.
    ///
    /// ## Why is this bad?
    /// A server has one database of a name: two services would share it without knowing, read each other's tables,
    /// and one restore would undo the other's work.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "app"
    /// user = "immich"
    ///
    /// [[services.forgejo.databases]]
    /// type = "postgresql"
    /// name = "app"
    /// user = "forgejo"
    /// ```
    /// Use instead a name of its own for each:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    ///
    /// [[services.forgejo.databases]]
    /// type = "postgresql"
    /// name = "forgejo"
    /// user = "forgejo"
    /// ```
    pub DUPLICATE_DATABASE = "duplicate-database", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    // A table that grows reads all names again.
    let databases = scope.declarations.databases().count();
    let mut first: HashMap<&str, (&Service, &Text)> = HashMap::with_capacity(databases);
    for (service, database) in scope.enabled_databases() {
        let name = &database.name;
        let (other, other_name) = match first.entry(&name.value) {
            Entry::Occupied(other) => *other.get(),
            Entry::Vacant(free) => {
                free.insert((service, name));
                continue;
            }
        };
        let shown = phrase::backticked(&name.value);
        let message = if other.name.value == service.name.value {
            format!(
                "service {} declares database {shown} twice",
                phrase::backticked(&service.name.value)
            )
        } else {
            format!(
                "services {} and {} both declare database {shown}",
                phrase::backticked(&other.name.value),
                phrase::backticked(&service.name.value)
            )
        };
        let toml = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let example = format!(
            "[[databases]]\ntype = \"postgresql\"\nname = {}\nuser = {}",
            toml(&format!("{}_{}", service.name.value, name.value)),
            toml(&database.user.value)
        );
        findings.push(
            Diagnostic::new(&DUPLICATE_DATABASE, name.span, message)
                .label("declared again here")
                .related(other_name.span, "first declared here")
                .help("give each service a database of its own name, or let one of them declare the database and the other a role with access to it")
                .example(scope.example(name.span, &example)),
        );
    }
}
