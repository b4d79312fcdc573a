//! Numbers as the server reads them: C's `strtol` with base 0, `strtod`, then a unit.

use super::{Unit, ValueError};

/// Reads an integer parameter: decimal, octal (`010`), hexadecimal (`0x10`), or with a fraction or exponent, which is rounded after
/// its unit was applied.
pub(super) fn integer(text: &str, unit: Option<Unit>) -> Result<f64, ValueError> {
    let not = || ValueError::NotInteger {
        value: text.to_owned(),
    };
    let start = skip_space(text, 0);
    let whole = strtol(text, start);
    // Where there is no whole number, strtol points at the very beginning, before any space.
    let next = whole.map_or(0, |(_, end)| end);
    let real = matches!(text.as_bytes().get(next), Some(b'.' | b'e' | b'E'));
    let (number, end) = match whole {
        Some((Some(number), end)) if !real => (number as f64, end),
        None if !real => return Err(not()),
        _ => strtod(text, start).ok_or_else(not)?,
    };
    if number.is_nan() {
        return Err(not());
    }
    Ok(with_unit(number, text, end, unit)?.round_ties_even())
}

/// Reads a real parameter.
pub(super) fn real(text: &str, unit: Option<Unit>) -> Result<f64, ValueError> {
    let not = || ValueError::NotNumber {
        value: text.to_owned(),
    };
    let (number, end) = strtod(text, skip_space(text, 0)).ok_or_else(not)?;
    if number.is_nan() {
        return Err(not());
    }
    with_unit(number, text, end, unit)
}

fn with_unit(number: f64, text: &str, end: usize, unit: Option<Unit>) -> Result<f64, ValueError> {
    let suffix = text.get(end..).unwrap_or_default().trim_matches(is_space);
    if suffix.is_empty() {
        return Ok(number);
    }
    unit.and_then(|unit| unit.convert(number, suffix))
        .ok_or_else(|| ValueError::UnknownUnit {
            suffix: suffix.to_owned(),
            accepted: unit
                .map(|unit| unit.suffixes().collect())
                .unwrap_or_default(),
        })
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r')
}

fn skip_space(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + (rest.len() - rest.trim_start_matches(is_space).len())
}

/// `strtol(text, &end, 0)`: the number (nothing if it does not fit 64 bits) and where it ends.
fn strtol(text: &str, start: usize) -> Option<(Option<i64>, usize)> {
    let (negative, digits) = sign(text, start);
    let bytes = text.as_bytes();
    let (radix, first) = match (bytes.get(digits), bytes.get(digits + 1)) {
        (Some(b'0'), Some(b'x' | b'X'))
            if bytes.get(digits + 2).is_some_and(u8::is_ascii_hexdigit) =>
        {
            (16, digits + 2)
        }
        (Some(b'0'), _) => (8, digits),
        _ => (10, digits),
    };
    let length = run(text, first, |b| char::from(b).is_digit(radix));
    if length == 0 {
        return None;
    }
    let value = i64::from_str_radix(text.get(first..first + length)?, radix).ok();
    Some((value.map(|v| if negative { -v } else { v }), first + length))
}

/// `strtod`: the number and where it ends; nothing where there is no number or where it overflows or underflows.
fn strtod(text: &str, start: usize) -> Option<(f64, usize)> {
    let (negative, first) = sign(text, start);
    let rest = text.get(first..)?;
    let lower = rest
        .get(..rest.len().min(12))
        .map(str::to_ascii_lowercase)
        .unwrap_or_default();
    let signed = |number: f64| if negative { -number } else { number };
    for (word, number) in [
        ("infinity", f64::INFINITY),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ] {
        if lower.starts_with(word) {
            return Some((signed(number), first + word.len()));
        }
    }
    if lower.starts_with("0x")
        && let Some((number, end)) = hexadecimal(text, first + 2)
    {
        return Some((signed(number), end));
    }
    let whole = run(text, first, |b| b.is_ascii_digit());
    let mut end = first + whole;
    let mut fraction = 0;
    if text.as_bytes().get(end) == Some(&b'.') {
        fraction = run(text, end + 1, |b| b.is_ascii_digit());
        end += if whole + fraction > 0 {
            1 + fraction
        } else {
            0
        };
    }
    if whole + fraction == 0 {
        return None;
    }
    let mantissa_is_zero = !text
        .get(first..end)?
        .bytes()
        .any(|b| matches!(b, b'1'..=b'9'));
    end = exponent(text, end, b'e');
    let number: f64 = text.get(first..end)?.parse().ok()?;
    (number.is_normal() || (number == 0.0 && mantissa_is_zero)).then(|| (signed(number), end))
}

