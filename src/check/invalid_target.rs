//! A grant on nothing, or on too much at once.

use super::{Findings, Scope, target};
use crate::declaration::Target;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::pattern::{self, Pattern};
use crate::postgres::privilege::ObjectKind;

rule! {
    /// ## What it does
    /// Finds grants whose `on` names no object or several kinds of object, `columns` without `table`, `columns` of
    /// `schema.*`, and `defaultPrivileges` on schemas in a schema.
    ///
    /// ## Why is this bad?
    /// A grant is on objects of one kind, because each kind has its own privileges. Columns are those of a certain
    /// table: other tables of the schema may not have them, and the server would refuse the whole statement. It refuses
    /// `IN SCHEMA` for schemas too, which don't lie in one another.
    ///
    /// ## Example
    /// ```toml
    /// [[services.grafana.roles]]
    /// name = "reader"
    ///
    /// [[services.grafana.databases]]
    /// type = "postgresql"
    /// name = "grafana"
    /// user = "grafana"
    ///
    /// [[services.grafana.databases.grants]]
    /// role = "reader"
    /// privileges = ["SELECT"]
    /// on = { table = "public.*", sequence = "public.*" }
    /// ```
    /// Use instead a grant for each kind:
    /// ```toml
    /// [[services.grafana.roles]]
    /// name = "reader"
    ///
    /// [[services.grafana.databases]]
    /// type = "postgresql"
    /// name = "grafana"
    /// user = "grafana"
    ///
    /// [[services.grafana.databases.grants]]
    /// role = "reader"
    /// privileges = ["SELECT"]
    /// on = { table = "public.*" }
    ///
    /// [[services.grafana.databases.grants]]
    /// role = "reader"
    /// privileges = ["USAGE"]
    /// on = { sequence = "public.*" }
    /// ```
    pub INVALID_TARGET = "invalid-target", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for grant in scope
        .declarations
        .databases()
        .flat_map(|(_, database)| &database.grants)
    {
        let on = &grant.on;
        kinds(scope, on, findings);
        columns(scope, on, findings);
    }
    let databases = scope.declarations.databases();
    for future in databases.flat_map(|(_, database)| &database.default_privileges) {
        if let (Some(schema), "schemas") = (&future.schema, &*future.on.value) {
            findings.push(
                Diagnostic::new(
                    &INVALID_TARGET,
                    schema.span,
                    "default privileges on schemas can't be those in a schema",
                )
                .label("no schema lies in another one")
                .related(future.on.span, "schemas")
                .help("remove `schema`, or say which objects of the schema are meant: `on = \"tables\"`"),
            );
        }
    }
}

fn kinds(scope: &Scope, on: &Target, findings: &mut Findings) {
    let mut kinds = target::kinds(on);
    let Some((kind, first, patterns)) = kinds.next() else {
        // An unknown kind is an unknown key already.
        if on.kinds.is_empty() && on.columns.is_none() {
            findings.push(
                Diagnostic::new(&INVALID_TARGET, on.span, "a grant names no object")
                    .label("no kind of object here")
                    .help("name the objects by their kind, or write `\"database\"` for the database itself:")
                    .example(scope.example(on.span, "on = { table = \"public.*\" }")),
            );
        }
        return;
    };
    if patterns.is_empty() && kind != ObjectKind::Database {
        findings.push(
            Diagnostic::new(
                &INVALID_TARGET,
                first.span,
                format!("a grant names no {}", target::plural(kind)),
            )
            .label("an empty list")
            .help("name at least one, or remove the grant"),
        );
    }
    for (_, other, _) in kinds {
        let names = [&*first.value, &*other.value];
        findings.push(
            Diagnostic::new(
                &INVALID_TARGET,
                other.span,
                format!("a grant is on {} at once", phrase::and_list(names)),
            )
            .label("another kind of object")
            .related(first.span, "the first kind")
            .help("write a grant of its own for each kind"),
        );
    }
}

fn columns(scope: &Scope, on: &Target, findings: &mut Findings) {
    let Some((names, span)) = &on.columns else {
        return;
    };
    let table = target::kinds(on).find(|(kind, ..)| *kind == ObjectKind::Table);
    let example = "on = { table = \"public.users\", columns = [\"id\", \"name\"] }";
    let Some((_, _, patterns)) = table else {
        findings.push(
            Diagnostic::new(
                &INVALID_TARGET,
                *span,
                "a grant is on `columns` without `table`",
            )
            .label("columns of which table?")
            .help("name the table:")
            .example(scope.example(*span, example)),
        );
        return;
    };
    if names.is_empty() {
        findings.push(
            Diagnostic::new(&INVALID_TARGET, *span, "a grant names no columns")
                .label("an empty list")
                .help("name at least one, or remove `columns` to grant on the whole table"),
        );
    }
    for text in patterns {
        let problem = match Pattern::relation(&text.value).map(|pattern| pattern.target) {
            Ok(pattern::Target::All) => "stands for every table of the schema",
            Ok(pattern::Target::Columns(..)) => "names columns too",
            _ => continue,
        };
        let message = format!(
            "`columns` can't be those of {}",
            phrase::backticked(&text.value)
        );
        findings.push(
            Diagnostic::new(&INVALID_TARGET, text.span, message)
                .label(problem)
                .related(*span, "these columns")
                .help("name the tables that have the columns, one by one:")
                .example(scope.example(text.span, example)),
        );
    }
}
