//! From the catalog to text: the Nix module, the check of what comes out, and the provisioning program.

pub mod module;
pub mod nix;
pub mod sql;
