//! A Nix expression where a literal is needed.

use crate::diagnostic::rule;

rule! {
    /// ## What it does
    /// Finds Nix expressions (function calls, variables, interpolation, paths) at places whose value dbgen needs.
    ///
    /// ## Why is this bad?
    /// dbgen reads Nix files without evaluating them, so it sees only what is written out. Elsewhere in the file
    /// any expression may stand.
    ///
    /// ## Example
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   qgroget.serviceModules.immich.databases = lib.optional true {
    ///     type = "postgresql";
    ///     name = "immich";
    ///     user = "immich";
    ///   };
    /// }
    /// ```
    /// Write the list out, or let Nix evaluate it and give dbgen the result:
    /// ```sh
    /// nix eval --json .#declarations | dbgen render --stdin-filename services.json -
    /// ```
    pub NON_LITERAL = "non-literal", Error
}
