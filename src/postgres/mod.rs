//! What PostgreSQL is: identifiers, privileges, parameters, host-based authentication. Knows nothing of declarations.

pub mod extension;
pub mod hba;
pub mod identifier;
pub mod locale;
pub mod parameter;
pub mod pattern;
pub mod privilege;
pub mod quote;
pub mod scram;
pub mod statement;
pub mod version;

pub use identifier::Identifier;
pub use version::Version;
