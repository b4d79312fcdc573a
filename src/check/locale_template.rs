//! A locale of its own for a copy of a template that may have another.

use std::collections::HashSet;

use super::{Findings, Scope};
use crate::declaration::{Creation, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds databases with an encoding or a locale of their own whose `template` is neither `template0` nor a declared
    /// database.
    ///
    /// ## Why is this bad?
    /// Any other template may hold texts in its encoding and indexes in its order, so the server refuses to copy it into
    /// a database that differs. What the template has is only known on the server. `template0` holds nothing and can be
    /// copied into any encoding and locale; without `template` dbgen uses it where it is needed.
    ///
    /// ## Example
    /// ```toml
    /// encoding = "UTF8"
    /// locale = "C"
    /// template = "template1"
    /// ```
    /// Use instead:
    /// ```toml
    /// encoding = "UTF8"
    /// locale = "C"
    /// template = "template0"
    /// ```
    pub LOCALE_TEMPLATE = "locale-template", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let mut declared: Option<HashSet<&str>> = None;
    for (_, database) in scope.declarations.databases() {
        let Some(creation) = &database.creation else {
            continue;
        };
        let Some(template) = &creation.template else {
            continue;
        };
        let Some((field, said)) = first(creation) else {
            continue;
        };
        let names = || {
            scope
                .declarations
                .databases()
                .map(|(_, other)| &*other.name.value)
                .collect()
        };
        if &*template.value == "template0"
            || declared
                .get_or_insert_with(names)
                .contains(&*template.value)
        {
            continue;
        }
        let message = format!(
            "database {} cannot have its own {} as a copy of {}",
            phrase::backticked(&database.name.value),
            phrase::backticked(field),
            phrase::backticked(&template.value),
        );
        findings.push(
            Diagnostic::new(&LOCALE_TEMPLATE, template.span, message)
                .label("may have another encoding or locale, which the copy must keep")
                .related(
                    said.span,
                    format!("{} is declared here", phrase::backticked(field)),
                )
                .help("copy `template0`, which fits every encoding and locale:")
                .example(scope.example(template.span, "template = \"template0\"")),
        );
    }
}

/// What is declared of the encoding and the locale, first of all.
fn first(creation: &Creation) -> Option<(&'static str, &Text)> {
    let fields = [
        ("encoding", &creation.encoding),
        ("locale", &creation.locale),
        ("collate", &creation.collate),
        ("ctype", &creation.ctype),
        ("localeProvider", &creation.locale_provider),
        ("icuLocale", &creation.icu_locale),
        ("icuRules", &creation.icu_rules),
        ("builtinLocale", &creation.builtin_locale),
    ];
    fields
        .into_iter()
        .find_map(|(field, text)| Some((field, text.as_ref()?)))
}
