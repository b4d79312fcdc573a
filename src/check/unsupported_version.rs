//! A major version that dbgen does not know.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, rule};
use crate::postgres::version::Version;

rule! {
    /// ## What it does
    /// Finds instances whose `version` is none of the majors that dbgen knows, 14 to 18.
    ///
    /// ## Why is this bad?
    /// What a server understands (privileges, parameters, rules of pg_hba) depends on its major version. For an unknown
    /// one dbgen could not tell a mistake from a feature.
    ///
    /// ## Example
    /// ```toml
    /// [instances.main]
    /// version = 13
    /// ```
    /// Use instead:
    /// ```toml
    /// [instances.main]
    /// version = 17
    /// ```
    pub UNSUPPORTED_VERSION = "unsupported-version", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for version in scope
        .declarations
        .instances
        .iter()
        .filter_map(|instance| instance.version)
    {
        if Version::new(version.value).is_some() {
            continue;
        }
        let range = format!("{} to {}", Version::OLDEST, Version::NEWEST);
        findings.push(
            Diagnostic::new(&UNSUPPORTED_VERSION, version.span, format!("PostgreSQL {} is not supported", version.value))
                .label(format!("expected {range}"))
                .help(format!(
                    "write the major version of the server that runs, {range}; for another one leave `version` out, and nothing that depends on it is checked"
                )),
        );
    }
}
