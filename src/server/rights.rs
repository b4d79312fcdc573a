//! Which rights a role that is no superuser lacks for the steps of a plan: they are rehearsed, each database in a transaction that is
//! rolled back, so that it is the server that judges, by the rules of its version.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::ask::Answer;
use super::psql::{Ended, Psql, SESSION, connect};
use super::run::RunError;
use crate::catalog::Instance;
use crate::plan::{Kind, Plan, Scope, ScopeName, Step};
use crate::postgres::quote::{quote_identifier, quote_literal};

/// Rights that are missing, each with the statements that need it.
pub type Missing = BTreeMap<String, Vec<String>>;

const HEAD: &str = "\
\\set ON_ERROR_STOP off
\\set ON_ERROR_ROLLBACK on
\\set VERBOSITY verbose
";

const BEGIN: &str = "\
BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';
";

/// Privileges that were not granted or not revoked are but a warning (manual: \"PostgreSQL Error Codes\").
const SILENT_REFUSALS: [&str; 2] = ["01006", "01007"];

/// Rehearses the steps. Of a database that does not exist yet, only its creation can be judged, and what is said of its roles.
///
/// # Errors
/// When psql fails or the connection is lost.
pub fn missing(
    psql: &Psql,
    instance: &Instance,
    plan: &Plan,
    answer: &Answer,
) -> Result<Missing, RunError> {
    let mut missing = Missing::new();
    let changes = plan.counts().change;
    if answer.superuser || changes == 0 {
        return Ok(missing);
    }
    if !answer.create_database
        && plan
            .scopes
            .iter()
            .flat_map(|scope| &scope.steps)
            .any(is_creation)
    {
        let creations = plan
            .scopes
            .iter()
            .flat_map(|scope| &scope.steps)
            .filter(|step| is_creation(step));
        missing.insert("CREATEDB".into(), creations.map(shown).collect());
    }
    let rehearsal = Rehearsal::new(plan, instance);
    let warnings = Mutex::new(Vec::new());
    let told = |line: &str| {
        if let Some(refusal) = silent_refusal(line)
            && let Ok(mut warnings) = warnings.lock()
        {
            warnings.push(refusal.to_owned());
        }
    };
    let mut refused = Vec::new();
    let ended = psql.run(&rehearsal.script, &[], told, |line| {
        refused.extend(serde_json::from_str::<(usize, String)>(line))
    })?;
    match ended {
        Ended::Fine => {}
        Ended::NoConnection => return Err(RunError::Lost),
        Ended::ScriptFailed => return Err(RunError::Failed),
    }
    for (index, message) in refused {
        let Some((name, step)) = rehearsal.steps.get(index) else {
            continue;
        };
        let right = match name {
            ScopeName::Roles if !answer.create_role => format!("CREATEROLE ({message})"),
            ScopeName::Contents(database) => format!("in database {database}: {message}"),
            _ => message,
        };
        let statements = missing.entry(right).or_default();
        let statement = shown(step);
        if !statements.contains(&statement) {
            statements.push(statement);
        }
    }
    for refusal in warnings.into_inner().unwrap_or_default() {
        missing.entry(refusal).or_default();
    }
    Ok(missing)
}

/// The statement on one line, or its first lines.
fn shown(step: &Step) -> String {
    const LONGEST: usize = 200;
    let sql = step.sql.as_deref().unwrap_or_default();
    let mut text = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

fn silent_refusal(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once(":  ")?;
    let (code, message) = rest.split_once(": ")?;
    SILENT_REFUSALS.contains(&code).then_some(message)
}

/// It is reported apart, because it can't run in a transaction; so it can't be rehearsed either.
fn is_creation(step: &Step) -> bool {
    step.kind == Kind::Change && step.outside
}

/// The script, and the steps by the numbers that it prints.
struct Rehearsal<'p> {
    script: String,
    steps: Vec<(&'p ScopeName, &'p Step)>,
}

