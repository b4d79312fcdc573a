//! What is checked: one rule per file, named like its code. The doc comment of a rule is the page that
//! `dbgen explain` prints.

pub mod duplicate_database;
pub mod example;
pub mod missing_field;
pub mod non_literal;
pub mod plain_text_password;
mod scope;
pub mod string_list_databases;
pub mod unknown_key;
pub mod unknown_value;
pub mod wrong_type;

pub use scope::{Findings, RoleOrigin, Scope};

use crate::declaration::Declarations;
use crate::diagnostic::Rule;
use crate::source::Sources;

/// Every rule, sorted by its code.
pub static RULES: &[&Rule] = &[
    &duplicate_database::DUPLICATE_DATABASE,
    &missing_field::MISSING_FIELD,
    &non_literal::NON_LITERAL,
    &plain_text_password::PLAIN_TEXT_PASSWORD,
    &string_list_databases::STRING_LIST_DATABASES,
    &unknown_key::UNKNOWN_KEY,
    &unknown_value::UNKNOWN_VALUE,
    &wrong_type::WRONG_TYPE,
];

/// The rules over what is declared, beside those over its shape, which the reader applies.
static CHECKS: &[fn(&Scope, &mut Findings)] = &[duplicate_database::check];

/// Applies every rule.
pub fn check(declarations: &Declarations, sources: &Sources, findings: &mut Findings) {
    let scope = Scope::new(declarations, sources);
    for check in CHECKS {
        check(&scope, findings);
    }
}
