//! The older list of strings.

use super::example;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::source::{Format, Node, Value};

rule! {
    /// ## What it does
    /// Finds the older form of `databases`, a list of names, and shows the new one.
    ///
    /// ## Why is this bad?
    /// A name alone does not say which kind of server is meant, nor who logs in.
    ///
    /// ## Example
    /// ```nix
    /// databases = [ "immich" ];
    /// ```
    /// Use instead:
    /// ```nix
    /// databases = [
    ///   {
    ///     type = "postgresql";
    ///     name = "immich";
    ///     user = "immich";
    ///   }
    /// ];
    /// ```
    pub STRING_LIST_DATABASES = "string-list-databases", Error
}

/// Whether this is a list that holds a name.
pub fn is_old_form(value: &Value) -> bool {
    match value {
        Value::List(items) => items
            .iter()
            .any(|item| matches!(item.value, Value::String(_))),
        _ => false,
    }
}

/// Tells of each name in the list.
pub fn find(list: &Node, format: Format, findings: &mut Vec<Diagnostic>) {
    let Value::List(items) = &list.value else {
        return;
    };
    for item in items {
        let Value::String(name) = &item.value else {
            continue;
        };
        let message = format!(
            "database {} is declared in the older form, by its name alone",
            phrase::backticked(name)
        );
        let toml = toml::Value::String(name.to_string());
        let new =
            format!("databases = [ {{ type = \"postgresql\", name = {toml}, user = {toml} }} ]");
        findings.push(
            Diagnostic::new(&STRING_LIST_DATABASES, item.span, message)
                .label("say what kind it is and who logs in")
                .help("write a table; `user` is the role that the service logs in as")
                .example(example::in_format(format, &new)),
        );
    }
}
