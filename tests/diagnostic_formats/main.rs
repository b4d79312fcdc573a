//! Every output format, over the same findings.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod choice;
mod concise;
mod fixture;
mod github;
mod hostile;
mod human;
mod json;
mod page;
mod sarif;
mod schema;
mod summary;
