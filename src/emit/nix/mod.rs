//! Nix text: values that print as literals, the templates that lay them out, and the check of the result.

pub mod literal;
pub mod template;
pub mod verify;

mod frame;
mod text;
mod value;
mod write;
