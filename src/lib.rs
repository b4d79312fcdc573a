//! dbgen reads declarations of the PostgreSQL databases that services need, tells every mistake in them, and
//! renders one NixOS module.
//!
//! The directories are the pipeline:
//! `source` -> `declaration` -> `check` -> `catalog` -> `emit`; `postgres` and `diagnostic` serve them all.

pub mod catalog;
pub mod check;
pub mod declaration;
pub mod diagnostic;
pub mod emit;
pub mod plan;
pub mod postgres;
pub mod server;
pub mod source;
pub mod verify;
