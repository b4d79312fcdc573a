//! What the reader could not read, and what may hide there.

use super::{
    Findings, Scope, missing_field, nesting_too_deep, non_literal, not_utf_8, number_out_of_range,
    plain_text_password, string_list_databases, syntax_error, unknown_key, unmatched_include,
    wrong_type,
};
use crate::diagnostic::{Diagnostic, Rule};

static HIDING: [&Rule; 11] = [
    &missing_field::MISSING_FIELD,
    &nesting_too_deep::NESTING_TOO_DEEP,
    &non_literal::NON_LITERAL,
    &not_utf_8::NOT_UTF_8,
    &number_out_of_range::NUMBER_OUT_OF_RANGE,
    // Stands in the place of a password's source.
    &plain_text_password::PLAIN_TEXT_PASSWORD,
    &string_list_databases::STRING_LIST_DATABASES,
    &syntax_error::SYNTAX_ERROR,
    &unknown_key::UNKNOWN_KEY,
    &unmatched_include::UNMATCHED_INCLUDE,
    &wrong_type::WRONG_TYPE,
];

/// Where a whole file, or the place of whole services, could not be read.
static HIDING_FILES: [&Rule; 6] = [
    &nesting_too_deep::NESTING_TOO_DEEP,
    &non_literal::NON_LITERAL,
    &not_utf_8::NOT_UTF_8,
    &string_list_databases::STRING_LIST_DATABASES,
    &syntax_error::SYNTAX_ERROR,
    &unmatched_include::UNMATCHED_INCLUDE,
];

/// Whether files, or great parts of them, were not read. A small mistake elsewhere does not silence a rule that asks this.
pub fn may_hide_a_file(findings: &Findings) -> bool {
    let mut codes = findings.iter().map(|finding| finding.rule.code);
    codes.any(|code| HIDING_FILES.iter().any(|rule| rule.code == code))
}

/// Whether a role may be there whose name was not read.
pub fn may_hide_a_role(scope: &Scope, findings: &Findings) -> bool {
    let missing_name = |finding: &Diagnostic| {
        finding.rule.code == missing_field::MISSING_FIELD.code
            && finding.message.ends_with("has no `name`")
    };
    may_hide_a_file(findings)
        || scope.invented().next().is_some()
        || findings.iter().any(missing_name)
}

/// Whether a declaration may be there that was not read. What is missing elsewhere may be missing only for that reason.
pub fn may_hide_a_declaration(findings: &Findings) -> bool {
    let mut codes = findings.iter().map(|finding| finding.rule.code);
    codes.any(|code| HIDING.iter().any(|rule| rule.code == code))
}
