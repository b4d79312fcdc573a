//! A key that means nothing here.

use crate::diagnostic::rule;

rule! {
    /// ## What it does
    /// Finds keys that dbgen does not know at this place.
    ///
    /// ## Why is this bad?
    /// A misspelt key would be ignored: `extraconfig` would leave the database without its settings, and nothing
    /// would say so. Names are camelCase, as in Nix.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// usr = "immich"
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// ```
    pub UNKNOWN_KEY = "unknown-key", Error
}
