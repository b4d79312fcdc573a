//! A value of another type than the field's.

use crate::diagnostic::rule;

rule! {
    /// ## What it does
    /// Finds values of another type than their field's: a string where an integer belongs, a list where a table
    /// belongs.
    ///
    /// ## Why is this bad?
    /// What was meant cannot be known. dbgen does not guess: `"5432"` is a string, also where it looks like a port.
    ///
    /// ## Example
    /// ```toml
    /// port = "5432"
    /// ```
    /// Use instead:
    /// ```toml
    /// port = 5432
    /// ```
    pub WRONG_TYPE = "wrong-type", Error
}
