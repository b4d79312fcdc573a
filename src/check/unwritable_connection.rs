//! A name that a connection service file can't hold.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds databases with a `serviceFile` whose name or `user` ends with white space, or whose service has a line break in
    /// its name.
    ///
    /// ## Why is this bad?
    /// A connection service file of libpq has no way to write it: another name would be read.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich "
    /// connection = { serviceFile = true, owner = "immich" }
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// connection = { serviceFile = true, owner = "immich" }
    /// ```
    pub UNWRITABLE_CONNECTION = "unwritable-connection", Error
}

/// Applies the rule. No name of a database or a role has a control character.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (service, database) in scope.declarations.databases() {
        let said = scope.connection(service, database);
        if !said.first(|it| it.service_file).is_some_and(|it| it.value) {
            continue;
        }
        let further = database.access.iter().map(|access| &access.role);
        for name in [&database.name, &database.user, &service.name]
            .into_iter()
            .chain(further)
        {
            let text = &*name.value;
            let label = if text.contains(['\n', '\r']) {
                "a line break ends it there"
            } else if text.ends_with(|c: char| c.is_ascii_whitespace()) {
                "white space at the end is not read"
            } else {
                continue;
            };
            let message = format!(
                "{} can't stand in a connection service file",
                phrase::backticked(text)
            );
            findings.push(
                Diagnostic::new(&UNWRITABLE_CONNECTION, name.span, message)
                    .label(label)
                    .help("choose another name, or leave `serviceFile` out"),
            );
        }
    }
}
