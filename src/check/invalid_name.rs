//! A name that no server can store.

use super::{Findings, Scope, names, place};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::identifier::{Identifier, IdentifierError};

rule! {
    /// ## What it does
    /// Finds names of databases, roles, schemas, extensions, tablespaces and columns that are empty or hold a control
    /// character or a line separator.
    ///
    /// ## Why is this bad?
    /// PostgreSQL has no empty name and no name with a NUL. Line breaks and other control characters it would take,
    /// but the files that a name goes into, such as `pg_hba.conf`, are read line by line.
    ///
    /// ## Example
    /// ```toml
    /// name = "immich\n"
    /// ```
    /// Use instead:
    /// ```toml
    /// name = "immich"
    /// ```
    pub INVALID_NAME = "invalid-name", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    names::each(scope.declarations, |noun, name| {
        let noun = noun.as_str();
        match Identifier::new(&name.value) {
            Err(IdentifierError::Empty) => findings.push(
                Diagnostic::new(&INVALID_NAME, name.span, format!("the {noun} name is empty"))
                    .label("no name here")
                    .help(format!("write the name of the {noun}, or leave the whole field out where it is optional")),
            ),
            Err(IdentifierError::Control { character, offset }) => {
                let part = offset..offset + character.len_utf8();
                let code = format!("U+{:04X}", u32::from(character));
                let what = if character.is_control() { "control character" } else { "line separator" };
                let message = format!("{noun} name {} holds the {what} {code}", phrase::backticked(&name.value));
                findings.push(
                    Diagnostic::new(&INVALID_NAME, place::of_part(scope, name, part), message)
                        .label(format!("{code} at byte {offset} of the name"))
                        .help("leave it out; a name may hold every other character, blanks and quotes included"),
                );
            }
            Err(IdentifierError::TooLong { .. }) | Ok(_) => {}
        }
    });
}

/// Whether another rule has nothing to add about a name.
pub fn is_invalid(name: &str) -> bool {
    matches!(
        Identifier::new(name),
        Err(IdentifierError::Empty | IdentifierError::Control { .. })
    )
}
