//! rnix's errors as findings.

use rnix::ParseError;
use rnix::SyntaxKind::{self, *};

use super::Place;
use crate::check::nesting_too_deep::NESTING_TOO_DEEP;
use crate::check::syntax_error::SYNTAX_ERROR;
use crate::diagnostic::Diagnostic;

/// So many errors are told at most: after that many, one has led to the next.
const MOST_ERRORS: usize = 20;

/// The first errors, in the order of their places.
pub(super) fn findings(errors: &[ParseError], text: &str, place: Place) -> Vec<Diagnostic> {
    errors
        .iter()
        .take(MOST_ERRORS)
        .map(|error| finding(error, text, place))
        .collect()
}

fn finding(error: &ParseError, text: &str, place: Place) -> Diagnostic {
    let end = place.span(text.trim_end().len(), text.trim_end().len());
    let error_at = |span, message: String| Diagnostic::new(&SYNTAX_ERROR, span, message);
    match error {
        ParseError::Unexpected(range) => error_at(place.of(*range), "unexpected text".to_owned()),
        ParseError::UnexpectedExtra(range) => error_at(
            place.of(*range),
            "unexpected text after the end of the expression".to_owned(),
        ),
        ParseError::UnexpectedWanted(found, range, wanted) => error_at(
            place.of(*range),
            format!(
                "unexpected {}, expected {}",
                token_name(*found),
                one_of(wanted)
            ),
        ),
        ParseError::UnexpectedDoubleBind(range) => error_at(
            place.of(*range),
            "the function's argument is named twice".to_owned(),
        ),
        ParseError::UnexpectedEOF => error_at(end, "unexpected end of the file".to_owned()),
        ParseError::UnexpectedEOFWanted(wanted) => error_at(
            end,
            format!("unexpected end of the file, expected {}", one_of(wanted)),
        ),
        ParseError::RecursionLimitExceeded => {
            Diagnostic::new(&NESTING_TOO_DEEP, end, "nested too deep")
        }
        other => error_at(end, other.to_string()),
    }
}

fn one_of(kinds: &[SyntaxKind]) -> String {
    let names: Vec<String> = kinds.iter().map(|kind| token_name(*kind)).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "something else".to_owned(),
    }
}

/// A token as people call it.
pub(super) fn token_name(kind: SyntaxKind) -> String {
    let sign = match kind {
        TOKEN_IDENT => return "a name".to_owned(),
        TOKEN_INTEGER | TOKEN_FLOAT => return "a number".to_owned(),
        TOKEN_STRING_START => return "a string".to_owned(),
        TOKEN_STRING_CONTENT => return "text".to_owned(),
        TOKEN_STRING_END => return "the end of the string".to_owned(),
        TOKEN_URI => return "a URI".to_owned(),
        TOKEN_PATH_ABS | TOKEN_PATH_REL | TOKEN_PATH_HOME | TOKEN_PATH_SEARCH => {
            return "a path".to_owned();
        }
        TOKEN_ERROR => return "text".to_owned(),
        TOKEN_L_BRACE => "{",
        TOKEN_R_BRACE | TOKEN_INTERPOL_END => "}",
        TOKEN_L_BRACK => "[",
        TOKEN_R_BRACK => "]",
        TOKEN_L_PAREN => "(",
        TOKEN_R_PAREN => ")",
        TOKEN_INTERPOL_START => "${",
        TOKEN_ASSIGN => "=",
        TOKEN_SEMICOLON => ";",
        TOKEN_COMMA => ",",
        TOKEN_COLON => ":",
        TOKEN_DOT => ".",
        TOKEN_AT => "@",
        TOKEN_QUESTION => "?",
        TOKEN_ELLIPSIS => "...",
        TOKEN_ADD => "+",
        TOKEN_SUB => "-",
        TOKEN_MUL => "*",
        TOKEN_DIV => "/",
        TOKEN_CONCAT => "++",
        TOKEN_UPDATE => "//",
        TOKEN_INVERT => "!",
        TOKEN_IF => "if",
        TOKEN_THEN => "then",
        TOKEN_ELSE => "else",
        TOKEN_LET => "let",
        TOKEN_IN => "in",
        TOKEN_WITH => "with",
        TOKEN_ASSERT => "assert",
        TOKEN_REC => "rec",
        TOKEN_INHERIT => "inherit",
        TOKEN_OR => "or",
        _ => return "an operator".to_owned(),
    };
    format!("`{sign}`")
}
