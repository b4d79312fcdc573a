//! What is checked: one rule per file, named like its code. The doc comment of a rule is the page that
//! `dbgen explain` prints.

pub mod client_without_password;
pub mod conflicting_password;
pub mod conflicting_port;
pub mod conflicting_role;
pub mod connection_without_owner;
pub mod declared_twice;
pub mod dump_directory;
pub mod duplicate_database;
pub mod duplicate_key;
pub mod duplicate_parameter;
pub mod duplicate_service;
pub mod empty_rule;
pub mod encoding_locale_mismatch;
pub mod example;
pub mod invalid_address;
pub mod invalid_calendar;
pub mod invalid_file_mode;
pub mod invalid_hook;
pub mod invalid_ident_map;
pub mod invalid_library_name;
pub mod invalid_method;
pub mod invalid_name;
pub mod invalid_namespace;
pub mod invalid_parameter_value;
pub mod invalid_pattern;
pub mod invalid_privilege;
pub mod invalid_regex;
pub mod invalid_secret_name;
pub mod invalid_socket_directory;
pub mod invalid_target;
pub mod invalid_template;
pub mod invalid_unit_name;
pub mod invalid_unix_user;
pub mod invalid_valid_until;
pub mod invalid_variable_name;
pub mod keyword_as_name;
pub mod known_parameters;
pub mod locale_provider_mismatch;
pub mod locale_template;
pub mod md5_authentication;
pub mod membership_cycle;
pub mod methods;
pub mod missing_field;
pub mod missing_ipv6_twin;
pub mod missing_preload;
pub mod missing_required_extension;
pub mod name_too_long;
pub mod names;
pub mod nesting_too_deep;
pub mod no_database;
pub mod no_declarations;
pub mod non_literal;
pub mod not_utf_8;
pub mod nul_character;
pub mod number_out_of_range;
pub mod open_to_everybody;
pub mod owner_without_inherit;
pub mod parameter_not_settable;
pub mod password_source;
pub mod place;
pub mod plain_text_password;
pub mod port_out_of_range;
pub mod relative_secret_path;
pub mod removed_and_declared;
pub mod reserved_database;
pub mod reserved_role;
pub mod reserved_schema;
pub mod reserved_tablespace;
mod scope;
pub mod secret_in_store;
pub mod slash_name;
pub mod string_list_databases;
pub mod syntax_error;
pub mod target;
pub mod template_cycle;
pub mod transaction_in_hook;
pub mod truncated_names_collide;
pub mod trust_authentication;
pub mod unknown_encoding;
pub mod unknown_extension;
pub mod unknown_instance;
pub mod unknown_key;
pub mod unknown_map;
pub mod unknown_parameter;
pub mod unknown_role;
pub mod unknown_value;
pub mod unmatched_include;
pub mod unreachable_rule;
pub mod unread;
pub mod unsafe_ensure_name;
pub mod unsupported_by_version;
pub mod unsupported_version;
pub mod unused_unix_user;
pub mod unwritable_connection;
pub mod user_without_rights;
pub mod value_out_of_range;
pub mod wrong_type;

pub use scope::{Findings, RoleOrigin, Scope};

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Rule};
use crate::source::Span;

