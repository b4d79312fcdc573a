//! An extension of which dbgen does not know the package.

use super::{Findings, Scope};
use crate::declaration::Extension;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::{Version, extension};

rule! {
    /// ## What it does
    /// Finds extensions that neither come with PostgreSQL nor are among the packages that dbgen knows, when the
    /// declaration does not name their `package`; and those that the server's declared version does not have.
    ///
    /// ## Why is this bad?
    /// The module cannot install what it does not know: `CREATE EXTENSION` fails unless something else provides the
    /// extension. Often the name is the package's (`pgvector`) and not the extension's (`vector`).
    ///
    /// ## Example
    /// ```toml
    /// extensions = ["pgvector"]
    /// ```
    /// Use instead the extension's name, or name the package:
    /// ```toml
    /// extensions = ["vector", { name = "my_extension", package = "my-extension" }]
    /// ```
    pub UNKNOWN_EXTENSION = "unknown-extension", Warning
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (_, database) in scope.declarations.databases() {
        for declared in database
            .extensions
            .iter()
            .filter(|declared| declared.package.is_none())
        {
            let found = match extension::lookup(&declared.name.value) {
                None => Some(unknown(scope, declared)),
                Some(known) => scope
                    .version()
                    .and_then(|version| missing_in(declared, known, version)),
            };
            findings.extend(found);
        }
    }
}

fn unknown(scope: &Scope, declared: &Extension) -> Diagnostic {
    let name = &declared.name;
    let message = format!(
        "the package of the extension {} is not known",
        phrase::backticked(&name.value)
    );
    let finding = Diagnostic::new(&UNKNOWN_EXTENSION, name.span, message);
    match extension::nearest(&name.value) {
        Some(near) if near.package == Some(&*name.value) => finding
            .label(format!(
                "the package's name; the extension is called {}",
                phrase::backticked(near.name)
            ))
            .help("write the extension's name, as in CREATE EXTENSION"),
        Some(near) => finding.label(format!("did you mean {}?", phrase::backticked(near.name))),
        None => {
            let toml = |text: &str| toml::Value::String(text.to_owned()).to_string();
            let example = format!(
                "extensions = [{{ name = {}, package = {} }}]",
                toml(&name.value),
                toml(&name.value)
            );
            finding
                .label("neither comes with PostgreSQL nor is among the known packages")
                .help("name the attribute of `postgresqlPackages` that has it:")
                .example(scope.example(name.span, &example))
        }
    }
}

fn missing_in(
    declared: &Extension,
    known: &extension::Extension,
    version: Version,
) -> Option<Diagnostic> {
    if (known.since..=known.until).contains(&version) {
        return None;
    }
    let label = match version < known.since {
        true => format!("from PostgreSQL {} on", known.since),
        false => format!("up to PostgreSQL {}", known.until),
    };
    let message = format!(
        "PostgreSQL {version} has no extension {}",
        phrase::backticked(known.name)
    );
    let help = "remove it, or declare the version that really runs";
    Some(
        Diagnostic::new(&UNKNOWN_EXTENSION, declared.name.span, message)
            .label(label)
            .help(help),
    )
}
