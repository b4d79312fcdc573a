//! A library that can't be preloaded.

use super::{Findings, Scope};
use crate::declaration::Preload;
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds entries of `preloadLibraries`, and an extension's `preload`, that are no name of a library: empty, or with
    /// something other than ASCII letters, digits and `$/._-`.
    ///
    /// ## Why is this bad?
    /// The names go into `shared_preload_libraries` of postgresql.conf, where a comma parts them and a quote or a line
    /// break ends them. A server that does not find one of them does not start.
    ///
    /// ## Example
    /// ```toml
    /// [instances.main]
    /// preloadLibraries = ["pg_stat_statements, auto_explain"]
    /// ```
    /// Use instead:
    /// ```toml
    /// [instances.main]
    /// preloadLibraries = ["pg_stat_statements", "auto_explain"]
    /// ```
    pub INVALID_LIBRARY_NAME = "invalid-library-name", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let instances = scope.declarations.instances.iter();
    let of_server = instances.flat_map(|instance| &instance.preload_libraries);
    let databases = scope.declarations.databases();
    let of_extensions = databases
        .flat_map(|(_, database)| &database.extensions)
        .filter_map(|extension| match &extension.preload {
            Some(Preload::Library(library)) => Some(library),
            _ => None,
        });
    for library in of_server.chain(of_extensions) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "$/._-".contains(c);
        let label = match library.value.chars().find(|c| !allowed(*c)) {
            Some(',') => "write several libraries as several strings".to_owned(),
            Some(other) => format!(
                "{} can't stand in it",
                phrase::backticked(&other.to_string())
            ),
            None if library.value.is_empty() => "no name here".to_owned(),
            None => continue,
        };
        let shown = phrase::backticked(&library.value);
        findings.push(
            Diagnostic::new(
                &INVALID_LIBRARY_NAME,
                library.span,
                format!("{shown} is no name of a library"),
            )
            .label(label)
            .help("write the name of the file without its ending, such as `pg_stat_statements`"),
        );
    }
}
