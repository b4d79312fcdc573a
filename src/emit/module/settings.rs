//! The SQL program that gives each database its parameters.

use std::borrow::Cow;

use serde::Serialize;

use crate::catalog::{Instance, SettingValue};
use crate::postgres::parameter::{self, List, names_in};
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
    values: Vec<Cow<'a, str>>,
}

/// The program; nothing when no database has parameters.
pub fn program(instance: &Instance) -> String {
    let declared = instance.databases.iter().flat_map(|(name, database)| {
        let settings = database.settings.iter();
        settings.map(|(parameter, value)| {
            let names = is_names(parameter);
            Declared {
                database: name.as_str(),
                names,
                parameter,
                values: values(value, parameter, names),
            }
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

/// The value as SET takes it: one literal, or several for a list. A text that stands for several names, such as
/// `search_path = "app, public"`, is taken apart as the server's configuration file would be.
fn values<'a>(value: &'a SettingValue, parameter: &str, is_names: bool) -> Vec<Cow<'a, str>> {
    let values: Vec<Cow<str>> = match value {
        SettingValue::Bool(true) => vec!["on".into()],
        SettingValue::Bool(false) => vec!["off".into()],
        SettingValue::Integer(value) => vec![value.to_string().into()],
        SettingValue::Float(value) => vec![value.to_string().into()],
        SettingValue::String(value) => match is_names.then(|| names_in(parameter, value)) {
            Some(Some(names)) => names.into_iter().map(Cow::Owned).collect(),
            _ => vec![(**value).into()],
        },
        SettingValue::List(items) => items.iter().map(|item| (**item).into()).collect(),
    };
    // SET takes no empty list; an empty name is none.
    if values.is_empty() {
        vec!["".into()]
    } else {
        values
    }
}

/// Whether the parameter holds names, which pg_db_role_setting keeps quoted where they need it
/// (flatten_set_variable_args in the server's guc_funcs.c).
fn is_names(parameter: &str) -> bool {
    let known = parameter::lookup(parameter);
    let edition = known.and_then(|known| known.editions().last());
    edition.is_some_and(|edition| edition.list == List::Quoted)
}
