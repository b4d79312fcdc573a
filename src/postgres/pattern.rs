//! What a grant names: `schema.table`, `schema.*`, `schema.f(integer)`, `schema.table(column)`.
//!
//! Names are exact: a part without quotes stands for itself, upper case included, and has only letters, digits, `_` and `$`; any other
//! part stands in double quotes, a quote in it doubled. `*` is every object of the schema, `"*"` an object of that name. The schema
//! must be named: what `*` or a bare `t` would mean depends on somebody's search path.

use std::fmt;

use super::Identifier;
use super::identifier::IdentifierError;
use super::quote::quote_identifier;

mod reader;
mod type_name;

use reader::Reader;

/// Objects in a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    /// The schema.
    pub schema: Identifier,
    /// What of it.
    pub target: Target,
}

/// What of a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Every object.
    All,
    /// The object of this name; for routines, those of this name with whatever arguments.
    Named(Identifier),
    /// These columns of a table.
    Columns(Identifier, Vec<Identifier>),
    /// The one routine with these arguments.
    Routine(Identifier, Vec<TypeName>),
}

/// A data type as an argument: SQL made of plain words, quoted names, dots and `[]` only, which `to_regtype` takes without an error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeName(String);

/// Why a text is no pattern, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct PatternError {
    /// Byte offset in the pattern.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong in a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A bare name or `*`.
    #[error("the schema is missing: write `schema.name` or `schema.*`")]
    NoSchema,
    /// `*.something`.
    #[error("`*` cannot stand for a schema: name each schema")]
    AnySchema,
    /// A character that a name without quotes cannot have.
    #[error("`{0}` must be in a name in double quotes")]
    NeedsQuotes(char),
    /// No `"` at the end.
    #[error("the quoted name has no closing `\"`")]
    Unclosed,
    /// Something else was to come.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A word that is no name without quotes.
    #[error("`{0}` is a key word and no type: what is called so must be in double quotes")]
    KeyWord(String),
    /// The name or the mode of an argument.
    #[error(
        "only the types of the input arguments belong here, without names and without `IN`, `OUT` or `VARIADIC`"
    )]
    Argument {
        /// The pattern as it should be.
        signature: String,
    },
    /// Not a name for PostgreSQL.
    #[error("{0}")]
    Name(#[from] IdentifierError),
}

impl Pattern {
    /// Reads `schema.name`, `schema.*`, or `schema.table(column, ...)`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn relation(text: &str) -> Result<Pattern, PatternError> {
        Pattern::read(text, |reader, name| {
            Ok(Target::Columns(name, reader.list(Reader::name)?))
        })
    }

    /// Reads `schema.name`, `schema.*`, or `schema.routine(type, ...)`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn routine(text: &str) -> Result<Pattern, PatternError> {
        let mut extra = None;
        let pattern = Pattern::read(text, |reader, name| {
            let arguments = if reader.take(')') {
                Vec::new()
            } else {
                reader.list(Reader::argument)?
            };
            extra = arguments.iter().find_map(|argument| argument.extra);
            let input = arguments
                .into_iter()
                .filter(|argument| !argument.output_only);
            let types = input.map(|argument| argument.kind).collect();
            Ok(Target::Routine(name, types))
        })?;
        match extra {
            None => Ok(pattern),
            Some(offset) => Err(PatternError {
                offset,
                problem: Problem::Argument {
                    signature: pattern.to_string(),
                },
            }),
        }
    }

    fn read(
        text: &str,
        within: impl FnOnce(&mut Reader<'_>, Identifier) -> Result<Target, PatternError>,
    ) -> Result<Pattern, PatternError> {
        let mut reader = Reader::new(text);
        if reader.take('*') {
            let problem = if reader.take('.') {
                Problem::AnySchema
            } else {
                Problem::NoSchema
            };
            return Err(PatternError { offset: 0, problem });
        }
        let schema = reader.name()?;
        if !reader.take('.') {
            return Err(if reader.at_end() {
                PatternError {
                    offset: 0,
                    problem: Problem::NoSchema,
                }
            } else {
                reader.unexpected("`.`")
            });
        }
        let target = if reader.take('*') {
            Target::All
        } else {
            let name = reader.name()?;
            if reader.take('(') {
                within(&mut reader, name)?
            } else {
                Target::Named(name)
            }
        };
        if reader.at_end() {
            Ok(Pattern { schema, target })
        } else {
            Err(reader.unexpected("the end"))
        }
    }

    /// Whether everything that this pattern names is also named by the other one, which names more: its privileges then replace
    /// those of the other.
    pub fn narrows(&self, other: &Pattern) -> bool {
        if self.schema != other.schema {
            return false;
        }
        match (&self.target, &other.target) {
            (Target::All, _) => false,
            (_, Target::All) => true,
            (Target::Columns(name, _) | Target::Routine(name, _), Target::Named(all)) => {
                name == all
            }
            _ => false,
        }
    }
}

/// The canonical form: quotes only where they are needed.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |name: &Identifier| reader::written(name.as_str());
        let parts = |names: &[Identifier]| names.iter().map(part).collect::<Vec<_>>().join(", ");
        write!(f, "{}.", part(&self.schema))?;
        match &self.target {
            Target::All => f.write_str("*"),
            Target::Named(name) => f.write_str(&part(name)),
            Target::Columns(name, columns) => write!(f, "{}({})", part(name), parts(columns)),
            Target::Routine(name, arguments) => {
                let types: Vec<_> = arguments.iter().map(TypeName::as_sql).collect();
                write!(f, "{}({})", part(name), types.join(", "))
            }
        }
    }
}

impl TypeName {
    /// As SQL, safe as it is. Unquoted words fold to lower case in the server, as everywhere in SQL.
    pub fn as_sql(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
