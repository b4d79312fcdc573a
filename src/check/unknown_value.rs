//! A string out of a closed set that is not in it.

use crate::diagnostic::rule;

rule! {
    /// ## What it does
    /// Finds values of fields that allow only certain words, such as `type`, `preset` or `method`, that are none of
    /// them.
    ///
    /// ## Why is this bad?
    /// `type = "postgres"` names no kind of server that dbgen knows, so the database would not be provisioned.
    ///
    /// ## Example
    /// ```toml
    /// type = "postgres"
    /// ```
    /// Use instead:
    /// ```toml
    /// type = "postgresql"
    /// ```
    pub UNKNOWN_VALUE = "unknown-value", Error
}
