//! `not-utf-8`: bytes that are no text.

use crate::diagnostic::rule;

rule! {
    /// ## What it does
    /// Reports the first place in a file that is not UTF-8.
    ///
    /// ## Why is this bad?
    /// TOML and JSON are UTF-8 by definition. In another encoding a name would reach PostgreSQL as other
    /// characters than its author sees.
    ///
    /// ## Example
    /// A file that an editor saved as ISO 8859-1 or UTF-16.
    ///
    /// Use instead the same file converted, for example with
    /// ```sh
    /// iconv -f ISO-8859-1 -t UTF-8 services.toml
    /// ```
    /// or with `-f UTF-16`, which the message says where the file begins like that.
    pub NOT_UTF_8 = "not-utf-8", Error
}
