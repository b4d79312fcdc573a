//! A variable that no environment file can hold.

use std::collections::HashMap;

use super::{Findings, Scope};
use crate::catalog::connection::variables;
use crate::declaration::Environment;
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds a `prefix` or one of the `names` of an `environment` that is no name of a variable: other characters than
    /// ASCII letters, digits and `_`, or a digit first; and two values that would get the same name.
    ///
    /// ## Why is this bad?
    /// systemd passes over a line of an environment file whose name it can't read, and of two lines with one name the last
    /// counts: the service would start without what it needs to connect.
    ///
    /// ## Example
    /// ```toml
    /// unixUser = "immich"
    /// connection = { environment = { prefix = "immich-" } }
    ///
    /// [[databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// ```
    /// Use instead:
    /// ```toml
    /// unixUser = "immich"
    /// connection = { environment = { prefix = "IMMICH_" } }
    ///
    /// [[databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// ```
    pub INVALID_VARIABLE_NAME = "invalid-variable-name", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for connection in scope.connections() {
        let Some(environment) = &connection.environment else {
            continue;
        };
        let names = environment.names.iter().map(|(_, name)| name);
        let before = findings.len();
        for name in environment.prefix.iter().chain(names) {
            if let Some(label) = wrong(&name.value) {
                let message = format!(
                    "{} is no name of a variable",
                    phrase::backticked(&name.value)
                );
                findings.push(
                    Diagnostic::new(&INVALID_VARIABLE_NAME, name.span, message)
                        .label(label)
                        .help("write ASCII letters, digits and `_`, and no digit first"),
                );
            }
        }
        if findings.len() == before {
            findings.extend(same_name(environment));
        }
    }
}

/// An empty name leaves the variable out, an empty prefix is none.
fn wrong(name: &str) -> Option<String> {
    let allowed =
        |at: usize, c: char| c.is_ascii_alphabetic() || c == '_' || (at > 0 && c.is_ascii_digit());
    let (_, character) = name.char_indices().find(|(at, c)| !allowed(*at, *c))?;
    let shown = match character {
        ' ' => "a blank".to_owned(),
        _ => phrase::backticked(&character.to_string()),
    };
    Some(format!("{shown} can't stand there"))
}

fn same_name(environment: &Environment) -> Option<Diagnostic> {
    let mut seen = HashMap::new();
    variables(environment)
        .into_iter()
        .find_map(|(variable, name)| {
            let first = seen.insert(name.clone(), variable)?;
            let mut names = environment.names.iter();
            let said = names.rfind(|(_, said)| said.value == name);
            let span = said.map_or(environment.wanted.span, |(_, said)| said.span);
            let message = format!(
                "two values are named {}: {} and {}",
                phrase::backticked(&name),
                phrase::backticked(first.name()),
                phrase::backticked(variable.name())
            );
            Some(
                Diagnostic::new(&INVALID_VARIABLE_NAME, span, message)
                    .label("only the last would count")
                    .help("give one of them another name, or an empty one to leave it out"),
            )
        })
}
