//! A value that its server parameter does not take.

use super::{Findings, Scope, known_parameters};
use crate::declaration::{Setting, SettingValue, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::parameter::{
    Kind, Lookup, Parameter, ValueError, check_value, literals, lookup,
};
use crate::source::Spanned;

rule! {
    /// ## What it does
    /// Finds values of server parameters with the wrong type or unit, outside the range, or that are none of the words
    /// that the parameter knows, as a server of the declared version decides it. `lockTimeout` and `statementTimeout` of an
    /// instance are looked at alike. Also preloaded libraries without a name, as an empty list has one: the server takes
    /// it, and then refuses every connection to the database.
    ///
    /// ## Why is this bad?
    /// The server refuses the value when the database is provisioned, and nothing of the database is set up.
    ///
    /// ## Example
    /// ```toml
    /// extraConfig = { work_mem = "64 mb", statement_timeout = "30 sec" }
    /// ```
    /// Units are case-sensitive: `B`, `kB`, `MB`, `GB`, `TB`, and `us`, `ms`, `s`, `min`, `h`, `d`. Use instead:
    /// ```toml
    /// extraConfig = { work_mem = "64MB", statement_timeout = "30s" }
    /// ```
    pub INVALID_PARAMETER_VALUE = "invalid-parameter-value", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let version = scope.version();
    known_parameters::each(scope, |setting, lookup| {
        let value = &setting.value.value;
        let (name, verdict, parameter) = match lookup {
            Lookup::Known(parameter) if !parameter.settable_per_database_or_role() => return,
            Lookup::Known(parameter) => (
                parameter.name,
                check_value(parameter, value, version),
                Some(*parameter),
            ),
            Lookup::Custom => (
                &*setting.name.value,
                literals(&setting.name.value, None, value).map(drop),
                None,
            ),
            Lookup::Unknown | Lookup::UnknownInModule(_) | Lookup::Reserved => return,
        };
        match verdict {
            Err(error) => findings.extend(finding(&setting.value, name, parameter, error)),
            Ok(()) if loads_nothing(name, value) => findings.push(nameless_library(setting, name)),
            Ok(()) => {}
        }
    });
    for instance in &scope.declarations.instances {
        timeout("lock_timeout", instance.lock_timeout.as_ref(), findings);
        let of_statements = instance.statement_timeout.as_ref();
        timeout("statement_timeout", of_statements, findings);
    }
}

/// The server takes a library without a name, and then fails to load it at the start of each connection.
fn loads_nothing(name: &str, value: &SettingValue) -> bool {
    let of_libraries = [
        "session_preload_libraries",
        "local_preload_libraries",
        "shared_preload_libraries",
    ];
    let nameless = |text: &String| text.trim().is_empty();
    of_libraries.contains(&name)
        && match value {
            SettingValue::String(text) => nameless(text),
            SettingValue::List(texts) => texts.is_empty() || texts.iter().any(nameless),
            _ => false,
        }
}

fn nameless_library(setting: &Setting, name: &str) -> Diagnostic {
    let message = format!(
        "{} with a library without a name lets nobody connect",
        phrase::backticked(name)
    );
    let help = match &setting.value.value {
        SettingValue::List(texts) if texts.iter().any(|text| !text.trim().is_empty()) => {
            "remove the empty name".to_owned()
        }
        _ => format!("leave {} out", phrase::backticked(name)),
    };
    Diagnostic::new(&INVALID_PARAMETER_VALUE, setting.value.span, message)
        .label("the server would look for a library without a name at each connection")
        .help(help)
}

fn timeout(parameter: &str, said: Option<&Text>, findings: &mut Findings) {
    if let (Some(said), Some(parameter)) = (said, lookup(parameter)) {
        let value = Spanned::new(SettingValue::String(said.value.to_string()), said.span);
        if let Err(error) = check_value(parameter, &value.value, None) {
            findings.extend(finding(&value, parameter.name, Some(parameter), error));
        }
    }
}

fn finding(
    value: &Spanned<SettingValue>,
    name: &str,
    parameter: Option<&Parameter>,
    error: ValueError,
) -> Option<Diagnostic> {
    let (label, help) = match error {
        ValueError::NotBoolean { .. } => (
            "not a boolean".to_owned(),
            "write `true` or `false`".to_owned(),
        ),
        ValueError::NotInteger { .. } => (
            "not a whole number".to_owned(),
            number(parameter, "a whole number"),
        ),
        ValueError::NotNumber { .. } => ("not a number".to_owned(), number(parameter, "a number")),
        ValueError::UnknownUnit { suffix, accepted } if accepted.is_empty() => (
            format!("{} after the number", phrase::backticked(&suffix)),
            format!(
                "{} has no unit: write the number alone",
                phrase::backticked(name)
            ),
        ),
        ValueError::UnknownUnit { suffix, accepted } => {
            let same = accepted
                .iter()
                .find(|unit| unit.eq_ignore_ascii_case(&suffix));
            let label = match same {
                Some(unit) => format!("did you mean {}?", phrase::backticked(unit)),
                None => format!(
                    "{} is no unit of {}",
                    phrase::backticked(&suffix),
                    phrase::backticked(name)
                ),
            };
            (
                label,
                format!(
                    "the units are {}; upper and lower case matter",
                    phrase::and_list(&accepted)
                ),
            )
        }
        ValueError::OutOfRange { min, max, unit, .. } => {
            let unit = unit
                .map(|unit| format!(" in units of {unit}"))
                .unwrap_or_default();
            // Without a limit of its own a parameter takes every number of its type.
            let range = match max < f64::from(f32::MAX) {
                true => format!("the range is {min} to {max}{unit}"),
                false => format!("the least is {min}{unit}"),
            };
            ("outside the range".to_owned(), range)
        }
        ValueError::NotMultiple { step, .. } => (
            format!("no multiple of {step}"),
            format!("write a multiple of {step}"),
        ),
        ValueError::NotAccepted { value, accepted } => {
            let words: Vec<&str> = accepted
                .iter()
                .copied()
                .filter(|word| !word.is_empty())
                .collect();
            let label = match phrase::did_you_mean(words.iter().copied(), &value) {
                Some(word) => format!("did you mean {}?", phrase::backticked(word)),
                None => "not accepted".to_owned(),
            };
            let help = match words.is_empty() {
                true => format!(
                    "see {} in PostgreSQL's manual for what it takes",
                    phrase::backticked(name)
                ),
                false => format!(
                    "{} takes {}",
                    phrase::backticked(name),
                    phrase::or_list(&words)
                ),
            };
            (label, help)
        }
        ValueError::NotAList => (
            "a list".to_owned(),
            format!(
                "{} takes one value: write a string",
                phrase::backticked(name)
            ),
        ),
        ValueError::ListSyntax { .. } => (
            "not names separated by commas".to_owned(),
            "write a list of strings, one for each name".to_owned(),
        ),
        ValueError::Nul => (
            "has a NUL character".to_owned(),
            "remove the NUL character: no text of PostgreSQL can hold one".to_owned(),
        ),
        // unknown-parameter tells of it.
        ValueError::NotInVersion { .. } => return None,
    };
    let message = format!(
        "{} is no value of {}",
        shown(&value.value),
        phrase::backticked(name)
    );
    Some(
        Diagnostic::new(&INVALID_PARAMETER_VALUE, value.span, message)
            .label(label)
            .help(help),
    )
}

fn number(parameter: Option<&Parameter>, what: &str) -> String {
    let unit = parameter
        .and_then(|parameter| parameter.editions().last())
        .and_then(|edition| match edition.kind {
            Kind::Integer { unit, .. } | Kind::Real { unit, .. } => unit,
            _ => None,
        });
    match unit {
        Some(unit) => {
            let suffixes: Vec<&str> = unit.suffixes().collect();
            format!(
                "write {what}, which is then in units of {unit}, or a string with a unit: {}",
                phrase::or_list(&suffixes)
            )
        }
        None => format!("write {what}"),
    }
}

fn shown(value: &SettingValue) -> String {
    match value {
        SettingValue::Bool(value) => phrase::backticked(&value.to_string()),
        SettingValue::Integer(value) => phrase::backticked(&value.to_string()),
        SettingValue::Float(value) => phrase::backticked(&value.to_string()),
        SettingValue::String(value) if value.is_empty() => "the empty string".to_owned(),
        SettingValue::String(value) => phrase::backticked(value),
        SettingValue::List(_) => "a list".to_owned(),
    }
}
