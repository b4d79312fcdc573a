//! Whether PostgreSQL compiles a regular expression: the lexer and the parser of its advanced regular expressions (manual: "POSIX
//! Regular Expressions"; src/backend/regex), followed token by token. What they take or depend on more than the text is not refused.

/// What makes the server refuse the pattern, where that is certain.
pub(super) fn refusal(pattern: &str) -> Option<&'static str> {
    let pattern = match pattern.strip_prefix("***") {
        Some(rest) if rest.starts_with('=') => return None,
        Some(rest) => match rest.strip_prefix(':') {
            Some(rest) => rest,
            None => return Some("begins with `***`, after which only `:` and `=` can come"),
        },
        None => pattern,
    };
    let pattern = match options(pattern) {
        Ok(Some(rest)) => rest,
        Ok(None) => return None,
        Err(why) => return Some(why),
    };
    let mut parser = Parser {
        rest: pattern,
        groups: Vec::new(),
        depth: 0,
        token: Token::End,
    };
    let parsed = parser
        .advance()
        .and_then(|()| parser.alternatives(false, false));
    parsed.err().filter(|why| *why != TOO_DEEP)
}

type Refused = &'static str;

/// Not judged: how deep a server goes depends on its stack.
const TOO_DEEP: Refused = "";

/// What follows `(?i)` and the like at the start; nothing when they choose another syntax than that of advanced expressions.
fn options(pattern: &str) -> Result<Option<&str>, Refused> {
    let Some(inner) = pattern.strip_prefix("(?") else {
        return Ok(Some(pattern));
    };
    let end = inner
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(inner.len());
    let (letters, rest) = inner.split_at(end);
    if letters.is_empty() {
        return Ok(Some(pattern));
    }
    if !letters
        .chars()
        .all(|letter| "bceimnpqstwx".contains(letter))
        || !rest.starts_with(')')
    {
        return Err("has a `(?` that PostgreSQL doesn't know");
    }
    let other = letters.contains(['b', 'e', 'q', 'x']);
    Ok(rest.get(1..).filter(|_| !other))
}

#[derive(Clone, Copy, PartialEq)]
enum Token {
    End,
    Open {
        captures: bool,
    },
    /// `(?=` and the like.
    Look,
    Close,
    Or,
    /// What stands between characters and can't be repeated.
    Constraint,
    Atom,
    Reference(usize),
    /// `* + ?`, or a bound that is right.
    Quantifier,
}

struct Parser<'p> {
    rest: &'p str,
    /// The capturing groups so far, and whether each is closed.
    groups: Vec<bool>,
    depth: usize,
    token: Token,
}

