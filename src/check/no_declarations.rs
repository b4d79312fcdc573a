//! A file that declares nothing.

use std::collections::HashSet;

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::source::{FileId, Span};

rule! {
    /// ## What it does
    /// Tells of files among the input in which no service and no instance is declared. A `dbgen.toml` may be without.
    ///
    /// ## Why is this bad?
    /// The file was named, or a glob of `include` found it, so something was expected of it. Often its services
    /// were moved to another file, or are yet to be written.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   services = { };
    /// }
    /// ```
    /// Use instead:
    /// ```nix
    /// {
    ///   services.immich.databases = [
    ///     {
    ///       type = "postgresql";
    ///       name = "immich";
    ///       user = "immich";
    ///     }
    ///   ];
    /// }
    /// ```
    pub NO_DECLARATIONS = "no-declarations", Warning
}

/// Applies the rule to the files in which nothing else was found.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let services = scope
        .declarations
        .services
        .iter()
        .map(|service| &service.name);
    let instances = scope
        .declarations
        .instances
        .iter()
        .map(|instance| &instance.name);
    let told = findings.iter().map(|finding| finding.primary.span.file);
    let fine: HashSet<FileId> = services
        .chain(instances)
        .map(|name| name.span.file)
        .chain(told)
        .collect();
    for (id, file) in scope.sources().iter() {
        let is_project = file.name.rsplit('/').next() == Some("dbgen.toml");
        if is_project || fine.contains(&id) {
            continue;
        }
        let span = Span::new(id, 0, 0);
        let example = "[[services.immich.databases]]\ntype = \"postgresql\"\nname = \"immich\"\nuser = \"immich\"";
        findings.push(
            Diagnostic::new(
                &NO_DECLARATIONS,
                span,
                format!("{} declares nothing", phrase::backticked(&file.name)),
            )
            .label("no `services` in this file")
            .help("take the file out of `include` or off the command line, or declare a service:")
            .example(scope.example(span, example)),
        );
    }
}
