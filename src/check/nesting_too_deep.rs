//! `nesting-too-deep`: more brackets in brackets than a declaration can need.

use crate::diagnostic::rule;

rule! {
    /// ## What it does
    /// Reports the place where lists, tables or expressions are nested deeper than dbgen reads, and in Nix also
    /// chains of operators, names or arguments that are longer than dbgen reads.
    ///
    /// ## Why is this bad?
    /// A declaration needs about ten levels. Text that is nested without an end is damaged, or made to exhaust
    /// the memory of the program that reads it.
    ///
    /// ## Example
    /// ```json
    /// { "services": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ ... ]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]] }
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// { "services": {} }
    /// ```
    pub NESTING_TOO_DEEP = "nesting-too-deep", Error
}