/// The part of a hexadecimal floating point number after its `0x`.
fn hexadecimal(text: &str, start: usize) -> Option<(f64, usize)> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let whole = run(text, start, |b| b.is_ascii_hexdigit());
    let mut end = start + whole;
    let mut fraction = 0;
    if text.as_bytes().get(end) == Some(&b'.') {
        fraction = run(text, end + 1, |b| b.is_ascii_hexdigit());
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    let mantissa = text
        .get(start..end)?
        .bytes()
        .filter_map(digit)
        .fold(0.0, |sum, digit| sum * 16.0 + f64::from(digit));
    let after = exponent(text, end, b'p');
    let power: i32 = text
        .get(end + 1..after)
        .and_then(|p| p.parse().ok())
        .unwrap_or(0);
    let scale = power.saturating_sub(i32::try_from(fraction).ok()?.saturating_mul(4));
    let number = mantissa * f64::powi(2.0, scale);
    (number.is_normal() || mantissa == 0.0).then_some((number, after))
}

/// Where the exponent after `end` ends, or `end` if there is none.
fn exponent(text: &str, end: usize, letter: u8) -> usize {
    if !text
        .as_bytes()
        .get(end)
        .is_some_and(|b| b.eq_ignore_ascii_case(&letter))
    {
        return end;
    }
    let (_, digits) = sign(text, end + 1);
    match run(text, digits, |b| b.is_ascii_digit()) {
        0 => end,
        length => digits + length,
    }
}

fn sign(text: &str, at: usize) -> (bool, usize) {
    match text.as_bytes().get(at) {
        Some(b'-') => (true, at + 1),
        Some(b'+') => (false, at + 1),
        _ => (false, at),
    }
}

fn run(text: &str, from: usize, accept: impl Fn(u8) -> bool) -> usize {
    text.bytes().skip(from).take_while(|b| accept(*b)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_the_server_reads_them() {
        let read = |text| integer(text, Some(Unit::Kilobyte)).ok();
        for (text, value) in [
            ("64", 64.0),
            (" +64 ", 64.0),
            ("-1", -1.0),
            ("0x10", 16.0),
            ("010", 8.0),
            ("1MB", 1024.0),
            ("1.5 MB", 1536.0),
            ("1e3", 1000.0),
            (".5MB", 512.0),
            ("0x1.8", 2.0),
            ("1500B", 1.0),
            ("2.5", 2.0),
            ("1e3kB", 1000.0),
        ] {
            assert_eq!(read(text), Some(value), "{text}");
        }
        for text in [
            "", " ", "abc", "08", "1mb", "1KB", "1 M B", "e5", "1e", "0x", "inf", "nan", "1e999",
            "1,5", "1ms", "--1", "1\u{a0}", " .5", "-.5",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn reals_take_exponents_and_no_foreign_words() {
        assert_eq!(real("1e-3", None), Ok(0.001));
        assert_eq!(real("0x1p4", None), Ok(16.0));
        assert_eq!(real("0.5s", Some(Unit::Millisecond)), Ok(500.0));
        for text in ["nan", "x", "", ".", "1e-400", "0,5"] {
            assert!(real(text, None).is_err(), "{text}");
        }
    }
}
