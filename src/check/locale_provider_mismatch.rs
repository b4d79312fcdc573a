//! A locale that its provider does not take.

use super::{Findings, Scope};
use crate::declaration::Creation;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::locale::Provider;

rule! {
    /// ## What it does
    /// Finds `icuLocale` and `icuRules` without `localeProvider = "icu"`, `builtinLocale` without the builtin provider,
    /// and a provider without its locale.
    ///
    /// ## Why is this bad?
    /// `CREATE DATABASE` fails, and nothing of the database is set up.
    ///
    /// ## Example
    /// ```toml
    /// icuLocale = "de-DE"
    /// ```
    /// Use instead:
    /// ```toml
    /// localeProvider = "icu"
    /// icuLocale = "de-DE"
    /// ```
    pub LOCALE_PROVIDER_MISMATCH = "locale-provider-mismatch", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (_, database) in scope.declarations.databases() {
        let Some(creation) = &database.creation else {
            continue;
        };
        foreign(scope, creation, findings);
        without_locale(scope, creation, findings);
        locale_twice(scope, creation, findings);
    }
}

fn provider(creation: &Creation) -> Option<Provider> {
    Provider::new(&creation.locale_provider.as_ref()?.value)
}

/// Fields that belong to another provider than the declared one.
fn foreign(scope: &Scope, creation: &Creation, findings: &mut Findings) {
    let fields = [
        ("icuLocale", &creation.icu_locale, Provider::Icu),
        ("icuRules", &creation.icu_rules, Provider::Icu),
        ("builtinLocale", &creation.builtin_locale, Provider::Builtin),
    ];
    for (field, text, needed) in fields {
        let Some(text) = text else { continue };
        if provider(creation) == Some(needed) {
            continue;
        }
        let said = format!("localeProvider = \"{needed}\"", needed = needed.as_str());
        let message = format!("`{field}` needs `{said}`");
        let finding = Diagnostic::new(&LOCALE_PROVIDER_MISMATCH, text.span, message);
        findings.push(match &creation.locale_provider {
            Some(other) => finding
                .label(format!("not for {}", phrase::backticked(&other.value)))
                .related(other.span, "the provider is declared here")
                .help(format!("remove `{field}`, or change the provider")),
            None => finding
                .label(format!("for the provider `{}` only", needed.as_str()))
                .help("name the provider too:")
                .example(scope.example(text.span, &said)),
        });
    }
}

/// A provider other than libc takes nothing from `template0`.
fn without_locale(scope: &Scope, creation: &Creation, findings: &mut Findings) {
    let Some(said) = &creation.locale_provider else {
        return;
    };
    let (field, own, example) = match provider(creation) {
        Some(Provider::Icu) => ("icuLocale", &creation.icu_locale, "icuLocale = \"de-DE\""),
        Some(Provider::Builtin) => (
            "builtinLocale",
            &creation.builtin_locale,
            "builtinLocale = \"C.UTF-8\"",
        ),
        Some(Provider::Libc) | None => return,
    };
    // From 16 on LOCALE stands in for the provider's own.
    let stands_in =
        creation.locale.is_some() && scope.version().is_none_or(|version| version.major() >= 16);
    if own.is_some() || stands_in {
        return;
    }
    let message = format!(
        "the locale provider {} has no locale",
        phrase::backticked(&said.value)
    );
    findings.push(
        Diagnostic::new(&LOCALE_PROVIDER_MISMATCH, said.span, message)
            .label(format!("needs `{field}`"))
            .help("say which locale:")
            .example(scope.example(
                said.span,
                &format!("localeProvider = \"{}\"\n{example}", said.value),
            )),
    );
}

/// Until 14 LOCALE and its parts excluded each other.
fn locale_twice(scope: &Scope, creation: &Creation, findings: &mut Findings) {
    let Some(locale) = &creation.locale else {
        return;
    };
    if scope.version().is_none_or(|version| version.major() > 14) {
        return;
    }
    for (field, part) in [("collate", &creation.collate), ("ctype", &creation.ctype)] {
        let Some(part) = part else { continue };
        findings.push(
            Diagnostic::new(
                &LOCALE_PROVIDER_MISMATCH,
                part.span,
                format!("PostgreSQL 14 does not take `{field}` beside `locale`"),
            )
            .label(format!("`locale` sets `{field}` too"))
            .related(locale.span, "`locale` is declared here")
            .help("remove `locale` and declare both `collate` and `ctype`"),
        );
    }
}
