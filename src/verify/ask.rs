//! What the server is asked: itself, its roles and databases, its files for authentication.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::catalog::reach::DeclaredLogin;
use crate::catalog::{Creation, Database, Instance};
use crate::postgres::Identifier;
use crate::postgres::quote::quote_literal;
use crate::server::psql::{Ended, Psql, PsqlError, SESSION, connect};

const SERVER: &str = include_str!("../../templates/verify/server.sql");
/// What `dbgen apply` compares, too.
const FIXED: &str = include_str!("../../templates/provision/fixed.sql");
const DATABASE: &str = include_str!("../../templates/verify/database.sql");

/// What the server answered; what may not be read is absent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// `server_version_num`.
    pub version: u32,
    /// `server_version`.
    pub release: String,
    /// The role that asks.
    pub user: String,
    /// Whether the server is a standby.
    pub recovery: bool,
    /// The host that psql is connected to: a directory is that of a socket.
    pub host: String,
    /// The port that psql is connected to.
    pub port: String,
    /// `listen_addresses`.
    pub listen_addresses: String,
    /// Whether it offers TLS.
    pub tls: bool,
    /// `max_connections`.
    pub max_connections: i64,
    /// Connections that are kept for superusers and the like.
    pub reserved: i64,
    /// Connections that there are.
    pub connections: i64,
    /// When the configuration was read last, in seconds.
    pub loaded: f64,
    /// `hba_file`.
    pub hba_file: Option<String>,
    /// `ident_file`.
    pub ident_file: Option<String>,
    /// The roles that were asked for and exist.
    pub roles: BTreeMap<String, RoleFacts>,
    /// The databases that were asked for and exist.
    pub databases: BTreeMap<String, DatabaseFacts>,
    /// What the server keeps of passwords.
    pub passwords: Option<BTreeMap<String, Option<String>>>,
    /// Rows of pg_hba_file_rules.
    pub hba_rows: Option<Vec<FileRow>>,
    /// Rows of pg_ident_file_mappings.
    pub ident_rows: Option<Vec<FileRow>>,
    /// Files for authentication, by name.
    pub files: Option<BTreeMap<String, FileFacts>>,
}

/// A role.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleFacts {
    /// LOGIN.
    pub login: bool,
    /// SUPERUSER.
    pub superuser: bool,
    /// CONNECTION LIMIT; -1: none.
    pub connection_limit: i64,
    /// Connections that there are.
    pub connections: i64,
    /// VALID UNTIL.
    pub valid_until: Option<String>,
    /// Whether that is over.
    pub expired: bool,
    /// The roles whose member it is, directly or not.
    pub member_of: BTreeSet<String>,
}

/// A database.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseFacts {
    /// Its owner.
    pub owner: String,
    /// What was fixed at its creation and is other than declared.
    pub fixed: Vec<FixedFact>,
    /// ALLOW_CONNECTIONS.
    pub allows_connections: bool,
    /// CONNECTION LIMIT; -1: none.
    pub connection_limit: i64,
    /// Connections that there are.
    pub connections: i64,
    /// The roles that have CONNECT.
    pub may_connect: BTreeSet<String>,
}

/// What can't be changed of a database.
#[derive(Deserialize)]
pub struct FixedFact {
    /// Its name in CREATE DATABASE.
    pub attribute: String,
    /// What is declared.
    pub wanted: String,
    /// What is there.
    pub found: Option<String>,
}

/// One line of a file for authentication, as the server reads it.
#[derive(Deserialize)]
pub struct FileRow {
    /// The file, from 16.
    pub file_name: Option<String>,
    /// The line.
    pub line_number: Option<u32>,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// A file.
#[derive(Deserialize)]
pub struct FileFacts {
    /// What is in it, in base64.
    pub text: Option<String>,
    /// When it was changed last, in seconds.
    pub changed: Option<f64>,
}

/// An extension in a database.
#[derive(Deserialize)]
pub struct ExtensionFacts {
    /// Its version; nothing: it is not installed.
    pub installed: Option<String>,
    /// Its schema.
    pub schema: Option<String>,
    /// The version that CREATE EXTENSION would install; nothing: the server has no such extension.
    pub offered: Option<String>,
}

/// What came of the question.
pub enum Asked {
    /// An answer.
    Answered(Box<Facts>),
    /// Whatever was said instead.
    Refused(String),
}

/// Asks the server.
///
/// # Errors
/// When psql can't be started, or its output is none of the program's.
pub fn server(
    psql: &Psql,
    instance: &Instance,
    logins: &[DeclaredLogin],
) -> Result<Asked, PsqlError> {
    let roles: BTreeSet<&str> = logins
        .iter()
        .map(|login| login.user)
        .chain(instance.roles.keys().map(Identifier::as_str))
        .collect();
    let databases: Vec<Value> = instance
        .databases
        .iter()
        .map(|(name, database)| {
            let creation = database.creation.as_deref().unwrap_or(&Creation::NONE);
            json!({
                "name": name.as_str(),
                "encoding": creation.encoding,
                "lc_collate": creation.collate,
                "lc_ctype": creation.ctype,
                "provider": creation.locale_provider,
                "icu_locale": creation.icu_locale,
                "icu_rules": creation.icu_rules,
                "builtin_locale": creation.builtin_locale,
            })
        })
        .collect();
    let want = json!({ "roles": roles, "databases": databases }).to_string();
    let script = format!(
        "{SESSION}{}",
        SERVER
            .replace("-- @fixed\n", FIXED)
            .replace("@want@", &quote_literal(&want))
    );
    let (ended, out, told) = asked(psql, &script)?;
    let mut answer = Map::new();
    for part in serde_json::Deserializer::from_str(&out).into_iter::<Map<String, Value>>() {
        match part {
            Ok(part) => answer.extend(part),
            Err(_) => break,
        }
    }
    let facts = serde_json::from_value(Value::Object(answer)).ok();
    Ok(match facts {
        Some(facts) if ended != Ended::NoConnection => Asked::Answered(Box::new(facts)),
        _ => Asked::Refused(or_unreadable(told)),
    })
}

/// Asks for the declared extensions of a database; otherwise what was said.
///
/// # Errors
/// As [`server`].
pub fn extensions(
    psql: &Psql,
    name: &str,
    database: &Database,
) -> Result<Result<BTreeMap<String, ExtensionFacts>, String>, PsqlError> {
    let want: Vec<&str> = database.extensions.keys().map(Identifier::as_str).collect();
    let want = quote_literal(&json!(want).to_string());
    let script = format!("{}{}", connect(name), DATABASE.replace("@want@", &want));
    let (ended, out, told) = asked(psql, &script)?;
    Ok(match (ended, serde_json::from_str(&out)) {
        (Ended::Fine, Ok(found)) => Ok(found),
        _ => Err(or_unreadable(told)),
    })
}

fn or_unreadable(told: String) -> String {
    match told.is_empty() {
        true => "the server's answer can't be read".to_owned(),
        false => told,
    }
}

/// Runs a script: how it ended, its output, and what was said beside it.
pub fn asked(psql: &Psql, script: &str) -> Result<(Ended, String, String), PsqlError> {
    let told = Mutex::new(Vec::new());
    let mut out = String::new();
    let ended = psql.run(
        script,
        &[],
        |line| {
            if let Ok(mut told) = told.lock() {
                told.push(line.to_owned());
            }
        },
        |line| {
            out.push_str(line);
            out.push('\n');
        },
    )?;
    let told = told.into_inner().unwrap_or_default().join("\n");
    Ok((ended, out, told))
}
