//! Nix text: values that print as literals, the templates that lay them out, and the check of the result.

pub mod literal;
pub mod template;
pub mod verify;

mod attributes;
mod frame;
mod region;
mod scope;
mod skeleton;
mod text;
mod value;
mod write;
