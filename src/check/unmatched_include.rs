//! A glob that names no file.

use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds globs in the project file's `include` that name no file.
    ///
    /// ## Why is this bad?
    /// A misspelt glob leaves out every service that it was meant to name, and their databases would vanish from the
    /// module.
    ///
    /// ## Example
    /// ```toml
    /// [project]
    /// include = ["servces/*.toml"]
    /// ```
    /// Use instead:
    /// ```toml
    /// [project]
    /// include = ["services/*.toml"]
    /// ```
    pub UNMATCHED_INCLUDE = "unmatched-include", Warning
}

/// The finding; `has_other_ending`: the glob names files, of none of the formats.
pub fn finding(glob: &Text, has_other_ending: bool) -> Diagnostic {
    if has_other_ending {
        let message = format!(
            "{} names no file that dbgen reads",
            phrase::backticked(&glob.value)
        );
        return Diagnostic::new(&UNMATCHED_INCLUDE, glob.span, message)
            .label("what matches ends in none of .toml, .json and .nix")
            .help("the ending tells the format: name files that end in .toml, .json or .nix");
    }
    let message = format!("{} names no file", phrase::backticked(&glob.value));
    Diagnostic::new(&UNMATCHED_INCLUDE, glob.span, message)
        .label("no file matches")
        .help("globs are relative to dbgen.toml, `*` does not cross a `/`, `**` does; a file must be added to git for a flake to see it")
}
