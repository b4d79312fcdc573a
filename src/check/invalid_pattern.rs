//! A pattern that names no objects.

use std::ops::Range;

use super::{Findings, Scope, place, target};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::identifier::Identifier;
use crate::postgres::pattern::{self, Pattern};
use crate::postgres::privilege::ObjectKind;

rule! {
    /// ## What it does
    /// Finds patterns of a grant that can't be read: a missing schema, a name that needs quotes, something left over.
    ///
    /// Objects that lie in a schema are written `schema.name`, or `schema.*` for all of them; routines with the types of
    /// their input arguments, `schema.name(integer, text)`, or without for all of that name. A type is one name, `text`,
    /// `app."Type"`, or one of PostgreSQL's own in several words, `double precision`, and may be an array; names of arguments,
    /// `OUT` and `VARIADIC` are left out. A name with other characters than
    /// letters, digits, `_` and `$` stands in double quotes, in which a quote is doubled; `"*"` is an object of that name.
    /// Schemas, languages, tablespaces and the like are written as they are, large objects by their number.
    ///
    /// ## Why is this bad?
    /// Without its schema a table is whatever the search path of the session finds, and a pattern that is understood
    /// otherwise than meant grants on the wrong objects.
    ///
    /// ## Example
    /// ```toml
    /// on = { table = "my-app.users" }
    /// ```
    /// Use instead:
    /// ```toml
    /// on = { table = '"my-app".users' }
    /// ```
    pub INVALID_PATTERN = "invalid-pattern", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let grants = scope
        .declarations
        .databases()
        .flat_map(|(_, database)| &database.grants);
    for (kind, _, patterns) in grants.flat_map(|grant| target::kinds(&grant.on)) {
        for text in patterns {
            if let Err(problem) = parse(kind, &text.value) {
                findings.push(finding(scope, kind, text, problem));
            }
        }
    }
}

/// What is wrong, and where in the pattern.
struct Problem {
    part: Range<usize>,
    text: String,
    /// The pattern as it is meant.
    meant: Option<String>,
}

fn parse(kind: ObjectKind, text: &str) -> Result<(), Problem> {
    let whole = 0..text.len();
    let pattern = match kind {
        ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine => {
            Pattern::routine(text)
        }
        ObjectKind::Table
        | ObjectKind::Column
        | ObjectKind::Sequence
        | ObjectKind::Type
        | ObjectKind::Domain => Pattern::relation(text),
        ObjectKind::LargeObject => {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit())
                && text.parse::<u32>().is_ok_and(|oid| oid > 0);
            let problem = Problem {
                part: whole,
                text: "no number of a large object".to_owned(),
                meant: None,
            };
            return if is_number { Ok(()) } else { Err(problem) };
        }
        _ if text == "*" || text.ends_with(".*") => {
            let text = format!("`*` can't stand for {}", target::plural(kind));
            return Err(Problem {
                part: whole.end - 1..whole.end,
                text,
                meant: None,
            });
        }
        _ => {
            return Identifier::new(text).map(drop).map_err(|error| Problem {
                part: whole,
                text: error.to_string(),
                meant: None,
            });
        }
    };
    match pattern {
        Ok(Pattern {
            target: pattern::Target::Columns(..),
            ..
        }) => {
            let start = text.find('(').unwrap_or_default();
            let text = match kind {
                ObjectKind::Table => "columns belong in `columns`".to_owned(),
                _ => format!("{} have no columns", target::plural(kind)),
            };
            Err(Problem {
                part: start..whole.end,
                text,
                meant: None,
            })
        }
        Ok(_) => Ok(()),
        Err(error) => {
            let rest = text.get(error.offset..).unwrap_or_default();
            let length = match error.problem {
                pattern::Problem::NeedsQuotes(c) => c.len_utf8(),
                pattern::Problem::KeyWord(ref word) => word.len(),
                _ => rest.len(),
            };
            let meant = match &error.problem {
                pattern::Problem::Argument { signature } => Some(signature.clone()),
                _ => None,
            };
            Err(Problem {
                meant,
                part: error.offset..error.offset + length,
                text: match error.problem {
                    pattern::Problem::Expected("the end") => "nothing may follow here".to_owned(),
                    problem => problem.to_string(),
                },
            })
        }
    }
}

fn finding(scope: &Scope, kind: ObjectKind, text: &Text, problem: Problem) -> Diagnostic {
    let message = format!(
        "{} can't be read as a pattern of {}",
        phrase::backticked(&text.value),
        target::plural(kind)
    );
    let span = if problem.part.is_empty() {
        text.span
    } else {
        place::of_part(scope, text, problem.part)
    };
    let help = match kind {
        _ if problem.meant.is_some() => {
            format!("write {}", phrase::backticked(&problem.meant.unwrap_or_default()))
        }
        ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine => {
            "write `schema.name(type, ...)`, the types of the input arguments only, or `schema.*` for all of a schema; a name that isn't made of letters, digits, `_` and `$` in double quotes".to_owned()
        }
        ObjectKind::LargeObject => "write its number, such as `16393`, in quotes".to_owned(),
        ObjectKind::Table | ObjectKind::Column | ObjectKind::Sequence | ObjectKind::Type | ObjectKind::Domain => {
            meant(&text.value).unwrap_or_else(|| {
                "write `schema.name`, or `schema.*` for all of a schema; a name that isn't made of letters, digits, `_` and `$` in double quotes".to_owned()
            })
        }
        _ => "write each name as it is".to_owned(),
    };
    Diagnostic::new(&INVALID_PATTERN, span, message)
        .label(problem.text)
        .help(help)
}

/// What to write for a pattern that lacks only its schema or its quotes.
fn meant(text: &str) -> Option<String> {
    if text.contains(['"', '(']) {
        return None;
    }
    let (schema, name) = text.split_once('.').unwrap_or(("public", text));
    if schema == "*" || name.contains('.') {
        return None;
    }
    let target = match name {
        "*" => pattern::Target::All,
        name => pattern::Target::Named(Identifier::new(name).ok()?),
    };
    let pattern = phrase::backticked(
        &Pattern {
            schema: Identifier::new(schema).ok()?,
            target,
        }
        .to_string(),
    );
    Some(match text.contains('.') {
        true => format!("write {pattern}"),
        false => format!("name the schema too: {pattern} if it is the schema `public`"),
    })
}
