//! `syntax-error`: text that its format does not allow.

use crate::diagnostic::rule;

rule! {
    /// ## What it does
    /// Reports the places where a file is not valid TOML or Nix, the first one where it is not valid JSON, and a file whose
    /// top is not a table (TOML), an object (JSON) or an attribute set (Nix).
    ///
    /// ## Why is this bad?
    /// Nothing in the file can be trusted to mean what its author meant, so nothing is rendered.
    /// JSON is read strictly: comments, trailing commas and single quotes are not JSON.
    ///
    /// ## Example
    /// ```toml
    /// [services.immich
    /// enable = true
    /// ```
    ///
    /// Use instead:
    /// ```toml
    /// [services.immich]
    /// enable = true
    /// ```
    pub SYNTAX_ERROR = "syntax-error", Error
}
