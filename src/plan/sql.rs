//! A psql script: the statements that would be executed, and as comments all that is told about them.

use super::{Kind, Plan, ScopeName, Step};
use crate::diagnostic::visible;
use crate::postgres::quote::quote_connection;

const HEAD: &str = "\
-- The statements that `dbgen apply` would execute, for psql. Run it with ON_ERROR_STOP=1; `dbgen apply` also checks afterwards
-- that nothing differs any more, and sets the passwords, whose verifiers are not shown here.
";

/// The script.
pub fn render(plan: &Plan) -> String {
    let mut out = String::from(HEAD);
    for scope in plan.scopes.iter().filter(|scope| !scope.steps.is_empty()) {
        let (name, steps) = (&scope.name, scope.grouped());
        out.push_str(&format!("\n-- {}\n", visible(&name.to_string())));
        if let ScopeName::Contents(database) = name {
            let target = quote_connection(database);
            out.push_str(&format!("\\connect -reuse-previous=on {target}\n"));
        }
        // CREATE DATABASE can't run in a transaction.
        let in_transaction =
            *name != ScopeName::Databases && steps.iter().any(|step| is_executed(name, step));
        if in_transaction {
            out.push_str("BEGIN;\n");
        }
        let (executed, told): (Vec<&Step>, Vec<&Step>) =
            steps.into_iter().partition(|step| is_executed(name, step));
        for step in executed {
            out.push_str(&format!("-- {}\n", visible(&step.why)));
            let sql = step.sql.as_deref().unwrap_or_default();
            out.push_str(&format!("{};\n", sql.trim_end().trim_end_matches(';')));
        }
        if in_transaction {
            out.push_str("COMMIT;\n");
        }
        for step in told {
            let kind = step.kind.as_str();
            out.push_str(&format!(
                "-- {kind}: {}: {}\n",
                visible(&step.object),
                visible(&step.why)
            ));
            for line in step.sql.iter().flat_map(|sql| sql.lines()) {
                out.push_str(&format!("--   {}\n", visible(line)));
            }
        }
    }
    for name in &plan.unreported {
        out.push_str(&format!("\n-- failed: {}\n", visible(&name.to_string())));
    }
    out
}

/// Nothing is removed by a script: it makes no dump.
fn is_executed(scope: &ScopeName, step: &Step) -> bool {
    *scope != ScopeName::Removal
        && step.kind == Kind::Change
        && step.password.is_none()
        && step.sql.is_some()
}
