//! Reads the parts of a pattern.

use super::{Identifier, PatternError, Problem, quote_identifier};
use crate::postgres::quote::until_quote;

pub(super) struct Reader<'p> {
    text: &'p str,
    pub(super) at: usize,
}

/// A name as a pattern spells it.
pub(super) fn written(name: &str) -> String {
    if !name.is_empty() && name.chars().all(is_plain) {
        name.to_owned()
    } else {
        quote_identifier(name)
    }
}

fn is_plain(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}

impl<'p> Reader<'p> {
    pub(super) fn new(text: &'p str) -> Self {
        Reader { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'p str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn take(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    pub(super) fn skip_spaces(&mut self) -> bool {
        let length = self.rest().len() - self.rest().trim_start_matches(' ').len();
        self.at += length;
        length > 0
    }

    pub(super) fn unexpected(&self, expected: &'static str) -> PatternError {
        let problem = match self.rest().chars().next() {
            Some(c) if !is_plain(c) && !"\".,()*[] ".contains(c) => Problem::NeedsQuotes(c),
            _ => Problem::Expected(expected),
        };
        PatternError {
            offset: self.at,
            problem,
        }
    }

    /// A name, with or without quotes.
    pub(super) fn name(&mut self) -> Result<Identifier, PatternError> {
        let offset = self.at;
        let name = match self.quoted()? {
            Some(name) => name,
            None => self.word("a name")?.to_owned(),
        };
        Identifier::new(&name).map_err(|error| PatternError {
            offset,
            problem: error.into(),
        })
    }

    pub(super) fn quoted(&mut self) -> Result<Option<String>, PatternError> {
        let offset = self.at;
        if !self.take('"') {
            return Ok(None);
        }
        let Some((name, after)) = until_quote(self.rest()) else {
            return Err(PatternError {
                offset,
                problem: Problem::Unclosed,
            });
        };
        self.at = self.text.len() - after.len();
        Ok(Some(name))
    }

    pub(super) fn word(&mut self, expected: &'static str) -> Result<&'p str, PatternError> {
        let rest = self.rest();
        let length = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.unexpected(expected));
        }
        self.at += length;
        Ok(rest.get(..length).unwrap_or_default())
    }

    /// What follows an opening parenthesis: one or more items, and the closing one.
    pub(super) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, PatternError>,
    ) -> Result<Vec<T>, PatternError> {
        let mut items = Vec::new();
        loop {
            self.skip_spaces();
            items.push(item(self)?);
            self.skip_spaces();
            if self.take(')') {
                return Ok(items);
            }
            if !self.take(',') {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
    }
}
