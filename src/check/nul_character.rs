//! A text that neither PostgreSQL nor Nix can hold.

use super::Findings;
use crate::diagnostic::{Diagnostic, rule};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds texts with a NUL character, such as comments, locales and templates of environment files. (Names, hooks and
    /// values of server parameters have rules of their own.)
    ///
    /// ## Why is this bad?
    /// No text of PostgreSQL can hold a NUL character, no path and no variable of Linux, and no string of Nix: nothing could
    /// be rendered or set up.
    ///
    /// ## Example
    /// ```toml
    /// comment = "photos\u0000"
    /// ```
    /// Use instead:
    /// ```toml
    /// comment = "photos"
    /// ```
    pub NUL_CHARACTER = "nul-character", Error
}

/// A text or a name with a NUL character, as the reader finds it wherever it stands.
pub fn finding(text: &str, span: Span) -> Option<Diagnostic> {
    text.contains('\0').then(|| {
        Diagnostic::new(&NUL_CHARACTER, span, "a text has a NUL character")
            .label("has a NUL character")
            .help("remove the NUL character: no text of PostgreSQL, Linux or Nix can hold one")
    })
}

/// Leaves out what another rule tells of the same text.
pub fn without_others(findings: &mut Findings) {
    let is_nul = |finding: &Diagnostic| finding.rule.code == NUL_CHARACTER.code;
    if !findings.iter().any(is_nul) {
        return;
    }
    let others = findings.iter().filter(|finding| !is_nul(finding));
    let mut others: Vec<Span> = others.map(|finding| finding.primary.span).collect();
    others.sort_unstable();
    findings.retain(|finding| {
        let place = finding.primary.span;
        let first =
            others.partition_point(|other| (other.file, other.start) < (place.file, place.start));
        let near = others.get(first..).unwrap_or_default().iter();
        let mut near =
            near.take_while(|other| other.file == place.file && other.start <= place.end);
        !is_nul(finding) || !near.any(|other| other.end <= place.end)
    });
}
