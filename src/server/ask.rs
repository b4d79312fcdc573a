//! What the server is asked before anything else: who is connected, and what it keeps of the passwords.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use super::psql::{Ended, Psql, PsqlError, SESSION};
use crate::postgres::quote::quote_literal;
use crate::postgres::{Identifier, Version};

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
    /// The host that psql is connected to: a directory is that of a socket.
    pub host: Option<String>,
    /// The port.
    pub port: Option<String>,
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

/// What is said where the server's major version is not the declared one.
pub fn other_version(declared: Option<Version>, version_num: u32) -> Option<String> {
    let (declared, major) = (declared?, version_num / 10_000);
    (u32::from(declared.major()) != major).then(|| {
        format!(
            "the server is PostgreSQL {major}, and version {declared} is declared: what {declared} can do was checked, and not what {major} can"
        )
    })
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
  'host', :'HOST', 'port', :'PORT',
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

/// Why these databases can't be entered, of those that can't.
///
/// # Errors
/// When psql can't be started or interrupted.
pub fn unreachable(psql: &Psql, names: &[&str]) -> Result<Vec<(String, String)>, PsqlError> {
    let names: Vec<String> = names.iter().map(|name| quote_literal(name)).collect();
    let script = format!(
        "\
{SESSION}\
SELECT json_build_array(name, CASE
    WHEN oid IS NULL THEN 'there is no such database'
    WHEN NOT datallowconn THEN 'it takes no connections (ALLOW_CONNECTIONS is false)'
    WHEN datconnlimit = -2 THEN 'it is invalid, as one is whose DROP DATABASE was interrupted: drop it'
    ELSE format('permission denied: the role %I has no CONNECT on it', current_user) END)
  FROM unnest(ARRAY[{}]::text[]) AS wanted(name) LEFT JOIN pg_database ON datname = name
  WHERE oid IS NULL OR NOT datallowconn OR datconnlimit = -2 OR NOT has_database_privilege(oid, 'CONNECT');
",
        names.join(", ")
    );
    let mut found = Vec::new();
    psql.run(
        &script,
        &[],
        |_| {},
        |line| found.extend(serde_json::from_str::<(String, String)>(line)),
    )?;
    Ok(found)
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
