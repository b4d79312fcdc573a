//! One JSON object, version 1 (docs/output-formats.md).

use serde::Serialize;

use super::{Counts, Plan, ScopeName, Step};
use crate::diagnostic;

#[derive(Serialize)]
struct Document<'p> {
    version: u32,
    mode: Mode,
    scopes: Vec<Scope<'p>>,
    failed: Vec<Name<'p>>,
    summary: Counts,
}

/// Whether the statements were executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// They would be.
    Plan,
    /// They were.
    Apply,
}

#[derive(Serialize)]
struct Scope<'p> {
    #[serde(flatten)]
    name: Name<'p>,
    steps: &'p [Step],
}

#[derive(Serialize)]
struct Name<'p> {
    scope: &'static str,
    database: Option<&'p str>,
}

impl<'p> From<&'p ScopeName> for Name<'p> {
    fn from(name: &'p ScopeName) -> Name<'p> {
        let (scope, database) = match name {
            ScopeName::Roles => ("roles", None),
            ScopeName::Databases => ("databases", None),
            ScopeName::Removal => ("removal", None),
            ScopeName::Contents(database) => ("contents", Some(database.as_str())),
        };
        Name { scope, database }
    }
}

/// The document.
pub fn render(plan: &Plan, mode: Mode) -> String {
    let scopes = plan.scopes.iter().map(|scope| Scope {
        name: (&scope.name).into(),
        steps: &scope.steps,
    });
    diagnostic::json_document(&Document {
        version: 1,
        mode,
        scopes: scopes.collect(),
        failed: plan.failed().map(Name::from).collect(),
        summary: plan.counts(),
    })
}
