//! TOML 1.1, read in one of two ways to the same tree.
//!
//! [`fast`] reads a plain file in a few times its own size and stops at the first thing that is out of the ordinary;
//! [`slow`] then reads the file again with the `toml` crate, which recovers from errors and tells all of them.

mod fast;
mod places;
mod scalar;
mod slow;

use super::{FileId, Node};
use crate::diagnostic::Diagnostic;

/// How deep lists and tables may be nested, and how many names a dotted key may have: the limit of the `toml` crate.
const DEEPEST: usize = 80;

/// Reads `text` as TOML.
pub(super) fn read(text: &str, file: FileId) -> (Option<Node<'_>>, Vec<Diagnostic>) {
    match fast::read(text, file) {
        Some(root) => (Some(root), Vec::new()),
        None => slow::read(text, file),
    }
}

#[cfg(test)]
mod tests;
