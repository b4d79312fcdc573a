//! A Nix expression where a literal is needed.

use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::source::Span;

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

/// The finding: the value of `name` is `what`, a noun with its article.
pub fn finding(name: &str, what: &str, span: Span) -> Diagnostic {
    told(&phrase::backticked(name), what, span)
}

/// The finding for a file that is as a whole no literal.
pub fn of_file(what: &str, span: Span) -> Diagnostic {
    told("the file", what, span)
}

fn told(subject: &str, what: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        &NON_LITERAL,
        span,
        format!("{subject} is {what}, and dbgen reads only literals"),
    )
    .label("not a literal")
    .help("write the value out, or let Nix evaluate it first: `nix eval --json .#declarations | dbgen render --stdin-filename services.json -`")
}
