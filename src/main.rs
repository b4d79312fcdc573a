//! The `dbgen` command.

fn main() {}
