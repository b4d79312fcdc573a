//! The rules: one per file, named like its code.

mod duplicate_key;
mod nesting_too_deep;
mod not_utf_8;
mod number_out_of_range;
mod syntax_error;

pub use duplicate_key::DUPLICATE_KEY;
pub use nesting_too_deep::NESTING_TOO_DEEP;
pub use not_utf_8::NOT_UTF_8;
pub use number_out_of_range::NUMBER_OUT_OF_RANGE;
pub use syntax_error::SYNTAX_ERROR;
