//! A locale for another encoding.

use super::{Findings, Scope};
use crate::declaration::{Creation, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::locale::{BuiltinLocale, Encoding, Provider, libc_locale_supports};

rule! {
    /// ## What it does
    /// Finds databases whose locale belongs to another encoding than theirs: `de_DE.ISO-8859-1` with `UTF8`, the builtin
    /// `C.UTF-8` with `LATIN1`, ICU with `SQL_ASCII`. `C` and `POSIX` fit every encoding.
    ///
    /// ## Why is this bad?
    /// `CREATE DATABASE` fails, and nothing of the database is set up.
    ///
    /// ## Example
    /// ```toml
    /// encoding = "UTF8"
    /// locale = "de_DE.ISO-8859-1"
    /// ```
    /// Use instead:
    /// ```toml
    /// encoding = "UTF8"
    /// locale = "de_DE.UTF-8"
    /// ```
    pub ENCODING_LOCALE_MISMATCH = "encoding-locale-mismatch", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (_, database) in scope.declarations.databases() {
        let Some(creation) = &database.creation else {
            continue;
        };
        let Some(said) = &creation.encoding else {
            continue;
        };
        let Some(encoding) = Encoding::server(&said.value) else {
            continue;
        };
        findings.extend(
            provider(creation, said, encoding).or_else(|| locale(creation, said, encoding)),
        );
    }
}

fn provider(creation: &Creation, said: &Text, encoding: Encoding) -> Option<Diagnostic> {
    let provider = creation.locale_provider.as_ref()?;
    if Provider::new(&provider.value)?.supports(encoding) {
        return None;
    }
    let (shown, encoding) = (
        phrase::backticked(&provider.value),
        phrase::backticked(encoding.as_str()),
    );
    let message = format!("the locale provider {shown} does not have the encoding {encoding}");
    Some(
        finding(message, said, provider)
            .label("not with this encoding")
            .help("use `UTF8`, or the locale provider `libc`"),
    )
}

/// The first locale that does not go with the encoding.
fn locale(creation: &Creation, said: &Text, encoding: Encoding) -> Option<Diagnostic> {
    let builtin = creation.builtin_locale.as_ref().filter(|said| {
        BuiltinLocale::new(&said.value).is_some_and(|locale| !locale.supports(encoding))
    });
    // Whoever the provider is, collation and character type are those of the C library.
    let is_used = creation.collate.is_none() || creation.ctype.is_none();
    let locale = creation.locale.as_ref().filter(|_| is_used);
    let mut libc = [locale, creation.collate.as_ref(), creation.ctype.as_ref()]
        .into_iter()
        .flatten();
    let locale = builtin
        .or_else(|| libc.find(|said| libc_locale_supports(&said.value, encoding) == Some(false)))?;
    let (shown, encoding) = (
        phrase::backticked(&locale.value),
        phrase::backticked(encoding.as_str()),
    );
    let message = format!("the locale {shown} does not go with the encoding {encoding}");
    let help = format!("use a locale for {encoding}; `C` goes with every encoding");
    Some(
        finding(message, said, locale)
            .label("for another encoding")
            .help(help),
    )
}

fn finding(message: String, encoding: &Text, at: &Text) -> Diagnostic {
    Diagnostic::new(&ENCODING_LOCALE_MISMATCH, at.span, message)
        .related(encoding.span, "the encoding is declared here")
}
