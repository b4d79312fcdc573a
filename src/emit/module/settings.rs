//! The SQL program that gives each database its parameters.

use serde::Serialize;

use crate::catalog::Instance;
use crate::postgres::parameter::{self, List};
use crate::postgres::quote::quote_literal;

const PROGRAM: &str = include_str!("../../../templates/settings.sql");

/// The line of the program that the declared parameters take the place of.
const DATA: &str = "-- @declared";

/// One parameter of a database, as the program reads it.
#[derive(Serialize)]
struct Declared<'a> {
    database: &'a str,
    /// Whether each value is a name.
    names: bool,
    parameter: &'a str,
    /// The value as SET takes it: one literal, or several for a list.
    values: &'a [String],
}

/// The program; nothing when no database has parameters.
pub fn program(instance: &Instance) -> String {
    let declared = instance.databases.iter().flat_map(|(name, database)| {
        let settings = database.settings.iter();
        settings.map(|(parameter, values)| Declared {
            database: name.as_str(),
            names: holds_names(parameter),
            parameter,
            values,
        })
    });
    let databases = instance.databases.values();
    let settings: usize = databases.map(|database| database.settings.len()).sum();
    let mut data = String::with_capacity(settings * 128);
    for declared in declared {
        data.push_str(if data.is_empty() { "[\n" } else { ",\n" });
        // The data of strings and lists of them can't fail to be JSON.
        data.push_str(&serde_json::to_string(&declared).unwrap_or_default());
    }
    if data.is_empty() {
        return data;
    }
    data.push_str("\n]");
    let mut program = String::with_capacity(PROGRAM.len() + data.len() * 5 / 4);
    for line in PROGRAM.lines() {
        if line == DATA {
            program.push_str("SET dbgen.declared TO ");
            program.push_str(&quote_literal(&data));
            program.push(';');
        } else {
            program.push_str(line);
        }
        program.push('\n');
    }
    program
}

/// Whether the parameter holds names, which the server stores quoted where they need it.
fn holds_names(parameter: &str) -> bool {
    let edition = parameter::lookup(parameter).and_then(|known| known.editions().last());
    edition.is_some_and(|edition| edition.list == List::Quoted)
}
