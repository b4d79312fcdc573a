//! A running server, reached by psql: how to connect, what it is asked, and which rights are missing there.

pub mod ask;
pub mod connection;
pub mod interrupt;
pub(crate) mod message;
pub mod passwords;
mod patience;
pub mod psql;
pub mod removal;
pub mod rights;
pub mod run;
mod uri;
