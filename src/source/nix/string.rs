//! What a string literal without interpolation means, as Nix's own lexer has it (src/libexpr/lexer.l, parser-state.hh).

use std::borrow::Cow;

/// The value of the inside of a `"` string. A carriage return, alone or before a line feed, is a line feed.
pub(super) fn plain(inside: &str) -> Cow<'_, str> {
    if !inside.contains(['\\', '\r']) {
        return Cow::Borrowed(inside);
    }
    let mut value = String::with_capacity(inside.len());
    let mut characters = inside.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(escaped)),
            '\r' => {
                characters.next_if_eq(&'\n');
                value.push('\n');
            }
            _ => value.push(character),
        }
    }
    Cow::Owned(value)
}

fn escaped(character: char) -> char {
    match character {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}

/// A piece of an indented string.
struct Piece<'s> {
    text: &'s str,
    /// Whether its spaces can be indentation: not those after an escape on the same line.
    indents: bool,
}

/// The value of the inside of a `''` string: the first line goes when it is blank, the indentation that all lines
/// share goes, and so do the blanks before the closing quotes.
pub(super) fn indented(inside: &str) -> Cow<'_, str> {
    let blank = inside.trim_start_matches(' ');
    let pieces = pieces(blank.strip_prefix('\n').unwrap_or(inside));
    let indentation = indentation(&pieces);
    let mut value = String::with_capacity(inside.len());
    let (mut at_line_start, mut dropped, mut last) = (true, 0, 0);
    for piece in &pieces {
        last = value.len();
        for character in piece.text.chars() {
            match character {
                ' ' if at_line_start => {
                    if dropped >= indentation {
                        value.push(' ');
                    }
                    dropped += 1;
                    continue;
                }
                '\n' => at_line_start = true,
                _ => at_line_start = false,
            }
            dropped = 0;
            value.push(character);
        }
    }
    let tail = value.get(last..).unwrap_or_default();
    if let Some(newline) = tail.rfind('\n')
        && tail[newline + 1..].bytes().all(|byte| byte == b' ')
    {
        value.truncate(last + newline + 1);
    }
    Cow::Owned(value)
}

fn indentation(pieces: &[Piece<'_>]) -> usize {
    let (mut at_line_start, mut least, mut current) = (true, usize::MAX, 0);
    for piece in pieces {
        if !piece.indents {
            if at_line_start {
                at_line_start = false;
                least = least.min(current);
            }
            continue;
        }
        for character in piece.text.chars() {
            match character {
                '\n' => (at_line_start, current) = (true, 0),
                ' ' if at_line_start => current += 1,
                _ if at_line_start => {
                    at_line_start = false;
                    least = least.min(current);
                }
                _ => {}
            }
        }
    }
    least
}

/// Cuts the inside of an indented string where Nix's lexer does.
fn pieces(inside: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = inside;
    while !rest.is_empty() {
        let (length, text, indents) = match special(rest) {
            Some((length, text)) => (length, text, false),
            None => {
                let length = ordinary(rest);
                (length, &rest[..length], true)
            }
        };
        pieces.push(Piece { text, indents });
        rest = &rest[length..];
    }
    pieces
}

/// An escape at the start of `rest`: its length and meaning.
fn special(rest: &str) -> Option<(usize, &str)> {
    if let Some(after) = rest.strip_prefix("''\\") {
        let length = after.chars().next().map_or(0, char::len_utf8);
        let meaning = match &after[..length] {
            "n" => "\n",
            "r" => "\r",
            "t" => "\t",
            other => other,
        };
        return Some((3 + length, meaning));
    }
    if rest.starts_with("''$") {
        return Some((3, "$"));
    }
    if rest.starts_with("'''") {
        return Some((3, "''"));
    }
    let next = rest.chars().nth(1);
    match rest.as_bytes().first() {
        Some(b'$') if matches!(next, None | Some('{' | '\'')) => Some((1, "$")),
        Some(b'\'') if matches!(next, None | Some('\'' | '$')) => Some((1, "'")),
        _ => None,
    }
}

/// The length of the text before the next escape.
fn ordinary(rest: &str) -> usize {
    let mut length = 0;
    while length < rest.len() && special(&rest[length..]).is_none() {
        let mut characters = rest[length..].chars();
        let first = characters.next();
        length += first.map_or(0, char::len_utf8);
        if matches!(first, Some('$' | '\'')) {
            length += characters.next().map_or(0, char::len_utf8);
        }
    }
    length
}
