//! What PostgreSQL is: identifiers, privileges, parameters, host-based authentication. Knows nothing of declarations.

pub mod hba;
pub mod version;
