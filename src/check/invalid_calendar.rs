//! A timer without a time.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds an `onCalendar` that is empty or holds a character that no calendar event of systemd has: something other
    /// than ASCII letters, digits, blanks and `*-:,./~+_`.
    ///
    /// ## Why is this bad?
    /// It goes into a timer of systemd, where `%` and line breaks mean something of their own. A timer that systemd can't
    /// read never fires. `systemd-analyze calendar` tells whether an event is what was meant.
    ///
    /// ## Example
    /// ```toml
    /// [instances.main]
    /// drift = { onCalendar = "every day; 04:30" }
    /// ```
    /// Use instead:
    /// ```toml
    /// [instances.main]
    /// drift = { onCalendar = "*-*-* 04:30" }
    /// ```
    pub INVALID_CALENDAR = "invalid-calendar", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let instances = scope.declarations.instances.iter();
    let drifts = instances.filter_map(|instance| instance.drift.as_ref());
    for event in drifts.filter_map(|drift| drift.on_calendar.as_ref()) {
        let text = &*event.value;
        let allowed = |c: char| c.is_ascii_alphanumeric() || " *-:,./~+_".contains(c);
        let label = match text.chars().find(|c| !allowed(*c)) {
            None if !text.trim().is_empty() => continue,
            None => "empty".to_owned(),
            Some(other) => format!(
                "{} can't stand in it",
                phrase::backticked(&other.to_string())
            ),
        };
        let message = match text.is_empty() {
            true => "an empty text is no calendar event of systemd".to_owned(),
            false => format!(
                "{} is no calendar event of systemd",
                phrase::backticked(text)
            ),
        };
        findings.push(
            Diagnostic::new(&INVALID_CALENDAR, event.span, message)
                .label(label)
                .help("write a word such as `hourly` or `daily`, or a time such as `*-*-* 04:30`"),
        );
    }
}
