//! `duplicate-key`: a name that is given two values in one table.

use crate::diagnostic::rule;

rule! {
    /// ## What it does
    /// Reports a name that stands twice in one table, object or attribute set, and a table that is defined twice.
    ///
    /// ## Why is this bad?
    /// Only one of the values can count. TOML and Nix refuse such a file; most JSON readers silently take
    /// the last value, so that two programs may read the same file differently.
    ///
    /// ## Example
    /// ```toml
    /// [services.immich]
    /// enable = true
    /// enable = false
    /// ```
    ///
    /// Use instead:
    /// ```toml
    /// [services.immich]
    /// enable = false
    /// ```
    pub DUPLICATE_KEY = "duplicate-key", Error
}