/// Every rule, sorted by its code.
pub static RULES: &[&Rule] = &[
    &client_without_password::CLIENT_WITHOUT_PASSWORD,
    &conflicting_password::CONFLICTING_PASSWORD,
    &conflicting_port::CONFLICTING_PORT,
    &conflicting_role::CONFLICTING_ROLE,
    &connection_without_owner::CONNECTION_WITHOUT_OWNER,
    &declared_twice::DECLARED_TWICE,
    &dump_directory::DUMP_DIRECTORY,
    &duplicate_database::DUPLICATE_DATABASE,
    &duplicate_key::DUPLICATE_KEY,
    &duplicate_parameter::DUPLICATE_PARAMETER,
    &duplicate_service::DUPLICATE_SERVICE,
    &empty_rule::EMPTY_RULE,
    &encoding_locale_mismatch::ENCODING_LOCALE_MISMATCH,
    &invalid_address::INVALID_ADDRESS,
    &invalid_calendar::INVALID_CALENDAR,
    &invalid_file_mode::INVALID_FILE_MODE,
    &invalid_hook::INVALID_HOOK,
    &invalid_ident_map::INVALID_IDENT_MAP,
    &invalid_library_name::INVALID_LIBRARY_NAME,
    &invalid_method::INVALID_METHOD,
    &invalid_name::INVALID_NAME,
    &invalid_namespace::INVALID_NAMESPACE,
    &invalid_parameter_value::INVALID_PARAMETER_VALUE,
    &invalid_pattern::INVALID_PATTERN,
    &invalid_privilege::INVALID_PRIVILEGE,
    &invalid_regex::INVALID_REGEX,
    &invalid_secret_name::INVALID_SECRET_NAME,
    &invalid_socket_directory::INVALID_SOCKET_DIRECTORY,
    &invalid_target::INVALID_TARGET,
    &invalid_template::INVALID_TEMPLATE,
    &invalid_unit_name::INVALID_UNIT_NAME,
    &invalid_unix_user::INVALID_UNIX_USER,
    &invalid_valid_until::INVALID_VALID_UNTIL,
    &invalid_variable_name::INVALID_VARIABLE_NAME,
    &keyword_as_name::KEYWORD_AS_NAME,
    &locale_provider_mismatch::LOCALE_PROVIDER_MISMATCH,
    &locale_template::LOCALE_TEMPLATE,
    &md5_authentication::MD5_AUTHENTICATION,
    &membership_cycle::MEMBERSHIP_CYCLE,
    &missing_field::MISSING_FIELD,
    &missing_ipv6_twin::MISSING_IPV6_TWIN,
    &missing_preload::MISSING_PRELOAD,
    &missing_required_extension::MISSING_REQUIRED_EXTENSION,
    &name_too_long::NAME_TOO_LONG,
    &nesting_too_deep::NESTING_TOO_DEEP,
    &no_database::NO_DATABASE,
    &no_declarations::NO_DECLARATIONS,
    &non_literal::NON_LITERAL,
    &not_utf_8::NOT_UTF_8,
    &nul_character::NUL_CHARACTER,
    &number_out_of_range::NUMBER_OUT_OF_RANGE,
    &open_to_everybody::OPEN_TO_EVERYBODY,
    &owner_without_inherit::OWNER_WITHOUT_INHERIT,
    &parameter_not_settable::PARAMETER_NOT_SETTABLE,
    &password_source::PASSWORD_SOURCE,
    &plain_text_password::PLAIN_TEXT_PASSWORD,
    &port_out_of_range::PORT_OUT_OF_RANGE,
    &relative_secret_path::RELATIVE_SECRET_PATH,
    &removed_and_declared::REMOVED_AND_DECLARED,
    &reserved_database::RESERVED_DATABASE,
    &reserved_role::RESERVED_ROLE,
    &reserved_schema::RESERVED_SCHEMA,
    &reserved_tablespace::RESERVED_TABLESPACE,
    &secret_in_store::SECRET_IN_STORE,
    &slash_name::SLASH_NAME,
    &string_list_databases::STRING_LIST_DATABASES,
    &syntax_error::SYNTAX_ERROR,
    &template_cycle::TEMPLATE_CYCLE,
    &transaction_in_hook::TRANSACTION_IN_HOOK,
    &truncated_names_collide::TRUNCATED_NAMES_COLLIDE,
    &trust_authentication::TRUST_AUTHENTICATION,
    &unknown_encoding::UNKNOWN_ENCODING,
    &unknown_extension::UNKNOWN_EXTENSION,
    &unknown_instance::UNKNOWN_INSTANCE,
    &unknown_key::UNKNOWN_KEY,
    &unknown_map::UNKNOWN_MAP,
    &unknown_parameter::UNKNOWN_PARAMETER,
    &unknown_role::UNKNOWN_ROLE,
    &unknown_value::UNKNOWN_VALUE,
    &unmatched_include::UNMATCHED_INCLUDE,
    &unreachable_rule::UNREACHABLE_RULE,
    &unsafe_ensure_name::UNSAFE_ENSURE_NAME,
    &unsupported_by_version::UNSUPPORTED_BY_VERSION,
    &unsupported_version::UNSUPPORTED_VERSION,
    &unused_unix_user::UNUSED_UNIX_USER,
    &unwritable_connection::UNWRITABLE_CONNECTION,
    &user_without_rights::USER_WITHOUT_RIGHTS,
    &value_out_of_range::VALUE_OUT_OF_RANGE,
    &wrong_type::WRONG_TYPE,
];

