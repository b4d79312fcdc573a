//! What the server is asked before anything else: who is connected, and what it keeps of the passwords.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use super::psql::{Ended, Psql, PsqlError, SESSION};
use crate::postgres::Identifier;
use crate::postgres::quote::quote_literal;

/// What the server answered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// `server_version_num`.
    pub version: u32,
    /// Whether it is a standby in recovery, which takes everything from its primary.
    pub recovery: bool,
    /// The role that is connected.
    pub user: String,
    /// Its attributes.
    pub superuser: bool,
    /// CREATEROLE.
    pub create_role: bool,
    /// CREATEDB.
    pub create_database: bool,
    /// `scram_iterations`, which is fixed before 16.
    pub iterations: u32,
    /// What the server keeps of the passwords of the roles that were asked for; absent when the role may not read it.
    #[serde(skip)]
    pub verifiers: Option<BTreeMap<String, Option<String>>>,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// psql itself.
    #[error(transparent)]
    Psql(#[from] PsqlError),
    /// No connection.
    #[error("no connection to the server")]
    NoConnection,
    /// A connection on which nothing can be asked.
    #[error("the server refuses to be asked")]
    Refused,
    /// Something else came back.
    #[error("the server's answer can't be read")]
    Malformed(#[from] serde_json::Error),
}

/// The question. `verifiers` names roles; where nobody may read what the server keeps of passwords, there is no error but no answer.
fn script(roles: &[&Identifier]) -> String {
    let names: Vec<String> = roles
        .iter()
        .map(|role| quote_literal(role.as_str()))
        .collect();
    let names = names.join(", ");
    format!(
        "\
{SESSION}\
SELECT json_build_object(
  'version', current_setting('server_version_num')::integer, 'recovery', pg_is_in_recovery(), 'user', current_user,
  'superuser', rolsuper, 'createRole', rolcreaterole, 'createDatabase', rolcreatedb,
  'iterations', coalesce(current_setting('scram_iterations', true), '4096')::integer)
  FROM pg_roles WHERE rolname = current_user;
SELECT has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT') AS readable \\gset
\\if :readable
SELECT coalesce(json_object_agg(rolname, rolpassword), '{{}}')
  FROM pg_authid WHERE rolname = ANY (ARRAY[{names}]::text[]);
\\endif
"
    )
}

/// Asks.
///
/// # Errors
/// When psql can't be started, there is no connection, or the answer is none.
pub fn ask(
    psql: &Psql,
    roles: &[&Identifier],
    told: impl Fn(&str) + Send,
) -> Result<Answer, AskError> {
    let mut lines = Vec::new();
    match psql.run(&script(roles), &[], told, |line| {
        lines.push(line.to_owned())
    })? {
        Ended::Fine => {
            let mut answer: Answer =
                serde_json::from_str(lines.first().map_or("", String::as_str))?;
            if let Some(verifiers) = lines.get(1) {
                answer.verifiers = Some(serde_json::from_str(verifiers)?);
            }
            Ok(answer)
        }
        Ended::NoConnection => Err(AskError::NoConnection),
        Ended::ScriptFailed => Err(AskError::Refused),
    }
}
