//! A point in time that is none.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds a role's `validUntil` that is neither `infinity` nor a date, with or without a time and a time zone, in
    /// the form of ISO 8601.
    ///
    /// ## Why is this bad?
    /// PostgreSQL takes many forms, and some mean different days on differently configured servers: `01/02/2027` is
    /// in January or in February. The forms that are allowed here mean the same everywhere.
    ///
    /// ## Example
    /// ```toml
    /// validUntil = "31.1.2027"
    /// ```
    /// Use instead one of these:
    /// ```toml
    /// validUntil = "2027-01-31"
    /// validUntil = "2027-01-31 12:00:00+00"
    /// validUntil = "infinity"
    /// ```
    pub INVALID_VALID_UNTIL = "invalid-valid-until", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for until in scope
        .declarations
        .roles()
        .filter_map(|(_, role)| role.valid_until.as_ref())
    {
        let Err(why) = parse(&until.value) else {
            continue;
        };
        let message = format!("`validUntil` can't be {}", phrase::backticked(&until.value));
        findings.push(
            Diagnostic::new(&INVALID_VALID_UNTIL, until.span, message)
                .label(why)
                .help("write year-month-day, a time and a zone after it if need be, or `infinity`:")
                .example(scope.example(until.span, "validUntil = \"2027-01-31 12:00:00+00\"")),
        );
    }
}

/// Reads `infinity`, or `2027-01-31`, then a blank or `T` and `12:00`, `12:00:00` or `12:00:00.5`, then `Z`, `+01`, `+0130` or
/// `+01:30`.
fn parse(text: &str) -> Result<(), &'static str> {
    if text == "infinity" {
        return Ok(());
    }
    let form = "not of the form `2027-01-31` or `2027-01-31 12:00:00+00`";
    let (date, rest) = text.split_at_checked(10).ok_or(form)?;
    let mut parts = date.split('-');
    let year = number(parts.next(), 4).ok_or(form)?;
    let month = number(parts.next(), 2).ok_or(form)?;
    let day = number(parts.next(), 2).ok_or(form)?;
    if parts.next().is_some() {
        return Err(form);
    }
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > days(year, month) {
        return Err("no such day in the calendar");
    }
    if rest.is_empty() {
        return Ok(());
    }
    let rest = rest.strip_prefix([' ', 'T']).ok_or(form)?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.'));
    let (time, zone) = rest
        .split_at_checked(end.unwrap_or(rest.len()))
        .ok_or(form)?;
    if !is_clock(time) {
        return Err("no time of the form `12:00` or `12:00:00`");
    }
    if zone.is_empty() || is_zone(zone.strip_prefix(' ').unwrap_or(zone)) {
        Ok(())
    } else {
        Err("no time zone of the form `+01`, `+01:30` or `Z`")
    }
}

fn number(text: Option<&str>, digits: usize) -> Option<u32> {
    let text =
        text.filter(|text| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_clock(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = clock.split(':');
    let hour = number(parts.next(), 2).is_some_and(|hour| hour < 24);
    let minute = number(parts.next(), 2).is_some_and(|minute| minute < 60);
    let second = match parts.next() {
        None => !text.contains('.'),
        second => number(second, 2).is_some_and(|second| second < 60),
    };
    let fraction =
        (1..=6).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    hour && minute && second && parts.next().is_none() && fraction
}

/// PostgreSQL takes zones of less than 16 hours.
fn is_zone(text: &str) -> bool {
    if text == "Z" {
        return true;
    }
    let Some(zone) = text.strip_prefix(['+', '-']) else {
        return false;
    };
    let (hours, minutes) = match zone.len() {
        2 => (Some(zone), Some("00")),
        4 => (zone.get(..2), zone.get(2..)),
        _ => (
            zone.get(..2),
            zone.get(2..).and_then(|rest| rest.strip_prefix(':')),
        ),
    };
    number(hours, 2).is_some_and(|hours| hours < 16)
        && number(minutes, 2).is_some_and(|minutes| minutes < 60)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn dates_with_and_without_a_time_and_a_zone_are_points_in_time() {
        for text in [
            "infinity",
            "2027-01-31",
            "2028-02-29",
            "2027-01-31 12:00",
            "2027-01-31 12:00:00+00",
            "2027-01-31 12:00:00 +00",
            "2027-01-31T12:00:00Z",
            "2027-01-31 23:59:59.999999-03:30",
            "2027-01-31 12:00+0545",
        ] {
            assert_eq!(parse(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_servers_read_differently_or_not_at_all_is_none() {
        for text in [
            "",
            "31.1.2027",
            "01/02/2027",
            "2027-1-31",
            "2027-02-29",
            "2100-02-29",
            "2027-13-01",
            "0000-01-01",
            "2027-01-31x",
            "2027-01-31 ",
            "2027-01-31 24:00",
            "2027-01-31 12",
            "2027-01-31 12:00.5",
            "2027-01-31 12:00:60",
            "2027-01-31 12:00:00.",
            "2027-01-31 12:00:00 CET",
            "2027-01-31 12:00:00+16",
            "2027-01-31 12:00:00+1",
            "2027-01-31 12:00:00+é",
            "tomorrow",
            "é027-01-31",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