impl Parser<'_> {
    fn take(&mut self) -> Option<char> {
        let first = self.rest.chars().next()?;
        self.rest = self.rest.get(first.len_utf8()..).unwrap_or_default();
        Some(first)
    }

    fn take_if(&mut self, wanted: char) -> bool {
        let found = self.rest.starts_with(wanted);
        if found {
            self.take();
        }
        found
    }

    /// Everything between parentheses.
    fn group(&mut self, looking: bool) -> Result<(), Refused> {
        self.advance()?;
        self.depth += 1;
        if self.depth > 500 {
            return Err(TOO_DEEP);
        }
        self.alternatives(true, looking)?;
        self.depth -= 1;
        Ok(())
    }

    fn alternatives(&mut self, inside: bool, looking: bool) -> Result<(), Refused> {
        loop {
            match self.token {
                Token::End if inside => return Err("has a `(` that nothing closes"),
                Token::End => return Ok(()),
                Token::Close if inside => return Ok(()),
                Token::Close => return Err("has a `)` too many"),
                Token::Or | Token::Constraint => self.advance()?,
                Token::Quantifier => return Err("repeats nothing"),
                Token::Look => {
                    self.group(true)?;
                    self.advance()?;
                }
                Token::Reference(_) if looking => {
                    return Err("has a back reference within a lookahead or lookbehind");
                }
                Token::Reference(group) => {
                    if !self.groups.get(group - 1).is_some_and(|closed| *closed) {
                        return Err("has a back reference to a group that isn't there");
                    }
                    self.repeated()?;
                }
                Token::Atom => self.repeated()?,
                Token::Open { captures } => {
                    let group = (captures && !looking).then_some(self.groups.len());
                    if group.is_some() {
                        self.groups.push(false);
                    }
                    self.group(looking)?;
                    if let Some(closed) = group.and_then(|group| self.groups.get_mut(group)) {
                        *closed = true;
                    }
                    self.repeated()?;
                }
            }
        }
    }

    /// Goes past what can be repeated, and past one quantifier.
    fn repeated(&mut self) -> Result<(), Refused> {
        self.advance()?;
        if self.token == Token::Quantifier {
            self.advance()?;
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<(), Refused> {
        self.token = self.next()?;
        Ok(())
    }

    fn next(&mut self) -> Result<Token, Refused> {
        loop {
            let Some(character) = self.take() else {
                return Ok(Token::End);
            };
            return Ok(match character {
                '|' => Token::Or,
                ')' => Token::Close,
                '^' | '$' => Token::Constraint,
                '*' | '+' | '?' => {
                    self.take_if('?');
                    Token::Quantifier
                }
                '{' if self.rest.starts_with(|c: char| c.is_ascii_digit()) => {
                    self.bound()?;
                    Token::Quantifier
                }
                '(' if self.take_if('?') => match self.take() {
                    Some(':') => Token::Open { captures: false },
                    Some('=' | '!') => Token::Look,
                    Some('<') if self.rest.starts_with(['=', '!']) => {
                        self.take();
                        Token::Look
                    }
                    Some('#') => {
                        let end = self.rest.find(')').map_or(self.rest.len(), |at| at + 1);
                        self.rest = self.rest.get(end..).unwrap_or_default();
                        continue;
                    }
                    _ => return Err("has a `(?` that PostgreSQL doesn't know"),
                },
                '(' => Token::Open { captures: true },
                '[' => match ["[:<:]]", "[:>:]]"]
                    .iter()
                    .find_map(|word| self.rest.strip_prefix(word))
                {
                    Some(rest) => {
                        self.rest = rest;
                        Token::Constraint
                    }
                    None => {
                        self.bracket()?;
                        Token::Atom
                    }
                },
                '\\' => match self.escape()? {
                    Escape::Character(_) | Escape::Class => Token::Atom,
                    Escape::Constraint => Token::Constraint,
                    Escape::Reference(group) => Token::Reference(group),
                },
                _ => Token::Atom,
            });
        }
    }

    /// `2}`, `2,}`, `2,3}`, and `?` after them.
    fn bound(&mut self) -> Result<(), Refused> {
        const NO_BOUND: Refused =
            "has a `{` with no numbers from 0 to 255, the smaller one first, and `}` behind it";
        let least = self.number().ok_or(NO_BOUND)?;
        if self.take_if(',') && self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            let most = self.number().ok_or(NO_BOUND)?;
            if least > most {
                return Err(NO_BOUND);
            }
        }
        if !self.take_if('}') {
            return Err(NO_BOUND);
        }
        self.take_if('?');
        Ok(())
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = 0;
        while let Some(digit) = self.rest.chars().next().and_then(|c| c.to_digit(10)) {
            if number >= 255 {
                return None;
            }
            self.take();
            number = number * 10 + digit;
        }
        (number <= 255).then_some(number)
    }

    /// After the backslash.
    fn escape(&mut self) -> Result<Escape, Refused> {
        const UNKNOWN: Refused = "has a `\\` before a letter or digit that means nothing there";
        let before = self.rest;
        let character = self.take().ok_or("ends with a backslash")?;
        Ok(match character {
            'A' | 'm' | 'M' | 'y' | 'Y' | 'Z' => Escape::Constraint,
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => Escape::Class,
            'a' => Escape::Character(Some(7)),
            'b' => Escape::Character(Some(8)),
            'B' => Escape::Character(Some(u32::from('\\'))),
            'e' => Escape::Character(Some(27)),
            'f' => Escape::Character(Some(12)),
            'n' => Escape::Character(Some(10)),
            'r' => Escape::Character(Some(13)),
            't' => Escape::Character(Some(9)),
            'v' => Escape::Character(Some(11)),
            'c' => {
                let control = self.take().ok_or(UNKNOWN)?;
                Escape::Character(Some(u32::from(control) & 0o37))
            }
            'u' => Escape::Character(Some(self.digits(16, 4, 4).ok_or(UNKNOWN)?)),
            'U' => Escape::Character(Some(self.digits(16, 8, 8).filter(in_range).ok_or(UNKNOWN)?)),
            'x' => {
                let number = self.digits(16, 1, 255).filter(in_range);
                Escape::Character(Some(number.ok_or(UNKNOWN)?))
            }
            '1'..='9' => {
                self.rest = before;
                let after_one = before.get(1..).unwrap_or_default();
                let group = self.digits(10, 1, 255).ok_or(UNKNOWN)?;
                let group = usize::try_from(group).unwrap_or(usize::MAX);
                if self.rest == after_one || (1..=self.groups.len()).contains(&group) {
                    return Ok(Escape::Reference(group));
                }
                self.rest = before;
                Escape::Character(Some(self.octal().ok_or(UNKNOWN)?))
            }
            '0' => {
                self.rest = before;
                Escape::Character(Some(self.octal().ok_or(UNKNOWN)?))
            }
            'A'..='Z' | 'a'..='z' => return Err(UNKNOWN),
            other => Escape::Character(Some(u32::from(other))),
        })
    }

    fn octal(&mut self) -> Option<u32> {
        let before = self.rest;
        let number = self.digits(8, 1, 3)?;
        if number > 0xff {
            self.rest = before.get(2..)?;
            return Some(number >> 3);
        }
        Some(number)
    }

    fn digits(&mut self, base: u32, least: usize, most: usize) -> Option<u32> {
        let (mut number, mut length) = (0_u32, 0);
        while length < most
            && let Some(digit) = self.rest.chars().next().and_then(|c| c.to_digit(base))
        {
            self.take();
            number = number.wrapping_mul(base).wrapping_add(digit);
            length += 1;
        }
        (length >= least).then_some(number)
    }

    /// After the `[`.
    fn bracket(&mut self) -> Result<(), Refused> {
        const BACKWARDS: Refused = "has a range in `[ ]` that goes backwards, or that begins or ends with more than one character";
        self.take_if('^');
        let mut first = true;
        loop {
            let start = match self.part(first)? {
                Part::End => return Ok(()),
                Part::Range => return Err(BACKWARDS),
                Part::Class => {
                    first = false;
                    continue;
                }
                Part::Character(start) => start,
            };
            first = false;
            if !self.rest.starts_with('-') || self.rest.starts_with("-]") {
                continue;
            }
            self.take();
            let end = match self.part(false)? {
                Part::Character(end) => end,
                Part::Range => Some(u32::from('-')),
                Part::Class | Part::End => return Err(BACKWARDS),
            };
            // Outside ASCII the server compares bytes or characters, as the file's encoding is.
            if let (Some(start), Some(end @ ..128)) = (start, end)
                && start > end
            {
                return Err(BACKWARDS);
            }
        }
    }

    fn part(&mut self, first: bool) -> Result<Part, Refused> {
        const OPEN: Refused = "has a `[` that nothing closes";
        Ok(match self.take().ok_or(OPEN)? {
            ']' if !first => Part::End,
            '-' if !first && !self.rest.starts_with(']') => Part::Range,
            '\\' => match self.escape()? {
                Escape::Character(character) => Part::Character(character),
                Escape::Class => Part::Class,
                Escape::Constraint | Escape::Reference(_) => {
                    return Err("has a `\\` in `[ ]` that stands for no character");
                }
            },
            '[' => {
                let Some(kind @ ('.' | '=' | ':')) = self.rest.chars().next() else {
                    return if self.rest.is_empty() {
                        Err(OPEN)
                    } else {
                        Ok(Part::Character(Some(u32::from('['))))
                    };
                };
                self.take();
                let end = format!("{kind}]");
                let (name, rest) = self.rest.split_once(&*end).ok_or(OPEN)?;
                self.rest = rest;
                let mut characters = name.chars();
                let only = characters.next().filter(|_| characters.next().is_none());
                match kind {
                    _ if name.is_empty() => {
                        return Err("has nothing within `[. .]`, `[= =]` or `[: :]`");
                    }
                    ':' if !CLASSES.contains(&name) => {
                        return Err("has a class in `[: :]` that PostgreSQL doesn't know");
                    }
                    '.' => Part::Character(only.map(u32::from)),
                    _ => Part::Class,
                }
            }
            other => Part::Character(Some(u32::from(other))),
        })
    }
}

const CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

fn in_range(character: &u32) -> bool {
    *character <= 0x7fff_fffe
}

enum Escape {
    /// One character; which, where that is certain.
    Character(Option<u32>),
    Class,
    Constraint,
    Reference(usize),
}

/// What a bracket is made of.
enum Part {
    End,
    /// A `-` between two others.
    Range,
    Character(Option<u32>),
    Class,
}
