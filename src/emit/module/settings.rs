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
    let databases = instance.databases.values();
    let settings: usize = databases.map(|database| database.settings.len()).sum();
    if settings == 0 {
        return String::new();
    }
    let mut program = String::with_capacity(PROGRAM.len() + settings * 128);
    for line in PROGRAM.lines() {
        if line == DATA {
            program.push_str("SET dbgen.declared TO ");
            push_data(&mut program, instance);
            program.push(';');
        } else {
            program.push_str(line);
        }
        program.push('\n');
    }
    program
}

/// Adds the data as an SQL literal, which as a rule it is between plain quotes: a copy would be large.
fn push_data(program: &mut String, instance: &Instance) {
    let declared = instance.databases.iter().flat_map(|(name, database)| {
        let settings = database.settings.iter();
        settings.map(|(parameter, values)| Declared {
            database: name.as_str(),
            names: holds_names(parameter),
            parameter,
            values,
        })
    });
    program.push('\'');
    let start = program.len();
    for declared in declared {
        program.push_str(if program.len() == start { "[\n" } else { ",\n" });
        // The data of strings and lists of them can't fail to be JSON.
        program.push_str(&serde_json::to_string(&declared).unwrap_or_default());
    }
    program.push_str("\n]");
    if program[start..].contains('\'') || program[start..].contains('\\') {
        let data = program.split_off(start);
        program.pop();
        program.push_str(&quote_literal(&data));
    } else {
        program.push('\'');
    }
}

/// Whether the parameter holds names, which the server stores quoted where they need it.
fn holds_names(parameter: &str) -> bool {
    let edition = parameter::lookup(parameter).and_then(|known| known.editions().last());
    edition.is_some_and(|edition| edition.list == List::Quoted)
}
