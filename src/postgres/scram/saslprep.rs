//! SASLprep, with the departures from it that clients and servers have in common.

use stringprep::tables;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::direction::{is_leftward, is_rightward};

/// SASLprep (RFC 4013) as the server and libpq do it: ASCII as it is; what is prohibited or has no place in Unicode 3.2 is looked for before
/// the normalization, not after it; and a password that is refused is used as it is.
pub(super) fn saslprep(password: &str) -> Zeroizing<String> {
    if password.is_ascii() {
        return Zeroizing::new(password.to_owned());
    }
    let mut mapped = Zeroizing::new(String::with_capacity(password.len()));
    mapped.extend(password.chars().filter_map(|c| match c {
        c if tables::non_ascii_space_character(c) => Some(' '),
        c if tables::commonly_mapped_to_nothing(c) => None,
        c => Some(c),
    }));
    if mapped.is_empty() || mapped.chars().any(is_refused) || !is_one_direction(&mapped) {
        return Zeroizing::new(password.to_owned());
    }
    // No character grows more than U+FDFA, from 3 bytes to 33: nothing is moved and left behind.
    let mut normalized = Zeroizing::new(String::with_capacity(11 * mapped.len()));
    normalized.extend(mapped.nfkc());
    normalized
}

fn is_refused(c: char) -> bool {
    tables::unassigned_code_point(c)
        || tables::non_ascii_space_character(c)
        || tables::ascii_control_character(c)
        || tables::non_ascii_control_character(c)
        || tables::private_use(c)
        || tables::non_character_code_point(c)
        || tables::surrogate_code(c)
        || tables::inappropriate_for_plain_text(c)
        || tables::inappropriate_for_canonical_representation(c)
        || tables::change_display_properties_or_deprecated(c)
        || tables::tagging_character(c)
}

/// Characters that are written from right to left stand at both ends and beside none that are written from left to right, or there are none.
fn is_one_direction(text: &str) -> bool {
    let leftward = |c: Option<char>| c.is_some_and(is_leftward);
    !text.chars().any(is_leftward)
        || (!text.chars().any(is_rightward)
            && leftward(text.chars().next())
            && leftward(text.chars().next_back()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn saslprep_maps_normalizes_and_lets_refused_passwords_through() {
        let cases = [
            ("I\u{ad}X", "IX"),
            ("a\u{a0}b", "a b"),
            ("\u{aa}", "a"),
            ("\u{2168}", "IX"),
            ("e\u{301}", "\u{e9}"),
            ("\u{e9}\u{7}", "\u{e9}\u{7}"),
            ("\u{ad}", "\u{ad}"),
            ("\u{627}\u{ad}1", "\u{627}\u{ad}1"),
            ("\u{627}\u{ad}\u{628}", "\u{627}\u{628}"),
            ("\u{627}a\u{ad}\u{628}", "\u{627}a\u{ad}\u{628}"),
            ("\u{1f600}\u{aa}", "\u{1f600}\u{aa}"),
        ];
        for (given, prepared) in cases {
            assert_eq!(*saslprep(given), prepared, "{given:?}");
        }
    }

    /// The ranges of a constant in the program for servers: a bracket expression of PostgreSQL without its brackets.
    fn ranges(name: &str) -> Vec<(char, char)> {
        let program = include_str!("../../../templates/provision/scram.sql");
        let (_, text) = program
            .split_once(&format!("{name} CONSTANT text := "))
            .unwrap();
        let (text, _) = text.split_once(';').unwrap();
        let text: String = text.split('\'').skip(1).step_by(2).collect();
        let point =
            |text: &str| char::from_u32(u32::from_str_radix(&text[1..], 16).unwrap()).unwrap();
        let mut points = text.split('\\').skip(1);
        std::iter::from_fn(|| {
            let first = points.next()?;
            Some(match first.strip_suffix('-') {
                Some(first) => (point(first), point(points.next().unwrap())),
                None => (point(first), point(first)),
            })
        })
        .collect()
    }

    #[test]
    fn servers_get_the_same_tables() {
        let names = ["spaces", "nothing", "refused", "leftward", "rightward"];
        let tables: BTreeMap<_, _> = names.map(|name| (name, ranges(name))).into();
        let is = |name: &str, c| {
            tables[name]
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&c))
        };
        for c in '\0'..=char::MAX {
            let gone =
                tables::non_ascii_space_character(c) || tables::commonly_mapped_to_nothing(c);
            assert_eq!(
                is("spaces", c),
                tables::non_ascii_space_character(c),
                "{c:?}"
            );
            assert_eq!(
                is("nothing", c),
                tables::commonly_mapped_to_nothing(c),
                "{c:?}"
            );
            assert_eq!(is("leftward", c), is_leftward(c), "{c:?}");
            assert_eq!(is("rightward", c), is_rightward(c), "{c:?}");
            // What is replaced, taken away or never there can't be refused afterwards.
            assert!(
                c == '\0' || gone || is("refused", c) == is_refused(c),
                "{c:?}"
            );
        }
    }
}
