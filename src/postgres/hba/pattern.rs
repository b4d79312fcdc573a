//! The part of PostgreSQL's advanced regular expressions that can be judged without PostgreSQL.
//!
//! Literals, escaped punctuation, `.`, simple brackets, `\d \s \w`, groups, alternation, `* + ? {m,n}` and anchors at the
//! ends mean the same there and here. Everything else is answered with "unknown", never with a guess.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use regex_lite::Regex;

/// A three-valued answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Certainly.
    Yes,
    /// Certainly not.
    No,
    /// It depends on something that cannot be seen from here.
    Unknown,
}

impl From<bool> for Answer {
    fn from(value: bool) -> Answer {
        if value { Answer::Yes } else { Answer::No }
    }
}

impl Answer {
    /// Yes where both are, no where one is not.
    #[must_use]
    pub fn and(self, other: Answer) -> Answer {
        match (self, other) {
            (Answer::No, _) | (_, Answer::No) => Answer::No,
            (Answer::Yes, Answer::Yes) => Answer::Yes,
            _ => Answer::Unknown,
        }
    }

    /// Yes where one is, no where none is.
    #[must_use]
    pub fn or(self, other: Answer) -> Answer {
        match (self, other) {
            (Answer::Yes, _) | (_, Answer::Yes) => Answer::Yes,
            (Answer::No, Answer::No) => Answer::No,
            _ => Answer::Unknown,
        }
    }
}

/// A pattern whose meaning is known, or not.
pub(super) struct Pattern {
    known: Option<Known>,
}

struct Known {
    regex: Regex,
    /// The server reads these files byte by byte, so that `.` is half of an `é`.
    bytes_matter: bool,
    /// Which of several possible groups is reported differs between engines.
    groups_agree: bool,
}

/// What makes the server refuse the pattern, where that is certain.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    match super::regex::refusal(pattern) {
        Some(why) => Err(format!("the regular expression `{pattern}` {why}")),
        None => Ok(()),
    }
}

impl Pattern {
    pub(super) fn new(pattern: &str) -> Pattern {
        let known = Translation::of(pattern).ok().and_then(|translation| {
            let regex = Regex::new(&translation.text).ok()?;
            Some(Known {
                regex,
                bytes_matter: translation.bytes_matter,
                groups_agree: translation.groups_agree(pattern),
            })
        });
        Pattern { known }
    }

    pub(super) fn matches(&self, text: &str) -> Answer {
        match &self.known {
            Some(known) if text.is_ascii() || !known.bytes_matter => {
                Answer::from(known.regex.is_match(text))
            }
            _ => Answer::Unknown,
        }
    }

    /// What the first group holds in a text that matches; an error where it cannot be told.
    pub(super) fn first_group<'t>(&self, text: &'t str) -> Result<Option<&'t str>, ()> {
        match &self.known {
            Some(known) if known.groups_agree && (text.is_ascii() || !known.bytes_matter) => {
                let captures = known.regex.captures(text).ok_or(())?;
                Ok(captures.get(1).map(|group| group.as_str()))
            }
            _ => Err(()),
        }
    }
}

/// Patterns that were read once: to read one takes far longer than to ask it.
#[derive(Default)]
pub(super) struct Patterns(RefCell<HashMap<String, Rc<Pattern>>>);

impl Patterns {
    pub(super) fn get(&self, pattern: &str) -> Rc<Pattern> {
        if let Some(known) = self.0.borrow().get(pattern) {
            return Rc::clone(known);
        }
        let read = Rc::new(Pattern::new(pattern));
        let mut known = self.0.borrow_mut();
        known.insert(pattern.to_owned(), Rc::clone(&read));
        read
    }
}

/// What it means is not known here.
struct Unknown;

/// The pattern rewritten for the engine here.
struct Translation {
    text: String,
    bytes_matter: bool,
    alternation: bool,
    lazy: bool,
    repeated_group: bool,
}

impl Translation {
    /// Anchored at both ends, greedy and without alternatives, leftmost-longest and leftmost-first find the same groups.
    fn groups_agree(&self, pattern: &str) -> bool {
        let anchored =
            pattern.starts_with('^') && pattern.ends_with('$') && !pattern.ends_with("\\$");
        anchored && !self.alternation && !self.lazy && !self.repeated_group
    }

