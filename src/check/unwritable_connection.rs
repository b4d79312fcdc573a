//! A name that a declared file can't hold.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds databases whose name or `user` can't stand in a file that is declared to tell how to connect: a line break in
    /// the files of libpq, white space at the end in a connection service file, another control character in a file of
    /// variables.
    ///
    /// ## Why is this bad?
    /// These formats have no way to write such a name: libpq would read another one, and systemd passes over the variable.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "photos\nand more"
    /// user = "immich"
    /// connection = { serviceFile = true, owner = "immich" }
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "photos"
    /// user = "immich"
    /// connection = { serviceFile = true, owner = "immich" }
    /// ```
    pub UNWRITABLE_CONNECTION = "unwritable-connection", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (service, database) in scope.declarations.databases() {
        let said = scope.connection(service, database);
        if !said.any_file() {
            continue;
        }
        let environment = said.first(|it| it.environment.as_ref());
        let environment = environment.is_some_and(|it| it.wanted.value && it.template.is_none());
        let pgpass = said.first(|it| it.pgpass).is_some_and(|it| it.value);
        let service_file = said.first(|it| it.service_file).is_some_and(|it| it.value);
        let mut names = vec![&database.name, &database.user];
        if service_file {
            names.push(&service.name);
        }
        for name in names {
            let text = &*name.value;
            let line_break = text.contains(['\n', '\r']);
            let label = if line_break && (pgpass || service_file) {
                "a line break, which a file of libpq can't hold"
            } else if service_file && text.ends_with(|c: char| c.is_ascii_whitespace()) {
                "white space at the end, which a connection service file can't hold"
            } else if environment
                && text
                    .chars()
                    .any(|c| c.is_ascii_control() && !"\t\n".contains(c))
            {
                "a control character, which a file of variables can't hold"
            } else {
                continue;
            };
            let message = format!(
                "{} can't stand in a file that tells how to connect",
                phrase::backticked(text)
            );
            findings.push(
                Diagnostic::new(&UNWRITABLE_CONNECTION, name.span, message)
                    .label(label)
                    .help("choose another name, or leave that file out"),
            );
        }
    }
}