/// The rules over what is declared, beside those over its shape, which the reader applies.
static CHECKS: &[fn(&Scope, &mut Findings)] = &[
    client_without_password::check,
    conflicting_password::check,
    conflicting_port::check,
    conflicting_role::check,
    connection_without_owner::check,
    declared_twice::check,
    dump_directory::check,
    duplicate_database::check,
    duplicate_parameter::check,
    duplicate_service::check,
    empty_rule::check,
    encoding_locale_mismatch::check,
    invalid_address::check,
    invalid_calendar::check,
    invalid_file_mode::check,
    invalid_hook::check,
    invalid_ident_map::check,
    invalid_library_name::check,
    invalid_method::check,
    invalid_name::check,
    invalid_namespace::check,
    invalid_parameter_value::check,
    invalid_pattern::check,
    invalid_privilege::check,
    invalid_regex::check,
    invalid_secret_name::check,
    invalid_socket_directory::check,
    invalid_target::check,
    invalid_template::check,
    invalid_unit_name::check,
    invalid_unix_user::check,
    invalid_valid_until::check,
    invalid_variable_name::check,
    keyword_as_name::check,
    locale_provider_mismatch::check,
    locale_template::check,
    md5_authentication::check,
    membership_cycle::check,
    missing_ipv6_twin::check,
    missing_preload::check,
    missing_required_extension::check,
    name_too_long::check,
    no_database::check,
    no_declarations::check,
    open_to_everybody::check,
    owner_without_inherit::check,
    parameter_not_settable::check,
    password_source::check,
    plain_text_password::check,
    port_out_of_range::check,
    relative_secret_path::check,
    removed_and_declared::check,
    reserved_database::check,
    reserved_role::check,
    reserved_schema::check,
    reserved_tablespace::check,
    secret_in_store::check,
    slash_name::check,
    template_cycle::check,
    transaction_in_hook::check,
    truncated_names_collide::check,
    trust_authentication::check,
    unknown_encoding::check,
    unknown_extension::check,
    unknown_instance::check,
    unknown_map::check,
    unknown_parameter::check,
    unknown_role::check,
    unreachable_rule::check,
    unsafe_ensure_name::check,
    unsupported_by_version::check,
    unsupported_version::check,
    unused_unix_user::check,
    unwritable_connection::check,
    user_without_rights::check,
    value_out_of_range::check,
];

/// Applies every rule over what is declared.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let of_readers = findings.len();
    for check in CHECKS {
        check(scope, findings);
    }
    let invented: HashSet<Span> = scope.invented().collect();
    if !invented.is_empty() {
        let found = findings.split_off(of_readers);
        let is_real = |finding: &Diagnostic| {
            let mut places = std::iter::once(&finding.primary).chain(&finding.related);
            !places.any(|place| invented.contains(&place.span))
        };
        findings.extend(found.into_iter().filter(is_real));
    }
    nul_character::without_others(findings);
}
