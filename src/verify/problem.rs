//! One thing that is not as declared: what the server said, why, and how to mend it.

use serde::Serialize;

/// A "no".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What kind of problem it is; see docs/verify.md.
    pub code: &'static str,
    /// What the server or libpq said, as it said it; may have several lines.
    pub message: Option<String>,
    /// Why.
    pub cause: String,
    /// How to mend it.
    pub fix: String,
}

impl Problem {
    /// A problem that nobody has said anything of.
    pub fn new(code: &'static str, cause: impl Into<String>, fix: impl Into<String>) -> Problem {
        Problem {
            code,
            message: None,
            cause: cause.into(),
            fix: fix.into(),
        }
    }

    /// The same with what was said.
    pub fn said(self, message: impl Into<String>) -> Problem {
        Problem {
            message: Some(message.into()),
            ..self
        }
    }
}
