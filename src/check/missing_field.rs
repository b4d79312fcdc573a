//! A required field that is not there.

use crate::diagnostic::rule;

rule! {
    /// ## What it does
    /// Finds declarations that lack a required field.
    ///
    /// ## Why is this bad?
    /// A database needs at least its `type`, its `name` and the `user` that the service logs in as. dbgen has no
    /// defaults for them, because a wrong guess would create the wrong database.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// name = "immich"
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// ```
    pub MISSING_FIELD = "missing-field", Error
}
