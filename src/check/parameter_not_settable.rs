//! A server parameter that holds for the whole server only.

use super::{Findings, Scope, known_parameters};
use crate::declaration::Setting;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::parameter::{Context, Lookup, Parameter};

rule! {
    /// ## What it does
    /// Finds parameters that cannot be set for one database or role: those that take effect when the server starts or
    /// reloads its configuration, those that belong to the start of a connection, and those that only tell something.
    ///
    /// ## Why is this bad?
    /// The server refuses them in `ALTER DATABASE ... SET` and `ALTER ROLE ... SET`. They belong into the configuration
    /// of the server, where they hold for all databases.
    ///
    /// ## Example
    /// ```toml
    /// extraConfig = { shared_buffers = "1GB" }
    /// ```
    /// Use instead, in the NixOS configuration:
    /// ```nix
    /// services.postgresql.settings.shared_buffers = "1GB";
    /// ```
    pub PARAMETER_NOT_SETTABLE = "parameter-not-settable", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    known_parameters::each(scope, |setting, lookup| {
        if let Lookup::Known(parameter) = lookup
            && !parameter.settable_per_database_or_role()
        {
            findings.push(finding(scope, setting, parameter));
        }
    });
}

fn finding(scope: &Scope, setting: &Setting, parameter: &Parameter) -> Diagnostic {
    let name = phrase::backticked(parameter.name);
    let edition = scope
        .version()
        .and_then(|version| parameter.at(version))
        .or(parameter.editions().last());
    let of_server = format!(
        "set it for the whole server in the NixOS configuration: `services.postgresql.settings.{} = ...;`",
        attribute(parameter.name)
    );
    let (label, help) = match edition.map(|edition| edition.context) {
        Some(Context::Internal) => (
            "read-only: it tells something about the server",
            "remove it".to_owned(),
        ),
        Some(Context::Postmaster) => ("takes effect when the server starts", of_server),
        Some(Context::Sighup) => (
            "takes effect when the server reads its configuration",
            of_server,
        ),
        Some(Context::SuperuserBackend | Context::Backend) => {
            ("takes effect when a connection starts", of_server)
        }
        Some(Context::Superuser | Context::User) | None => {
            let default = parameter
                .name
                .replacen("transaction", "default_transaction", 1);
            (
                "is of one transaction",
                format!("set {} instead", phrase::backticked(&default)),
            )
        }
    };
    let message = format!("{name} cannot be set for one database or role");
    Diagnostic::new(&PARAMETER_NOT_SETTABLE, setting.name.span, message)
        .label(label)
        .help(help)
}

/// A name with a dot would be a path of two attributes.
fn attribute(name: &str) -> String {
    if name.contains('.') {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    }
}
