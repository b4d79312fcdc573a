//! One line of the program's report.

use serde::Deserialize;
use thiserror::Error;

use super::{Scope, ScopeName, Step};

/// The version of the program's report that dbgen reads.
pub const VERSION: u32 = 1;

/// Why a line is no report.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It is no JSON, or not of the shape of version 1.
    #[error("the program printed something that is no report")]
    Malformed(#[from] serde_json::Error),
    /// It is of another version.
    #[error("the program's report has version {0}, and this dbgen reads version {VERSION}")]
    Version(u32),
    /// The part of the server is none that is known, or has no database.
    #[error("the program reported about `{0}`, which this dbgen does not know")]
    Scope(String),
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
    connecting: Option<String>,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// What differs in a scope.
    Scope(Scope),
    /// The program goes to this database now.
    Connecting(String),
}

#[derive(Deserialize)]
struct Report {
    scope: String,
    database: Option<String>,
    steps: Vec<Step>,
}

/// Reads one line.
///
/// # Errors
/// When the line is not what a program of this version prints.
pub fn line(line: &str) -> Result<Line, ReadError> {
    let said: Versioned = serde_json::from_str(line)?;
    if said.version != VERSION {
        return Err(ReadError::Version(said.version));
    }
    match said.connecting {
        Some(database) => Ok(Line::Connecting(database)),
        None => scope(line).map(Line::Scope),
    }
}

/// Reads what the program says about one scope.
fn scope(line: &str) -> Result<Scope, ReadError> {
    let line: Report = serde_json::from_str(line)?;
    let name = match (line.scope.as_str(), line.database) {
        ("roles", _) => ScopeName::Roles,
        // Before the rest of it, because CREATE DATABASE can't run in a transaction.
        ("databases" | "creation", _) => ScopeName::Databases,
        ("contents", Some(database)) => ScopeName::Contents(database),
        _ => return Err(ReadError::Scope(line.scope)),
    };
    Ok(Scope {
        name,
        steps: line.steps,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::plan::Kind;

    #[test]
    fn a_line_of_version_1_is_read() {
        assert_eq!(
            line(r#"{"version":1,"connecting":"immich"}"#).unwrap(),
            Line::Connecting("immich".into())
        );
        let report = r#"{"version":1,"scope":"contents","database":"immich","mode":"plan","steps":[
            {"kind":"change","object":"table public.a","sql":"GRANT SELECT ON TABLE public.a TO r","why":"missing"},
            {"kind":"found","object":"role x","why":"not declared","later":true}]}"#;
        let Line::Scope(scope) = line(report).unwrap() else {
            panic!("no scope");
        };
        assert_eq!(scope.name, ScopeName::Contents("immich".into()));
        assert_eq!(
            scope.steps[0].sql.as_deref(),
            Some("GRANT SELECT ON TABLE public.a TO r")
        );
        assert_eq!(
            (scope.steps[1].kind, scope.steps[1].sql.as_deref()),
            (Kind::Found, None)
        );
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        let error = |text| format!("{:#}", anyhow::Error::from(line(text).unwrap_err()));
        assert_eq!(
            error(r#"{"version":2,"steps":"another shape"}"#),
            "the program's report has version 2, and this dbgen reads version 1"
        );
        assert!(error(r#"{"version":1,"scope":"moon","steps":[]}"#).contains("`moon`"));
        assert!(error(r#"{"version":1,"scope":"contents","steps":[]}"#).contains("`contents`"));
        assert!(error("Timing is on.").contains("no report"));
        assert!(
            error(
                r#"{"version":1,"scope":"roles","steps":[{"kind":"maybe","object":"","why":""}]}"#
            )
            .contains("maybe")
        );
    }
}
