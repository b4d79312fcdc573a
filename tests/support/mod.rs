//! What several integration tests share.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod hba;
pub mod postgres;
pub mod startup;