impl<'p> Rehearsal<'p> {
    fn new(plan: &'p Plan, instance: &Instance) -> Rehearsal<'p> {
        let mut rehearsal = Rehearsal {
            script: format!("{HEAD}{SESSION}"),
            steps: Vec::new(),
        };
        let scopes =
            |wanted: ScopeName| plan.scopes.iter().filter(move |scope| scope.name == wanted);
        let created: Vec<&Step> = scopes(ScopeName::Databases)
            .flat_map(|scope| &scope.steps)
            .filter(|step| is_creation(step))
            .collect();
        rehearsal.script.push_str(BEGIN);
        for scope in scopes(ScopeName::Roles).chain(scopes(ScopeName::Databases)) {
            rehearsal.add(scope, |step| {
                !created.iter().any(|created| created.object == step.object)
            });
        }
        for step in &created {
            rehearsal.judge_owner(step, instance);
        }
        rehearsal.script.push_str("ROLLBACK;\n");
        for scope in &plan.scopes {
            let ScopeName::Contents(database) = &scope.name else {
                continue;
            };
            let is_created = created.iter().any(|step| step.is_of("database", database));
            if is_created || !scope.steps.iter().any(|step| step.kind == Kind::Change) {
                continue;
            }
            rehearsal.script.push_str(&connect(database));
            rehearsal.script.push_str(BEGIN);
            // Roles belong to all databases: those that are to be created are created here too.
            for roles in scopes(ScopeName::Roles) {
                rehearsal.add(roles, |_| true);
            }
            rehearsal.add(scope, |_| true);
            rehearsal.script.push_str("ROLLBACK;\n");
        }
        rehearsal
    }

    /// CREATE DATABASE can't be rehearsed, but what it asks of the owner can be looked at, as the roles will be then.
    fn judge_owner(&mut self, step: &'p Step, instance: &Instance) {
        let mut databases = instance.databases.iter();
        let Some((_, database)) = databases.find(|(name, _)| step.is_of("database", name.as_str()))
        else {
            return;
        };
        let owner = database.owner.as_str();
        let before_16 = format!("must be member of role {}", quote_identifier(owner));
        let since_16 = format!(
            "must be able to SET ROLE {0}: one that has CREATEROLE gets that with each role that it creates by createrole_self_grant = 'set', or by GRANT {0} TO itself",
            quote_identifier(owner)
        );
        self.script.push_str(&format!(
            "SELECT json_build_array({}, CASE WHEN is_16 THEN {} ELSE {} END)\n\
             FROM pg_roles, (SELECT current_setting('server_version_num')::integer >= 160000) AS version(is_16)\n\
             WHERE rolname = {} AND NOT pg_has_role(oid, CASE WHEN is_16 THEN 'SET' ELSE 'MEMBER' END);\n",
            self.steps.len(),
            quote_literal(&since_16),
            quote_literal(&before_16),
            quote_literal(owner),
        ));
        self.steps.push((&ScopeName::Databases, step));
    }

    fn add(&mut self, scope: &'p Scope, wanted: impl Fn(&Step) -> bool) {
        let changes = scope
            .steps
            .iter()
            .filter(|step| step.kind == Kind::Change && wanted(step));
        for step in changes {
            let Some(sql) = &step.sql else { continue };
            let body = format!("BEGIN EXECUTE {}; END", quote_literal(sql));
            self.script.push_str(&format!(
                "DO {};\n\\set refused off\nSELECT :'SQLSTATE' = '42501' AS refused \\gset\n\\if :refused\n\
                 SELECT json_build_array({}, :'LAST_ERROR_MESSAGE');\n\\endif\n",
                quote_literal(&body),
                self.steps.len()
            ));
            self.steps.push((&scope.name, step));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_privilege_that_is_not_granted_is_seen_in_the_warning() {
        let line = "WARNING:  01007: no privileges were granted for \"a\"";
        assert_eq!(
            silent_refusal(line),
            Some("no privileges were granted for \"a\"")
        );
        assert_eq!(silent_refusal("ERROR:  42501: permission denied"), None);
        assert_eq!(
            silent_refusal("LOCATION:  aclcheck_error, aclchk.c:3452"),
            None
        );
    }
}
