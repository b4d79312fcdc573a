//! What is checked: one rule per file, named like its code. The doc comment of a rule is the page that
//! `dbgen explain` prints.

pub mod conflicting_password;
pub mod conflicting_port;
pub mod conflicting_role;
pub mod duplicate_database;
pub mod duplicate_key;
pub mod duplicate_service;
pub mod example;
pub mod invalid_name;
pub mod invalid_namespace;
pub mod invalid_pattern;
pub mod invalid_privilege;
pub mod invalid_target;
pub mod invalid_unit_name;
pub mod invalid_unix_user;
pub mod invalid_valid_until;
pub mod membership_cycle;
pub mod missing_field;
pub mod name_too_long;
pub mod names;
pub mod nesting_too_deep;
pub mod no_declarations;
pub mod non_literal;
pub mod not_utf_8;
pub mod number_out_of_range;
pub mod place;
pub mod plain_text_password;
pub mod port_out_of_range;
pub mod reserved_database;
pub mod reserved_role;
mod scope;
pub mod slash_name;
pub mod string_list_databases;
pub mod syntax_error;
pub mod target;
pub mod truncated_names_collide;
pub mod unknown_instance;
pub mod unknown_key;
pub mod unknown_role;
pub mod unknown_value;
pub mod unmatched_include;
pub mod unsafe_ensure_name;
pub mod unsupported_by_version;
pub mod unsupported_version;
pub mod value_out_of_range;
pub mod wrong_type;

pub use scope::{Findings, RoleOrigin, Scope};

use crate::diagnostic::Rule;

/// Every rule, sorted by its code.
pub static RULES: &[&Rule] = &[
    &conflicting_password::CONFLICTING_PASSWORD,
    &conflicting_port::CONFLICTING_PORT,
    &conflicting_role::CONFLICTING_ROLE,
    &duplicate_database::DUPLICATE_DATABASE,
    &duplicate_key::DUPLICATE_KEY,
    &duplicate_service::DUPLICATE_SERVICE,
    &invalid_name::INVALID_NAME,
    &invalid_namespace::INVALID_NAMESPACE,
    &invalid_pattern::INVALID_PATTERN,
    &invalid_privilege::INVALID_PRIVILEGE,
    &invalid_target::INVALID_TARGET,
    &invalid_unit_name::INVALID_UNIT_NAME,
    &invalid_unix_user::INVALID_UNIX_USER,
    &invalid_valid_until::INVALID_VALID_UNTIL,
    &membership_cycle::MEMBERSHIP_CYCLE,
    &missing_field::MISSING_FIELD,
    &name_too_long::NAME_TOO_LONG,
    &nesting_too_deep::NESTING_TOO_DEEP,
    &no_declarations::NO_DECLARATIONS,
    &non_literal::NON_LITERAL,
    &not_utf_8::NOT_UTF_8,
    &number_out_of_range::NUMBER_OUT_OF_RANGE,
    &plain_text_password::PLAIN_TEXT_PASSWORD,
    &port_out_of_range::PORT_OUT_OF_RANGE,
    &reserved_database::RESERVED_DATABASE,
    &reserved_role::RESERVED_ROLE,
    &slash_name::SLASH_NAME,
    &string_list_databases::STRING_LIST_DATABASES,
    &syntax_error::SYNTAX_ERROR,
    &truncated_names_collide::TRUNCATED_NAMES_COLLIDE,
    &unknown_instance::UNKNOWN_INSTANCE,
    &unknown_key::UNKNOWN_KEY,
    &unknown_role::UNKNOWN_ROLE,
    &unknown_value::UNKNOWN_VALUE,
    &unmatched_include::UNMATCHED_INCLUDE,
    &unsafe_ensure_name::UNSAFE_ENSURE_NAME,
    &unsupported_by_version::UNSUPPORTED_BY_VERSION,
    &unsupported_version::UNSUPPORTED_VERSION,
    &value_out_of_range::VALUE_OUT_OF_RANGE,
    &wrong_type::WRONG_TYPE,
];

/// The rules over what is declared, beside those over its shape, which the reader applies.
static CHECKS: &[fn(&Scope, &mut Findings)] = &[
    conflicting_password::check,
    conflicting_port::check,
    conflicting_role::check,
    duplicate_database::check,
    duplicate_service::check,
    invalid_name::check,
    invalid_namespace::check,
    invalid_pattern::check,
    invalid_privilege::check,
    invalid_target::check,
    invalid_unit_name::check,
    invalid_unix_user::check,
    invalid_valid_until::check,
    membership_cycle::check,
    name_too_long::check,
    no_declarations::check,
    port_out_of_range::check,
    reserved_database::check,
    reserved_role::check,
    slash_name::check,
    truncated_names_collide::check,
    unknown_instance::check,
    unknown_role::check,
    unsafe_ensure_name::check,
    unsupported_by_version::check,
    unsupported_version::check,
    value_out_of_range::check,
];

/// Applies every rule over what is declared.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for check in CHECKS {
        check(scope, findings);
    }
}
