//! A name that nixpkgs' own set-up can't carry.

use std::collections::HashSet;

use super::{Findings, Scope, invalid_name};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::identifier::is_safe_in_ensure_databases;

rule! {
    /// ## What it does
    /// Tells of databases and roles whose name can't be given to `services.postgresql.ensureDatabases` or `ensureUsers`:
    /// it holds something other than letters, digits, `_`, `-`, `.` and blanks. An instance with `creation = "program"` has
    /// no use for either option, and nothing is told of it.
    ///
    /// ## Why is this bad?
    /// NixOS writes these names unescaped into a shell script with SQL in it. A quote, a `$` or a backslash would break
    /// the script or run as a part of it. dbgen therefore leaves such a name out of both options and to its own
    /// provisioning program, which quotes it; other NixOS modules that look into `ensureDatabases` don't see it.
    ///
    /// ## Example
    /// ```toml
    /// name = "bob's photos"
    /// ```
    /// Use instead:
    /// ```toml
    /// name = "bobs_photos"
    /// ```
    pub UNSAFE_ENSURE_NAME = "unsafe-ensure-name", Warning
}

/// Applies the rule; a name that stands at several places is told once.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let mut instances = scope.declarations.instances.iter();
    let creation = instances.find_map(|instance| instance.creation.as_ref());
    if creation.is_some_and(|creation| &*creation.value == "program") {
        return;
    }
    let mut told: HashSet<(&str, &str)> = HashSet::new();
    let mut tell = |noun: &'static str, option: &str, name: &'_ Text| {
        let message = format!(
            "{noun} name {} can't be given to `services.postgresql.{option}`",
            phrase::backticked(&name.value)
        );
        let instead = match plain(&name.value) {
            plain if plain.is_empty() => "a name of letters, digits, `_` and `-`".to_owned(),
            plain => phrase::backticked(&plain),
        };
        findings.push(
            Diagnostic::new(&UNSAFE_ENSURE_NAME, name.span, message)
                .label("would break NixOS' set-up script")
                .help(format!(
                    "dbgen leaves it to its own provisioning program; {instead} could go everywhere"
                )),
        );
    };
    for service in &scope.declarations.services {
        for database in &service.databases {
            if is_unsafe(&database.name) && told.insert(("database", &*database.name.value)) {
                tell("database", "ensureDatabases", &database.name);
            }
            if is_unsafe(&database.user) && told.insert(("role", &*database.user.value)) {
                tell("role", "ensureUsers", &database.user);
            }
        }
        for role in &service.roles {
            if is_unsafe(&role.name) && told.insert(("role", &*role.name.value)) {
                tell("role", "ensureUsers", &role.name);
            }
        }
    }
}

fn is_unsafe(name: &Text) -> bool {
    !is_safe_in_ensure_databases(&name.value) && !invalid_name::is_invalid(&name.value)
}

/// The name without what makes it unsafe.
fn plain(name: &str) -> String {
    let plain: String = name
        .chars()
        .filter(|c| !matches!(c, '\'' | '"'))
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '-' | '.') {
                c
            } else {
                '_'
            }
        })
        .collect();
    plain.trim_matches('_').to_owned()
}
