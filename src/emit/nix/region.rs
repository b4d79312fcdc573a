//! Finds data in Nix source: sets and lists of literals, checked here so that no tree of them is needed.
//!
//! Anything unusual is no data: the caller then leaves it to the full check.

use super::text::{IN_NAME, is_keyword};

/// Nesting of data; what is deeper is left to the full check.
const MAX_DEPTH: usize = 48;
const MAX_NAME: usize = 200;
const MAX_PATH: usize = 12;
const MAX_ROOTS: usize = 4;

/// A run of data.
pub(super) struct Region<'t> {
    /// The byte behind it.
    pub(super) end: usize,
    /// The variables that it refers to.
    pub(super) roots: Vec<&'t str>,
}

/// Bytes in strings that are looked at one by one.
const ENDS_TEXT: [bool; 256] = {
    let mut ends = [false; 256];
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends[b'$' as usize] = true;
    ends
};

enum Container {
    List,
    /// The number of names that were known when the set began, and whether they came in order since.
    Set {
        first: usize,
        sorted: bool,
    },
}

struct Scan<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    open: Vec<Container>,
    names: Vec<&'t [u8]>,
    roots: Vec<&'t str>,
}

/// The data that begins at `start`, where a `{` or `[` is.
pub(super) fn scan(text: &str, start: usize) -> Option<Region<'_>> {
    let bytes = text.as_bytes();
    let mut scan = Scan {
        text,
        bytes,
        at: start,
        open: Vec::new(),
        names: Vec::new(),
        roots: Vec::new(),
    };
    scan.value()?;
    while let Some(container) = scan.open.last() {
        let in_set = matches!(container, Container::Set { .. });
        scan.blanks();
        match (scan.peek()?, in_set) {
            (b'}', true) | (b']', false) => {
                scan.at += 1;
                scan.close()?;
                scan.end_of_value()?;
            }
            (_, true) => {
                scan.name()?;
                scan.value()?;
            }
            (_, false) => scan.value()?,
        }
    }
    Some(Region {
        end: scan.at,
        roots: scan.roots,
    })
}

impl<'t> Scan<'t> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Option<()> {
        match self.peek()? {
            b'{' => {
                self.at += 1;
                self.push(Container::Set {
                    first: self.names.len(),
                    sorted: true,
                })
            }
            b'[' => {
                self.at += 1;
                self.push(Container::List)
            }
            b'"' => {
                self.string()?;
                self.end_of_value()
            }
            b'-' if self.in_set() => {
                self.at += 1;
                self.integer()?;
                self.end_of_value()
            }
            b'(' => {
                self.at += 1;
                self.eat(b'-')?;
                self.integer()?;
                self.eat(b')')?;
                self.end_of_value()
            }
            b'0'..=b'9' => {
                self.integer()?;
                self.end_of_value()
            }
            _ => {
                self.reference()?;
                self.end_of_value()
            }
        }
    }

    fn in_set(&self) -> bool {
        matches!(self.open.last(), Some(Container::Set { .. }))
    }

    fn push(&mut self, container: Container) -> Option<()> {
        (self.open.len() < MAX_DEPTH).then(|| self.open.push(container))
    }

    /// What must follow a value, so that nothing continues it.
    fn end_of_value(&mut self) -> Option<()> {
        match self.open.last() {
            None => Some(()),
            Some(Container::List) => {
                matches!(self.peek()?, b' ' | b'\n' | b'\t' | b'\r' | b']').then_some(())
            }
            Some(Container::Set { .. }) => {
                self.blanks();
                self.eat(b';')
            }
        }
    }

    fn close(&mut self) -> Option<()> {
        let Some(Container::Set { first, sorted }) = self.open.pop() else {
            return Some(());
        };
        let names = &mut self.names[first..];
        if !sorted {
            names.sort_unstable();
            if names.windows(2).any(|pair| pair[0] == pair[1]) {
                return None;
            }
        }
        self.names.truncate(first);
        Some(())
    }

    fn name(&mut self) -> Option<()> {
        let name = match self.peek()? {
            b'"' => {
                let name = self.string()?;
                // Two spellings of one name would pass as two names.
                if name.iter().any(|byte| matches!(byte, b'\\' | b'\r')) {
                    return None;
                }
                name
            }
            _ => self.identifier()?.as_bytes(),
        };
        if let Some(Container::Set { first, sorted }) = self.open.last_mut() {
            let in_order = self.names[*first..].last().is_none_or(|last| *last < name);
            *sorted = *sorted && in_order;
        }
        self.names.push(name);
        self.blanks();
        self.eat(b'=')?;
        self.blanks();
        Some(())
    }

    /// The bytes between the quotes of a string without interpolation.
    fn string(&mut self) -> Option<&'t [u8]> {
        self.eat(b'"')?;
        let start = self.at;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(&self.bytes[start..self.at - 1]);
                }
                b'\\' => {
                    // The rest of a character of several bytes passes as text.
                    self.bytes.get(self.at + 1)?;
                    self.at += 2;
                }
                b'$' => match self.bytes.get(self.at + 1)? {
                    b'{' => return None,
                    b'$' => self.at += 2,
                    _ => self.at += 1,
                },
                _ => {
                    let rest = &self.bytes[self.at..];
                    let end = rest.iter().position(|byte| ENDS_TEXT[usize::from(*byte)]);
                    self.at += end.unwrap_or(rest.len());
                }
            }
        }
    }

    fn integer(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek()?.is_ascii_digit() {
            self.at += 1;
        }
        let digits = &self.text[start..self.at];
        (digits.len() <= 19 && digits.parse::<i64>().is_ok()).then_some(())
    }

    fn identifier(&mut self) -> Option<&'t str> {
        let start = self.at;
        let first = self.peek()?;
        if !(first.is_ascii_alphabetic() || first == b'_') {
            return None;
        }
        let rest = &self.bytes[start..];
        self.at += rest.iter().position(|byte| !IN_NAME[usize::from(*byte)])?;
        let name = &self.text[start..self.at];
        (name.len() <= MAX_NAME && !is_keyword(name)).then_some(name)
    }

    /// A variable, or an attribute path below one.
    fn reference(&mut self) -> Option<()> {
        let root = self.identifier()?;
        let mut steps = 0;
        while self.peek()? == b'.' {
            self.at += 1;
            steps += 1;
            match self.peek()? {
                b'"' => self.string().map(drop)?,
                _ => self.identifier().map(drop)?,
            }
        }
        if !matches!(root, "true" | "false" | "null") && !self.roots.contains(&root) {
            self.roots.push(root);
        }
        (steps <= MAX_PATH && self.roots.len() <= MAX_ROOTS).then_some(())
    }
}
