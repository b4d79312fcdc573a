//! Whether Nix accepts a text: its grammar, its scopes, its rule about attributes that are defined twice.
//!
//! Stands for Nix 2.8 to 2.34; where they differ, for the one that refuses more.

use rnix::Root;
use rowan::ast::AstNode;

use super::{scope, skeleton};

/// Why Nix would refuse the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct VerifyError {
    /// Where, in bytes from the start of the text.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
}

impl VerifyError {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self {
            offset,
            message: message.into(),
        }
    }
}

/// More errors than this are not told.
const MAX_ERRORS: usize = 50;

/// Checks a text that is mostly data, which is looked at without building a tree of it.
///
/// # Errors
/// The same as [`verify_full`].
pub fn verify(text: &str) -> Result<(), Vec<VerifyError>> {
    // Whatever is wrong is found again in the whole text, with its place there.
    match skeleton::of(text, true).and_then(|skeleton| check(&skeleton)) {
        Ok(()) => Ok(()),
        Err(_) => verify_full(text),
    }
}

/// Checks a text with a tree of all of it.
///
/// # Errors
/// What is wrong, by offset: syntax errors alone when there are any, else undefined variables, attributes and
/// arguments that are defined twice, and integers out of range.
pub fn verify_full(text: &str) -> Result<(), Vec<VerifyError>> {
    skeleton::of(text, false).and_then(|text| check(&text))
}

fn check(text: &str) -> Result<(), Vec<VerifyError>> {
    let parse = Root::parse(text);
    let errors: Vec<_> = parse
        .errors()
        .iter()
        .take(MAX_ERRORS)
        .map(from_rnix)
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut errors = scope::check(parse.tree().syntax());
    errors.sort_by_key(|error| error.offset);
    errors.truncate(MAX_ERRORS);
    match errors.is_empty() {
        true => Ok(()),
        false => Err(errors),
    }
}

fn from_rnix(error: &rnix::ParseError) -> VerifyError {
    use rnix::ParseError as E;
    let range = match error {
        E::Unexpected(range)
        | E::UnexpectedExtra(range)
        | E::UnexpectedWanted(_, range, _)
        | E::UnexpectedDoubleBind(range)
        | E::DuplicatedArgs(range, _) => Some(range),
        _ => None,
    };
    VerifyError::new(
        range.map_or(0, |range| range.start().into()),
        error.to_string(),
    )
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
