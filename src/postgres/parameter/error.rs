//! Why a server would refuse a value.

use super::Unit;
use crate::postgres::Version;

/// Why a server would refuse a value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// For a boolean.
    #[error("`{value}` is not a boolean (on, off, true, false, yes, no, 1, 0)")]
    NotBoolean {
        /// What was given.
        value: String,
    },
    /// For an integer.
    #[error("`{value}` is not a whole number")]
    NotInteger {
        /// What was given.
        value: String,
    },
    /// For a real number.
    #[error("`{value}` is not a number")]
    NotNumber {
        /// What was given.
        value: String,
    },
    /// A suffix that this parameter does not have.
    #[error("`{suffix}` is not a unit of this parameter{}", among(.accepted))]
    UnknownUnit {
        /// What stands after the number.
        suffix: String,
        /// What can stand there; nothing if the parameter has no unit.
        accepted: Vec<&'static str>,
    },
    /// A number beyond the limits.
    #[error("`{value}` is outside the range {min} to {max}{}", .unit.map(|unit| format!(" ({unit})")).unwrap_or_default())]
    OutOfRange {
        /// What was given.
        value: String,
        /// The least, in the parameter's unit.
        min: f64,
        /// The greatest, likewise.
        max: f64,
        /// What one is.
        unit: Option<Unit>,
    },
    /// A number between the steps.
    #[error("`{value}` is not a multiple of {step}")]
    NotMultiple {
        /// What was given, in the parameter's unit.
        value: String,
        /// The step.
        step: u8,
    },
    /// Not one of the words.
    #[error("`{value}` is not accepted{}", among(.accepted))]
    NotAccepted {
        /// What was given.
        value: String,
        /// What is.
        accepted: Vec<&'static str>,
    },
    /// Several values for a parameter of one.
    #[error("the parameter takes one value, not a list")]
    NotAList,
    /// A text that cannot be read as a list.
    #[error("`{value}` is not a list of names separated by commas")]
    ListSyntax {
        /// What was given.
        value: String,
    },
    /// No SQL text can hold NUL.
    #[error("the value has a NUL character")]
    Nul,
    /// That major has no such parameter.
    #[error("PostgreSQL {version} has no such parameter")]
    NotInVersion {
        /// The major asked for.
        version: Version,
        /// The first that has it.
        since: Version,
        /// The last that has it.
        until: Version,
    },
}

fn among(accepted: &[&str]) -> String {
    let words: Vec<_> = accepted
        .iter()
        .filter(|word| !word.is_empty())
        .copied()
        .collect();
    if words.is_empty() {
        String::new()
    } else {
        format!(" (accepted: {})", words.join(", "))
    }
}
