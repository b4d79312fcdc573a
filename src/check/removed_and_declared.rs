//! What shall be there and shall not.

use std::collections::HashMap;

use super::{Findings, Scope};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds databases and roles that an instance removes and an enabled service declares, or uses: as a template, an
    /// owner, in a grant or a membership.
    ///
    /// ## Why is this bad?
    /// `dbgen apply` would create with one hand what it drops with the other.
    ///
    /// ## Example
    /// ```toml
    /// [instances.main]
    /// removed = { databases = ["immich"], dumpDirectory = "/var/backup/dbgen" }
    ///
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// ```
    /// Use instead one of the two:
    /// ```toml
    /// [instances.main]
    /// removed = { databases = ["immich"], dumpDirectory = "/var/backup/dbgen" }
    /// ```
    pub REMOVED_AND_DECLARED = "removed-and-declared", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    if scope.declarations.removed().next().is_none() {
        return;
    }
    let databases = databases(scope);
    let removed = scope.declarations.removed();
    for name in removed.flat_map(|removed| &removed.databases) {
        if let Some(other) = databases.get(&*name.value) {
            findings.push(finding("database", name, *other));
        }
    }
    let roles = roles(scope);
    let removed = scope.declarations.removed();
    for name in removed.flat_map(|removed| &removed.roles) {
        if let Some(other) = roles.get(&*name.value) {
            findings.push(finding("role", name, *other));
        }
    }
}

/// Where each database that is declared or used stands first.
fn databases<'d>(scope: &Scope<'d>) -> HashMap<&'d str, Span> {
    let databases = scope.enabled_databases();
    let names = databases.flat_map(|(_, database)| {
        let creation = database.creation.as_ref();
        let template = creation.and_then(|creation| creation.template.as_ref());
        std::iter::once(&database.name).chain(template)
    });
    first(names)
}

/// Where each role that is declared or used stands first.
fn roles<'d>(scope: &Scope<'d>) -> HashMap<&'d str, Span> {
    let users = scope
        .enabled_databases()
        .map(|(_, database)| &database.user);
    let roles = scope.declarations.roles();
    let roles = roles.filter(|(service, _)| scope.is_enabled(service));
    let references = scope.role_references().into_iter();
    let references = references.filter(|(service, _)| scope.is_enabled(service));
    first(
        roles
            .map(|(_, role)| &role.name)
            .chain(users)
            .chain(references.map(|(_, name)| name)),
    )
}

fn first<'d>(names: impl Iterator<Item = &'d Text>) -> HashMap<&'d str, Span> {
    let mut first = HashMap::new();
    for name in names {
        first.entry(&*name.value).or_insert(name.span);
    }
    first
}

fn finding(noun: &str, name: &Text, other: Span) -> Diagnostic {
    let message = format!(
        "{noun} {} is to be removed, and is in use",
        phrase::backticked(&name.value)
    );
    Diagnostic::new(&REMOVED_AND_DECLARED, name.span, message)
        .label("to be removed")
        .related(other, "declared or used here")
        .help("remove one of the two; a database of a service that is disabled can be removed")
}
