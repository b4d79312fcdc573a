//! One pass over Nix source before a parser sees it: bounds what would cost the parser its stack or quadratic time,
//! refuses bytes that only Nix refuses, and takes the data out.

use super::region;
use super::verify::VerifyError;

/// Brackets that are open at a time, together with the tokens of the expressions that they stand in: more than any
/// tree over them can be deep.
const MAX_PRESSURE: usize = 512;

/// What data may add to the pressure (see `region`), so that taking it out doesn't change the verdict.
const DATA_PRESSURE: usize = 300;

/// Characters of a path, or of a dotted chain, which rnix reads again for each of its parts.
const MAX_RUN: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Brace,
    Bracket,
    Paren,
    /// From `let` to `in`.
    Let,
    /// `${` in a string that is indented or not.
    Interpolation {
        indented: bool,
    },
}

struct Level {
    kind: Kind,
    /// Tokens since the level's last `;` or `,` that ended a binding.
    tokens: usize,
    /// `with` and `assert` whose `;` is still to come: what follows it stands in them.
    prefixes: usize,
}

struct Scan<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    levels: Vec<Level>,
    /// Sum over all levels.
    pressure: usize,
    /// The last byte of code that is no blank.
    previous: u8,
    collapse: bool,
    out: String,
    copied: usize,
}

/// The text; with each run of data replaced by a list of the variables it refers to, if `collapse`.
pub(super) fn of(text: &str, collapse: bool) -> Result<String, Vec<VerifyError>> {
    let mut scan = Scan {
        text,
        bytes: text.as_bytes(),
        at: 0,
        levels: vec![Level {
            kind: Kind::Paren,
            tokens: 0,
            prefixes: 0,
        }],
        pressure: 0,
        previous: 0,
        collapse,
        out: String::new(),
        copied: 0,
    };
    scan.run().map_err(|error| vec![error])?;
    scan.out.push_str(&text[scan.copied..]);
    Ok(scan.out)
}

type Step = Result<(), VerifyError>;

