//! The SQL program that gives each database its parameters.

use serde_json::json;

use crate::catalog::{Instance, SettingValue};
use crate::postgres::parameter::{self, List};
use crate::postgres::quote::{quote_identifier, quote_literal};

const PROGRAM: &str = include_str!("../../../templates/settings.sql");

/// The line of the program that the declared parameters take the place of.
const DATA: &str = "-- @declared";

/// The program's lines; none when no database has parameters.
pub fn program(instance: &Instance) -> Vec<String> {
    let declared: Vec<String> = instance
        .databases
        .iter()
        .flat_map(|(name, database)| {
            database.settings.iter().map(move |(parameter, value)| {
                let values = values(value);
                let stored = stored(parameter, &values);
                json!({ "database": name.as_str(), "parameter": parameter, "values": values, "stored": stored }).to_string()
            })
        })
        .collect();
    if declared.is_empty() {
        return Vec::new();
    }
    let data = quote_literal(&format!("[\n{}\n]", declared.join(",\n")));
    let mut lines = Vec::new();
    for line in PROGRAM.lines() {
        if line == DATA {
            lines.extend(
                format!("SET dbgen.declared TO {data};")
                    .lines()
                    .map(str::to_owned),
            );
        } else {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// The value as SET takes it: one literal, or several for a list.
fn values(value: &SettingValue) -> Vec<String> {
    match value {
        SettingValue::Bool(value) => vec![if *value { "on" } else { "off" }.to_owned()],
        SettingValue::Integer(value) => vec![value.to_string()],
        SettingValue::Float(value) => vec![value.to_string()],
        SettingValue::String(value) => vec![value.to_string()],
        SettingValue::List(items) => items.iter().map(|item| item.to_string()).collect(),
    }
}

/// The value as pg_db_role_setting holds it once it is set (flatten_set_variable_args in the server's guc_funcs.c).
fn stored(parameter: &str, values: &[String]) -> String {
    let quoted = parameter::lookup(parameter).is_some_and(|known| {
        known
            .editions()
            .last()
            .is_some_and(|edition| edition.list == List::Quoted)
    });
    let values: Vec<String> = values
        .iter()
        .map(|value| {
            if quoted {
                quote_identifier(value).to_string()
            } else {
                value.clone()
            }
        })
        .collect();
    values.join(", ")
}
