//! Host-based authentication: `pg_hba.conf` and `pg_ident.conf` of PostgreSQL 14 to 18, read, written, simulated and linted.
//!
//! Source of the facts: the manual, chapter "Client Authentication", and the servers themselves (`tests/hba_server.rs`).
//! A version is always the server's major version.

mod address;
mod connection;
mod cover;
mod ident;
mod ident_match;
mod lines;
mod lint;
mod literal;
mod method;
mod options;
mod parse;
mod pattern;
mod print;
mod regex;
mod rule;
mod search;
mod simulate;
mod token;
mod tokenize;
mod twin;

pub use address::Address;
pub use connection::ConnectionType;
pub use cover::Coverage;
pub use ident::{DatabaseUser, IdentMap, SystemUser, parse_ident};
pub use ident_match::IdentDecision;
pub use lint::{Fact, PasswordEncryption, lint};
pub use literal::Unwritable;
pub use method::Method;
pub use parse::{ParseError, parse};
pub use pattern::Answer;
pub use print::{print, print_ident, print_to};
pub use rule::Rule;
pub use search::Search;
pub use simulate::{Client, Decision, Login, Outcome, Undecided, simulate};
pub use token::{DatabaseToken, UserToken};
pub use tokenize::Files;
pub use twin::Twins;

/// The first major version whose names, quoted or not, are regular expressions when they begin with `/`, and that has
/// `include` records.
const REGEX_SINCE: u8 = 16;
