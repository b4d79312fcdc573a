//! `number-out-of-range`: a number that no 64 bits hold.

use crate::diagnostic::rule;

rule! {
    /// ## What it does
    /// Reports an integer outside of -9223372036854775808 to 9223372036854775807, and a float too large for
    /// 64 bits.
    ///
    /// ## Why is this bad?
    /// Nix has no larger integers, so that the number could not be rendered as it was written.
    ///
    /// ## Example
    /// ```toml
    /// port = 99999999999999999999
    /// ```
    ///
    /// Use instead:
    /// ```toml
    /// port = 5432
    /// ```
    pub NUMBER_OUT_OF_RANGE = "number-out-of-range", Error
}
