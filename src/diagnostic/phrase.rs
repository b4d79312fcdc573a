//! The words that every message uses the same way.

use super::escape::{push_visible, visible};

/// Names longer than this many characters are cut in messages.
const LONGEST_NAME: usize = 100;

/// A number with its noun: `1 file`, `3 databases`.
pub fn count(number: usize, noun: &str) -> String {
    count_of(number, noun, &format!("{noun}s"))
}

/// As [`count`], for a noun whose plural is irregular.
pub fn count_of(number: usize, noun: &str, plural: &str) -> String {
    format!("{number} {}", if number == 1 { noun } else { plural })
}

/// `name` between backticks. What a terminal would not show, and the backtick, are escaped; a long name is cut.
pub fn backticked(name: &str) -> String {
    let mut out = String::from("`");
    for (at, c) in name.chars().enumerate() {
        if at == LONGEST_NAME {
            out.push('…');
            break;
        }
        if c == '`' {
            out.push_str("\\`")
        } else {
            push_visible(&mut out, c)
        }
    }
    out.push('`');
    out
}

/// `text` on one line; what a terminal would not show is escaped.
pub fn shown(text: &str) -> String {
    visible(text)
}

/// The noun with its article: `a database`, `an extension`.
pub fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// A sentence from the documentation as it stands in the middle of a message: small first letter, no full stop.
pub fn uncapitalised(sentence: &str) -> String {
    let sentence = sentence.strip_suffix('.').unwrap_or(sentence);
    let mut chars = sentence.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// "`a`, `b` or `c`".
pub fn or_list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    list(names, "or")
}

/// "`a`, `b` and `c`".
pub fn and_list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    list(names, "and")
}

fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>, conjunction: &str) -> String {
    let names: Vec<String> = names
        .into_iter()
        .map(|name| backticked(name.as_ref()))
        .collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {conjunction} {last}", first.join(", ")),
    }
}

/// The candidate that was probably meant by `name`: the same but for case, `_` and `-`, or within a distance of
/// one typing slip for every three characters (at least one). Of equally near ones the first.
pub fn did_you_mean<'c>(
    candidates: impl IntoIterator<Item = &'c str>,
    name: &str,
) -> Option<&'c str> {
    // The distance takes time in the product of both lengths, and no real name is that long.
    if name.chars().count() > LONGEST_NAME {
        return None;
    }
    let wanted = folded(name);
    let allowed = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&folded(candidate), &wanted),
                candidate,
            )
        })
        .filter(|(distance, candidate)| {
            *distance <= allowed && *distance < folded(candidate).chars().count()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A bound on the comparisons of [`did_you_mean`], for where thousands of names may be missing among thousands.
#[derive(Debug, Default)]
pub struct Comparisons(usize);

impl Comparisons {
    /// Enough for every project that a person reads.
    const MOST: usize = 200_000;

    /// The candidates for one name; none when there were too many before.
    pub fn with<'l, 'c>(&mut self, candidates: &'l [&'c str]) -> &'l [&'c str] {
        self.0 = self.0.saturating_add(candidates.len());
        if self.0 <= Comparisons::MOST {
            candidates
        } else {
            &[]
        }
    }
}

fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_goes_with_its_noun() {
        assert_eq!(count(0, "database"), "0 databases");
        assert_eq!(count(1, "database"), "1 database");
        assert_eq!(count(3, "database"), "3 databases");
        assert_eq!(count_of(2, "entry", "entries"), "2 entries");
    }

    #[test]
    fn lists_end_with_their_conjunction() {
        assert_eq!(or_list(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(or_list(["a", "b"]), "`a` or `b`");
        assert_eq!(and_list(["a", "b"]), "`a` and `b`");
        assert_eq!(and_list(vec![String::from("a")]), "`a`");
        assert_eq!(or_list::<&str>([]), "");
    }

    #[test]
    fn a_hostile_name_is_quoted_visibly() {
        assert_eq!(
            backticked("a`b\x1b[2J\n\u{202e}"),
            r"`a\`b\u{1b}[2J\n\u{202e}`"
        );
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(
            backticked(&"ä".repeat(100)),
            format!("`{}`", "ä".repeat(100))
        );
        assert_eq!(
            backticked(&"ä".repeat(101)),
            format!("`{}…`", "ä".repeat(100))
        );
    }

    #[test]
    fn a_misspelt_name_finds_the_near_one() {
        let keys = ["owner", "extensions", "extraConfig", "connectionLimit"];
        assert_eq!(did_you_mean(keys, "onwer"), Some("owner"));
        assert_eq!(did_you_mean(keys, "extension"), Some("extensions"));
        assert_eq!(did_you_mean(keys, "conectionLimt"), Some("connectionLimit"));
    }

    #[test]
    fn another_convention_of_names_finds_ours() {
        let keys = ["extraConfig", "extra"];
        for name in [
            "extra_config",
            "extra-config",
            "ExtraConfig",
            "EXTRA_CONFIG",
        ] {
            assert_eq!(did_you_mean(keys, name), Some("extraConfig"), "{name}");
        }
    }

    #[test]
    fn a_far_name_finds_nothing() {
        assert_eq!(did_you_mean(["owner", "login"], "template"), None);
        assert_eq!(did_you_mean(["a", "b"], "x"), None);
        assert_eq!(did_you_mean(["owner"], ""), None);
        assert_eq!(did_you_mean(["owner"], &"o".repeat(1_000_000)), None);
    }

    #[test]
    fn of_equally_near_names_the_first_is_meant() {
        assert_eq!(did_you_mean(["role1", "role2"], "role3"), Some("role1"));
        assert_eq!(did_you_mean(["role2", "role1"], "role3"), Some("role2"));
    }
}