    fn of(pattern: &str) -> Result<Translation, Unknown> {
        if pattern.starts_with("***") || pattern.starts_with("(?") {
            return Err(Unknown);
        }
        let mut found = Translation {
            text: "(?s)".to_owned(),
            bytes_matter: !pattern.is_ascii(),
            alternation: false,
            lazy: false,
            repeated_group: false,
        };
        let mut characters = pattern.chars().peekable();
        let mut open = 0_usize;
        // What a quantifier would apply to.
        let mut atom = Atom::None;
        let mut any_special = false;
        while let Some(character) = characters.next() {
            match character {
                '(' => {
                    if matches!(characters.peek(), Some('?' | ')' | '|')) {
                        return Err(Unknown);
                    }
                    open += 1;
                    found.text.push('(');
                    atom = Atom::None;
                }
                ')' if open == 0 => return Err(Unknown),
                ')' => {
                    open -= 1;
                    found.text.push(')');
                    atom = Atom::Group;
                }
                '|' => {
                    if atom == Atom::None || matches!(characters.peek(), None | Some('|' | ')')) {
                        return Err(Unknown);
                    }
                    found.alternation = true;
                    found.text.push('|');
                    atom = Atom::None;
                }
                '^' if atom == Atom::None => {
                    found.text.push('^');
                    atom = Atom::Anchor;
                }
                '$' if matches!(characters.peek(), None | Some(')' | '|')) => {
                    found.text.push('$');
                    atom = Atom::Anchor;
                }
                '^' | '$' => return Err(Unknown),
                '*' | '+' | '?' if atom == Atom::None => {
                    return Err(Unknown);
                }
                '*' | '+' | '?' | '{' => {
                    if matches!(atom, Atom::Anchor | Atom::Quantifier | Atom::None) {
                        return Err(Unknown);
                    }
                    found.repeated_group |= atom == Atom::Group;
                    // `.*` and `.+` cover bytes and characters alike.
                    any_special |= !(atom == Atom::Any && matches!(character, '*' | '+'));
                    found.text.push(character);
                    if character == '{' {
                        bound(&mut characters, &mut found.text)?;
                    }
                    if characters.next_if_eq(&'?').is_some() {
                        found.lazy = true;
                        found.text.push('?');
                    }
                    atom = Atom::Quantifier;
                }
                '.' => {
                    any_special |= !matches!(characters.peek(), Some('*' | '+'));
                    found.text.push('.');
                    atom = Atom::Any;
                }
                '[' => {
                    bracket(&mut characters, &mut found.text)?;
                    any_special = true;
                    atom = Atom::One;
                }
                '\\' => {
                    let escaped = characters.next().ok_or(Unknown)?;
                    match escaped {
                        'd' => found.text.push_str("[0-9]"),
                        'w' => found.text.push_str("[0-9A-Za-z_]"),
                        's' => found.text.push_str("[ \\t\\n\\r\\x0b\\x0c]"),
                        _ if escaped.is_ascii_punctuation() => literal(escaped, &mut found.text),
                        _ => return Err(Unknown),
                    }
                    any_special |= escaped.is_ascii_alphabetic();
                    atom = Atom::One;
                }
                _ => {
                    literal(character, &mut found.text);
                    atom = Atom::One;
                }
            }
        }
        if open > 0 {
            return Err(Unknown);
        }
        if any_special && !pattern.is_ascii() {
            return Err(Unknown);
        }
        found.bytes_matter = any_special;
        Ok(found)
    }
}

#[derive(PartialEq)]
enum Atom {
    None,
    One,
    Any,
    Group,
    Anchor,
    Quantifier,
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn literal(character: char, text: &mut String) {
    text.push_str(&regex_lite::escape(character.encode_utf8(&mut [0; 4])));
}

/// `{m}`, `{m,}` or `{m,n}` after the brace.
fn bound(characters: &mut Characters, text: &mut String) -> Result<(), Unknown> {
    let inside: String = characters
        .by_ref()
        .take_while(|character| *character != '}')
        .collect();
    let (least, most) = inside.split_once(',').unwrap_or((&inside, &inside));
    let number = |text: &str| {
        text.parse::<u8>()
            .ok()
            .filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let valid = match (number(least), number(most)) {
        (Some(least), Some(most)) => least <= most,
        (Some(_), None) => most.is_empty(),
        _ => false,
    };
    if !valid {
        return Err(Unknown);
    }
    text.push_str(&inside);
    text.push('}');
    Ok(())
}

/// A bracket of ASCII letters, digits, simple punctuation and ranges, after the `[`.
fn bracket(characters: &mut Characters, text: &mut String) -> Result<(), Unknown> {
    text.push('[');
    if characters.next_if_eq(&'^').is_some() {
        text.push('^');
    }
    let mut previous: Option<char> = None;
    loop {
        let character = characters.next().ok_or(Unknown)?;
        match character {
            ']' if previous.is_some() => break,
            '-' if characters.peek() == Some(&']') => text.push_str("\\-"),
            '-' => {
                let (from, to) = (previous.ok_or(Unknown)?, characters.next().ok_or(Unknown)?);
                let same_kind = [
                    char::is_ascii_digit,
                    char::is_ascii_lowercase,
                    char::is_ascii_uppercase,
                ]
                .iter()
                .any(|kind: &fn(&char) -> bool| kind(&from) && kind(&to));
                if !same_kind || from > to || characters.peek() == Some(&'-') {
                    return Err(Unknown);
                }
                text.push('-');
                text.push(to);
            }
            _ if character.is_ascii_alphanumeric() => text.push(character),
            '_' | '.' | '@' | '+' | '=' | '/' | ' ' | '$' => literal(character, text),
            _ => return Err(Unknown),
        }
        previous = Some(character);
    }
    text.push(']');
    Ok(())
}
