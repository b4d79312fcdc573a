//! A rule: its code, its severity, and its page.

use super::Severity;

/// What makes a finding. The code is the kebab-case name of the file under `src/check/` that holds the rule.
#[derive(Debug)]
pub struct Rule {
    /// Stable name, as in `dbgen explain duplicate-database`.
    pub code: &'static str,
    /// How bad its findings are.
    pub severity: Severity,
    /// The page that `dbgen explain` prints (Markdown): the doc comment of the rule.
    pub page: &'static str,
}

/// Declares a [`Rule`] whose page is its doc comment.
///
/// The page has the sections "What it does", "Why is this bad?", and "Example" (a bad and a good declaration).
macro_rules! rule {
    ($(#[doc = $line:literal])+ $visibility:vis $name:ident = $code:literal, $severity:ident) => {
        $(#[doc = $line])+
        $visibility static $name: $crate::diagnostic::Rule = $crate::diagnostic::Rule {
            code: $code,
            severity: $crate::diagnostic::Severity::$severity,
            page: concat!($($line, "\n"),+),
        };
    };
}
pub(crate) use rule;
