//! Where the dumps of removed databases go.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds an instance that removes databases without a `dumpDirectory`, and a `dumpDirectory` that is no absolute path,
    /// holds a control character, or lies in the Nix store.
    ///
    /// ## Why is this bad?
    /// A database is dropped only after a dump of it was restored and compared, and that dump is kept. The directory is
    /// one of the host that runs `dbgen apply --remove`, whatever folder that is called from; nothing expands `~` or
    /// a variable, and nobody can write to the store, which everybody can read.
    ///
    /// ## Example
    /// ```toml
    /// [instances.main]
    /// removed = { databases = ["old"] }
    /// ```
    /// Use instead:
    /// ```toml
    /// [instances.main]
    /// removed = { databases = ["old"], dumpDirectory = "/var/backup/dbgen" }
    /// ```
    pub DUMP_DIRECTORY = "dump-directory", Error
}

const EXAMPLE: &str = "[instances.main.removed]\ndumpDirectory = \"/var/backup/dbgen\"";

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let removed = || scope.declarations.removed();
    let directories = || removed().filter_map(|removed| removed.dump_directory.as_ref());
    let first = removed().flat_map(|removed| &removed.databases).next();
    if let (Some(database), None) = (first, directories().next()) {
        let message = format!(
            "database {} is to be removed, and nothing says where its dump goes",
            phrase::backticked(&database.value)
        );
        findings.push(
            Diagnostic::new(&DUMP_DIRECTORY, database.span, message)
                .label("`dumpDirectory` is missing")
                .help("name a directory that only the administrator can read:")
                .example(scope.example(database.span, EXAMPLE)),
        );
    }
    for directory in directories() {
        let path = &*directory.value;
        let label = if !path.starts_with('/') {
            "does not begin with a slash"
        } else if path.contains(char::is_control) {
            "has a control character"
        } else if path.starts_with("/nix/store") {
            "everybody can read the store, and nobody can write to it"
        } else {
            continue;
        };
        let message = format!("dumps can't go to {}", phrase::backticked(path));
        findings.push(
            Diagnostic::new(&DUMP_DIRECTORY, directory.span, message)
                .label(label)
                .help("write an absolute path:")
                .example(scope.example(directory.span, EXAMPLE)),
        );
    }
}
