//! A server parameter that does not exist.

use super::{Findings, Scope, known_parameters, plain_text_password, target};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::Version;
use crate::postgres::parameter::{self, Lookup, Parameter};
use crate::postgres::privilege::ObjectKind;

rule! {
    /// ## What it does
    /// Finds names in `extraConfig`, `settings`, `roleSettings` and in grants on parameters that are no parameter of
    /// PostgreSQL, or none of the server's declared version. Names with a dot belong to extensions and are not judged, unless their prefix belongs
    /// to a module that comes with PostgreSQL, a part is longer than the 63 bytes that the server keeps of a name, or the
    /// prefix is `dbgen`, in whose parameters the provisioning remembers what is done.
    ///
    /// ## Why is this bad?
    /// `ALTER DATABASE ... SET` and `GRANT ... ON PARAMETER` fail for a parameter that the server does not know, and with
    /// it the provisioning of the whole database.
    ///
    /// ## Example
    /// ```toml
    /// extraConfig = { work_men = "64MB" }
    /// ```
    /// Use instead:
    /// ```toml
    /// extraConfig = { work_mem = "64MB" }
    /// ```
    pub UNKNOWN_PARAMETER = "unknown-parameter", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let version = scope.version();
    known_parameters::each(scope, |setting, lookup| {
        let is_password = plain_text_password::is_password_key(&setting.name.value);
        if !(is_password && matches!(lookup, Lookup::Unknown)) {
            findings.extend(judged(&setting.name, lookup, version));
        }
    });
    let databases = scope.declarations.databases();
    let grants = databases.flat_map(|(_, database)| &database.grants);
    for (kind, _, names) in grants.flat_map(|grant| target::kinds(&grant.on)) {
        if kind == ObjectKind::Parameter {
            let found = names
                .iter()
                .filter_map(|name| judged(name, &Lookup::of(&name.value), version));
            findings.extend(found);
        }
    }
}

fn judged(name: &Text, lookup: &Lookup, version: Option<Version>) -> Option<Diagnostic> {
    match lookup {
        Lookup::Unknown => Some(unknown(name)),
        Lookup::UnknownInModule(module) => Some(unknown_in_module(name, module)),
        Lookup::Known(parameter) => {
            version.and_then(|version| missing_in(name, parameter, version))
        }
        Lookup::Reserved => Some(reserved(name)),
        Lookup::Custom => None,
    }
}

fn reserved(text: &Text) -> Diagnostic {
    let message = format!("{} can't be declared", phrase::backticked(&text.value));
    finding(text, message)
        .label("names that begin with `dbgen.` are dbgen's own")
        .help(
            "choose another prefix: in its own parameters the provisioning remembers what is done",
        )
}

fn unknown(text: &Text) -> Diagnostic {
    let name = &text.value;
    let finding = finding(
        text,
        format!("PostgreSQL has no parameter {}", phrase::backticked(name)),
    );
    match parameter::nearest(name) {
        Some(near) => finding.label(format!("did you mean {}?", phrase::backticked(near))),
        None if name.contains('.') => finding
            .label("no name of a parameter")
            .help("a parameter of an extension is called `prefix.name`; each part consists of letters, digits and `_`, at most 63 bytes of them"),
        None => finding.label("unknown parameter").help(
            "`select name from pg_settings` lists the parameters of a server; those of extensions have a dot in their names",
        ),
    }
}

fn unknown_in_module(text: &Text, module: &str) -> Diagnostic {
    let name = &text.value;
    let message = format!(
        "the module {} has no parameter {}",
        phrase::backticked(module),
        phrase::backticked(name)
    );
    let finding = finding(text, message);
    match parameter::nearest(name) {
        Some(near) => finding.label(format!("did you mean {}?", phrase::backticked(near))),
        None => finding.label(format!(
            "names that begin with {} belong to the module",
            phrase::backticked(&format!("{module}."))
        )),
    }
}

fn missing_in(text: &Text, parameter: &Parameter, version: Version) -> Option<Diagnostic> {
    let other_name = parameter::renamed_to(parameter.name).and_then(parameter::lookup);
    if parameter.at(version).is_some()
        || other_name.is_some_and(|other| other.at(version).is_some())
    {
        return None;
    }
    let (since, until) = (parameter.since(), parameter.until());
    let (label, help) = if version < since {
        (
            format!("from PostgreSQL {since} on"),
            format!(
                "remove it, or declare the server's version as {since} or later if that is what runs"
            ),
        )
    } else {
        (
            format!("up to PostgreSQL {until}"),
            format!("remove it: PostgreSQL {until} was the last version with this parameter"),
        )
    };
    let message = format!(
        "PostgreSQL {version} has no parameter {}",
        phrase::backticked(parameter.name)
    );
    Some(finding(text, message).label(label).help(help))
}

fn finding(text: &Text, message: String) -> Diagnostic {
    Diagnostic::new(&UNKNOWN_PARAMETER, text.span, message)
}
