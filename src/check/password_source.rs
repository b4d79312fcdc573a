//! No source of a password, several, or permissions of a file that is not dbgen's.

use super::{Findings, Scope};
use crate::declaration::Password;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds `password` tables that name no source, or more than one of `file`, `sops`, `agenix` and `generate`. Finds
    /// `group` and `mode` beside a source other than `generate`.
    ///
    /// ## Why is this bad?
    /// Without a source the role has no password, although one was meant; with two it would be a matter of luck which of
    /// them holds. A file that something else makes has its permissions from there: what is said here would change nothing.
    ///
    /// ## Example
    /// ```toml
    /// password = { file = "/run/secrets/immich", generate = true }
    /// ```
    /// Use instead:
    /// ```toml
    /// password = { file = "/run/secrets/immich" }
    /// ```
    pub PASSWORD_SOURCE = "password-source", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (_, role, password) in scope.passwords() {
        let sources = sources(password);
        let role = phrase::backticked(&role.value);
        match sources.as_slice() {
            [("generate", _)] => {}
            [_] => findings.extend(permissions(&role, password)),
            [] => findings.push(none(scope, &role, password)),
            [(first, first_span), others @ ..] => {
                let names: Vec<&str> = sources.iter().map(|(name, _)| *name).collect();
                let message = format!(
                    "the password of role {role} has {} sources: {}",
                    sources.len(),
                    phrase::and_list(&names)
                );
                let (_, span) = others.last().copied().unwrap_or((first, *first_span));
                let mut finding = Diagnostic::new(&PASSWORD_SOURCE, span, message)
                    .label("another source")
                    .help("keep the one that holds the password and remove the rest");
                for (_, span) in sources.iter().take(sources.len() - 1) {
                    finding = finding.related(*span, "a source");
                }
                findings.push(finding);
            }
        }
    }
}

fn none(scope: &Scope, role: &str, password: &Password) -> Diagnostic {
    let span = password
        .generate
        .map_or(password.span, |generate| generate.span);
    let label = if password.generate.is_some() {
        "the only thing that is said of it"
    } else {
        "names no source"
    };
    Diagnostic::new(&PASSWORD_SOURCE, span, format!("the password of role {role} has no source"))
        .label(label)
        .help("say where the password comes from, or remove `password` for a role that logs in without one:")
        .example(scope.example(span, "password = { file = \"/run/secrets/immich\" }"))
}

/// Permissions of a file that something else makes.
fn permissions(role: &str, password: &Password) -> impl Iterator<Item = Diagnostic> {
    let said = [("group", &password.group), ("mode", &password.mode)];
    said.into_iter().filter_map(move |(name, text)| {
        let message =
            format!("`{name}` of the password of role {role} is not of a file that the host makes");
        let finding = Diagnostic::new(&PASSWORD_SOURCE, text.as_ref()?.span, message)
            .label("only for `generate = true`")
            .help(format!(
                "remove `{name}`, and say at the secret itself who may read it"
            ));
        Some(finding)
    })
}

/// The sources that are declared, in the order of their places.
fn sources(password: &Password) -> Vec<(&'static str, Span)> {
    let texts = [
        ("file", &password.file),
        ("sops", &password.sops),
        ("agenix", &password.agenix),
    ];
    let mut sources: Vec<(&str, Span)> = texts
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.as_ref()?.span)))
        .collect();
    sources.extend(
        password
            .generate
            .filter(|generate| generate.value)
            .map(|generate| ("generate", generate.span)),
    );
    sources.sort_by_key(|(_, span)| *span);
    sources
}