impl Scan<'_> {
    fn run(&mut self) -> Step {
        while let Some(&byte) = self.bytes.get(self.at) {
            let start = self.at;
            match byte {
                b' ' | b'\n' | b'\t' | b'\r' => {
                    self.at += 1;
                    continue;
                }
                b'#' => self.line_comment()?,
                b'/' if self.next_is(b'*') => self.block_comment()?,
                b'"' => {
                    self.token(1)?;
                    self.at += 1;
                    self.string(false)?;
                }
                b'\'' if self.next_is(b'\'') => {
                    self.token(1)?;
                    self.at += 2;
                    self.string(true)?;
                }
                b'{' | b'[' | b'(' => self.open(byte)?,
                b'}' | b']' | b')' => self.close(byte)?,
                b';' | b',' => {
                    self.separator();
                    self.at += 1;
                }
                _ if is_word(byte) => self.word()?,
                b'!'..=b'~' => {
                    // A URI may hold quotes, and `a'` is a name only behind a letter.
                    let uri = byte == b':'
                        && self
                            .bytes
                            .get(self.at + 1)
                            .is_some_and(|next| !next.is_ascii_whitespace());
                    if uri || byte == b'\'' {
                        self.collapse = false;
                    }
                    self.token(1)?;
                    self.at += 1;
                }
                _ => return self.fail("a character that Nix allows only in strings and comments"),
            }
            let comment =
                byte == b'#' || (byte == b'/' && self.bytes.get(start + 1) == Some(&b'*'));
            if !comment {
                self.previous = self.bytes[self.at - 1];
            }
        }
        match self.levels.len() {
            1 => Ok(()),
            _ => self.fail("unexpected end: a bracket or a `let` is not closed"),
        }
    }

    fn fail(&self, message: &str) -> Step {
        Err(VerifyError::new(self.at, message))
    }

    fn next_is(&self, byte: u8) -> bool {
        self.bytes.get(self.at + 1) == Some(&byte)
    }

    fn separator(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            match level.prefixes {
                0 => {
                    self.pressure -= level.tokens;
                    level.tokens = 0;
                }
                _ => level.prefixes -= 1,
            }
        }
    }

    fn token(&mut self, count: usize) -> Step {
        let Some(level) = self.levels.last_mut() else {
            return Ok(());
        };
        // Elements of a list don't stand in each other.
        if level.kind == Kind::Bracket {
            return Ok(());
        }
        level.tokens += count;
        self.pressure += count;
        match self.pressure > MAX_PRESSURE {
            true => self.fail("the expression is nested too deeply, or too long"),
            false => Ok(()),
        }
    }

    fn open(&mut self, byte: u8) -> Step {
        if self.try_collapse(byte) {
            return Ok(());
        }
        self.token(1)?;
        self.push(match byte {
            b'{' => Kind::Brace,
            b'[' => Kind::Bracket,
            _ => Kind::Paren,
        })?;
        self.at += 1;
        Ok(())
    }

    fn push(&mut self, kind: Kind) -> Step {
        self.pressure += 1;
        if self.pressure > MAX_PRESSURE {
            return self.fail("the brackets are nested too deeply");
        }
        self.levels.push(Level {
            kind,
            tokens: 0,
            prefixes: 0,
        });
        Ok(())
    }

    /// Takes out the data that begins here. A list may stand for a list anywhere; a set only where its braces can't
    /// be those of `rec`, `let` or an argument.
    fn try_collapse(&mut self, byte: u8) -> bool {
        let may = match byte {
            b'[' => true,
            b'{' => self.previous == b'=',
            _ => false,
        };
        if !may || !self.collapse || self.pressure + DATA_PRESSURE > MAX_PRESSURE {
            return false;
        }
        let Some(region) = region::scan(self.text, self.at) else {
            return false;
        };
        let rest = &self.bytes[region.end..];
        if byte == b'{' && rest.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b';') {
            return false;
        }
        self.out.push_str(&self.text[self.copied..self.at]);
        self.out.push_str("[ ");
        for root in region.roots {
            self.out.push_str(root);
            self.out.push(' ');
        }
        self.out.push(']');
        self.at = region.end;
        self.copied = region.end;
        true
    }

    fn close(&mut self, byte: u8) -> Step {
        let level = match self.levels.len() {
            0 | 1 => None,
            _ => self.levels.pop(),
        };
        let matching = |kind| match kind {
            Kind::Brace | Kind::Interpolation { .. } => byte == b'}',
            Kind::Bracket => byte == b']',
            Kind::Paren => byte == b')',
            Kind::Let => false,
        };
        let Some(level) = level.filter(|level| matching(level.kind)) else {
            return self.fail(&format!("unexpected `{}`", char::from(byte)));
        };
        self.pressure -= level.tokens + 1;
        self.at += 1;
        match level.kind {
            Kind::Interpolation { indented } => self.string(indented),
            _ => Ok(()),
        }
    }

    fn line_comment(&mut self) -> Step {
        let rest = &self.text[self.at..];
        let line = rest.split('\n').next().unwrap_or(rest);
        // Nix ends the comment there, rnix doesn't.
        if line.strip_suffix('\r').unwrap_or(line).contains('\r') {
            return self.fail("a carriage return within a comment");
        }
        self.at += line.len();
        Ok(())
    }

    fn block_comment(&mut self) -> Step {
        match self.text[self.at + 2..].find("*/") {
            Some(length) => self.at += length + 4,
            None => return self.fail("a comment is not closed"),
        }
        Ok(())
    }

    /// Reads a string on, up to its end or to the next interpolation.
    fn string(&mut self, indented: bool) -> Step {
        loop {
            let rest = &self.bytes[self.at..];
            self.at += match (rest, indented) {
                ([b'"', ..], false) => {
                    self.at += 1;
                    return Ok(());
                }
                ([b'\'', b'\'', b'\'' | b'$', ..], true) => 3,
                ([b'\'', b'\'', b'\\', _, ..], true) => 4,
                ([b'\'', b'\'', ..], true) => {
                    self.at += 2;
                    return Ok(());
                }
                ([b'$', b'{', ..], _) => {
                    self.at += 2;
                    return self.push(Kind::Interpolation { indented });
                }
                ([b'$', b'$', ..], _) | ([b'\\', _, ..], false) => 2,
                ([0, ..], _) => return self.fail("the character U+0000"),
                ([_, ..], _) => 1,
                ([], _) => return self.fail("a string is not closed"),
            };
        }
    }

    /// A name, a number, a path, or several of them with dots and signs between.
    fn word(&mut self) -> Step {
        let start = self.at;
        let mut tokens = 1;
        let mut in_name = false;
        let mut is_path = false;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'/' if self.next_is(b'*') => break,
                b'/' | b'+' | b'.' => {
                    is_path |= byte == b'/';
                    tokens += usize::from(byte != b'.');
                    in_name = false;
                }
                b'-' => tokens += 1,
                b'\'' if in_name && !is_path => {}
                b'\'' => {
                    self.collapse = false;
                    break;
                }
                _ if !is_word(byte) => break,
                _ => {
                    let first =
                        self.at == start || matches!(self.bytes[self.at - 1], b'/' | b'+' | b'.');
                    if first {
                        in_name = byte.is_ascii_alphabetic() || byte == b'_';
                    }
                }
            }
            self.at += 1;
        }
        if self.at - start > MAX_RUN {
            return self.fail("a path or a chain of attributes is too long");
        }
        self.token(tokens)?;
        match &self.text[start..self.at] {
            "with" | "assert" => {
                if let Some(level) = self.levels.last_mut() {
                    level.prefixes += 1;
                }
                Ok(())
            }
            "let" if !self.before_brace() => self.push(Kind::Let),
            "in" => self.end_let(start),
            _ => Ok(()),
        }
    }

    /// Whether this is the old `let { .. }`, which has no `in`.
    fn before_brace(&self) -> bool {
        self.bytes[self.at..]
            .iter()
            .find(|byte| !byte.is_ascii_whitespace())
            == Some(&b'{')
    }

    fn end_let(&mut self, start: usize) -> Step {
        match self.levels.pop() {
            Some(Level {
                kind: Kind::Let,
                tokens,
                ..
            }) => {
                self.pressure -= tokens + 1;
                Ok(())
            }
            _ => Err(VerifyError::new(start, "unexpected `in`")),
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'+' | b'-')
}
