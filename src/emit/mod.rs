//! From the catalog to text: the Nix module, and the check of what comes out.

pub mod module;
pub mod nix;
