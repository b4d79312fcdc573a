//! Two names that the server would take for one.

use std::collections::{HashMap, HashSet};

use super::{Findings, Scope};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::identifier::{MAX_BYTES, truncate};

rule! {
    /// ## What it does
    /// Finds two names of databases, of roles, or of schemas in one database, that are different as written and the
    /// same in their first 63 bytes.
    ///
    /// ## Why is this bad?
    /// PostgreSQL cuts a longer name after 63 bytes without an error. Two services would then share a database, or two
    /// users a role with one password, and nothing would tell.
    ///
    /// ## Example
    /// ```toml
    /// [[services.recorder.databases]]
    /// type = "postgresql"
    /// name = "home_assistant_recorder_long_term_statistics_of_the_whole_house_2026"
    /// user = "recorder"
    ///
    /// [[services.archive.databases]]
    /// type = "postgresql"
    /// name = "home_assistant_recorder_long_term_statistics_of_the_whole_house_2027"
    /// user = "archive"
    /// ```
    /// Use instead names whose first 63 bytes differ:
    /// ```toml
    /// [[services.recorder.databases]]
    /// type = "postgresql"
    /// name = "recorder_2026"
    /// user = "recorder"
    ///
    /// [[services.archive.databases]]
    /// type = "postgresql"
    /// name = "recorder_2027"
    /// user = "archive"
    /// ```
    pub TRUNCATED_NAMES_COLLIDE = "truncated-names-collide", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let services = || {
        scope
            .declarations
            .services
            .iter()
            .filter(|service| scope.is_enabled(service))
    };
    let databases = || services().flat_map(|service| &service.databases);
    let users = databases().map(|database| &database.user);
    let roles = services()
        .flat_map(|service| &service.roles)
        .map(|role| &role.name);
    among(
        "database",
        databases().map(|database| &database.name),
        findings,
    );
    among("role", users.chain(roles), findings);
    for database in databases() {
        among(
            "schema",
            database.schemas.iter().map(|schema| &schema.name),
            findings,
        );
    }
}

fn among<'d>(noun: &str, names: impl Iterator<Item = &'d Text> + Clone, findings: &mut Findings) {
    if names.clone().all(|name| name.value.len() <= MAX_BYTES) {
        return;
    }
    let mut first: HashMap<&str, &Text> = HashMap::new();
    let mut told: HashSet<&str> = HashSet::new();
    for name in names {
        let kept = *first.entry(truncate(&name.value)).or_insert(name);
        if kept.value == name.value || !told.insert(&name.value) {
            continue;
        }
        let (long, other) = if name.value.len() > MAX_BYTES {
            (name, kept)
        } else {
            (kept, name)
        };
        let message = format!(
            "{noun} names {} and {} are the same in the {MAX_BYTES} bytes that PostgreSQL keeps",
            phrase::backticked(&long.value),
            phrase::backticked(&other.value)
        );
        let becomes = if other.value.len() > MAX_BYTES {
            "becomes the same name"
        } else {
            "is the same name"
        };
        findings.push(
            Diagnostic::new(&TRUNCATED_NAMES_COLLIDE, long.span, message)
                .label(format!(
                    "becomes {}",
                    phrase::backticked(truncate(&long.value))
                ))
                .related(other.span, becomes)
                .help("shorten them so that they differ within that length"),
        );
    }
}
