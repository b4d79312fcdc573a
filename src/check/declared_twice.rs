//! The same thing said twice in one list.

use std::collections::HashMap;

use super::{Findings, Scope};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds schemas and extensions that stand twice in one database, and roles that stand twice in the `memberOf` of one
    /// role.
    ///
    /// ## Why is this bad?
    /// There is one schema, one extension and one membership of that name. When the two say different things, such as two
    /// owners, only one of them can hold; when they say the same, one of the names is probably a slip.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// extensions = ["pg_trgm", { name = "pg_trgm", schema = "public" }]
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// extensions = [{ name = "pg_trgm", schema = "public" }]
    /// ```
    pub DECLARED_TWICE = "declared-twice", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (_, database) in scope.declarations.databases() {
        let declares = |noun: &str, name: &str| {
            let database = phrase::backticked(&database.name.value);
            format!("database {database} declares {noun} {name} twice")
        };
        let schemas = database.schemas.iter().map(|schema| &schema.name);
        twice(schemas, |name| declares("schema", name), findings);
        let extensions = database.extensions.iter().map(|extension| &extension.name);
        twice(extensions, |name| declares("extension", name), findings);
    }
    for (_, role) in scope.declarations.roles() {
        let groups = role.member_of.iter().map(|membership| &membership.role);
        let is_member = |name: &str| {
            let role = phrase::backticked(&role.name.value);
            format!("role {role} is a member of {name} twice")
        };
        twice(groups, is_member, findings);
    }
}

fn twice<'d>(
    names: impl ExactSizeIterator<Item = &'d Text>,
    message: impl Fn(&str) -> String,
    findings: &mut Findings,
) {
    if names.len() < 2 {
        return;
    }
    let mut first: HashMap<&str, Span> = HashMap::new();
    for name in names {
        let Some(other) = first.get(&*name.value) else {
            first.insert(&name.value, name.span);
            continue;
        };
        let shown = phrase::backticked(&name.value);
        findings.push(
            Diagnostic::new(&DECLARED_TWICE, name.span, message(&shown))
                .label("declared again here")
                .related(*other, "first declared here")
                .help("remove one of the two, or mend its name"),
        );
    }
}
