//! What is checked: one rule per file, named like its code. The doc comment of a rule is the page that
//! `dbgen explain` prints.

pub mod duplicate_database;
pub mod duplicate_key;
pub mod example;
pub mod missing_field;
pub mod nesting_too_deep;
pub mod non_literal;
pub mod not_utf_8;
pub mod number_out_of_range;
pub mod plain_text_password;
mod scope;
pub mod string_list_databases;
pub mod syntax_error;
pub mod unknown_key;
pub mod unknown_value;
pub mod unmatched_include;
pub mod wrong_type;

pub use scope::{Findings, RoleOrigin, Scope};

use crate::diagnostic::Rule;

/// Every rule, sorted by its code.
pub static RULES: &[&Rule] = &[
    &duplicate_database::DUPLICATE_DATABASE,
    &duplicate_key::DUPLICATE_KEY,
    &missing_field::MISSING_FIELD,
    &nesting_too_deep::NESTING_TOO_DEEP,
    &non_literal::NON_LITERAL,
    &not_utf_8::NOT_UTF_8,
    &number_out_of_range::NUMBER_OUT_OF_RANGE,
    &plain_text_password::PLAIN_TEXT_PASSWORD,
    &string_list_databases::STRING_LIST_DATABASES,
    &syntax_error::SYNTAX_ERROR,
    &unknown_key::UNKNOWN_KEY,
    &unknown_value::UNKNOWN_VALUE,
    &unmatched_include::UNMATCHED_INCLUDE,
    &wrong_type::WRONG_TYPE,
];

/// The rules over what is declared, beside those over its shape, which the reader applies.
static CHECKS: &[fn(&Scope, &mut Findings)] = &[
    duplicate_database::check,
];

/// Applies every rule over what is declared.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for check in CHECKS {
        check(scope, findings);
    }
}
