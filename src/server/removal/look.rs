//! What is still there of what shall be removed, and what stands in the way.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Result;
use super::ask::ask;
use crate::postgres::identifier::Identifier;
use crate::postgres::quote::quote_psql;
use crate::server::psql::{Psql, connect};

const LOOK: &str = include_str!("../../../templates/removal/look.sql");
const DEPENDENTS: &str = include_str!("../../../templates/removal/dependents.sql");

/// What the server says.
#[derive(Debug)]
pub(super) struct Look {
    /// Its clock, in UTC.
    pub time: String,
    pub databases: Vec<Database>,
    pub roles: Vec<Role>,
}

/// A database that is still there.
#[derive(Debug)]
pub(super) struct Database {
    pub name: Identifier,
    pub quoted: String,
    pub oid: u32,
    /// Its connection limit, also while the one in force is that of a removal.
    pub limit: i64,
    /// Whether a removal that was killed has left it closed.
    pub closed: bool,
    /// How CREATE DATABASE makes an empty one like it.
    pub like: String,
    pub obstacles: Vec<String>,
}

/// A role that is still there.
#[derive(Debug)]
pub(super) struct Role {
    pub quoted: String,
    pub obstacles: Vec<String>,
    /// Whether an object in a database that stays needs it.
    pub is_needed: bool,
}

impl Database {
    pub fn object(&self) -> String {
        format!("database {}", self.quoted)
    }

    pub fn drop_statement(&self) -> String {
        format!("DROP DATABASE {}", self.quoted)
    }

    /// Lets nobody in but superusers, and remembers how it was and which run did it.
    pub fn close_script(&self, run: &str) -> String {
        format!(
            "BEGIN;\nALTER DATABASE {0} SET dbgen.connection_limit = '{1}';\nALTER DATABASE {0} SET dbgen.removal = '{run}';\n\
             ALTER DATABASE {0} CONNECTION LIMIT 0;\nCOMMIT;\n",
            self.quoted, self.limit
        )
    }

    /// Lets everybody in again, whoever has closed it.
    pub fn open_script(&self) -> String {
        format!(
            "BEGIN;\n{};\nALTER DATABASE {1} RESET dbgen.connection_limit;\nALTER DATABASE {1} RESET dbgen.removal;\nCOMMIT;\n",
            self.open_statement(),
            self.quoted
        )
    }

    /// The same, unless another run has closed it meanwhile.
    pub fn reopen_script(&self, run: &str) -> String {
        format!(
            "{}\\if :dbgen_ours\n{}\\endif\n",
            self.closed_by(run),
            self.open_script()
        )
    }

    /// Drops it if it has been closed ever since this run did that: what another one has opened is not what was compared.
    pub fn drop_script(&self, run: &str) -> String {
        format!(
            "{}\\if :dbgen_still\n{};\n\\else\n\
             DO $$ BEGIN RAISE 'somebody has opened it again meanwhile, maybe another removal'; END $$;\n\\endif\n",
            self.closed_by(run),
            self.drop_statement()
        )
    }

    fn closed_by(&self, run: &str) -> String {
        format!(
            "SELECT count(*) > 0 AS ours, count(*) FILTER (WHERE datconnlimit = 0) > 0 AS still\n\
             FROM pg_database JOIN pg_db_role_setting ON setdatabase = pg_database.oid AND setrole = 0\n\
             WHERE pg_database.oid = {} AND 'dbgen.removal={run}' = ANY (setconfig) \\gset dbgen_\n",
            self.oid
        )
    }

    pub fn open_statement(&self) -> String {
        format!(
            "ALTER DATABASE {} CONNECTION LIMIT {}",
            self.quoted, self.limit
        )
    }
}

impl Role {
    pub fn object(&self) -> String {
        format!("role {}", self.quoted)
    }

    pub fn drop_statement(&self) -> String {
        format!("DROP ROLE {}", self.quoted)
    }
}

#[derive(Deserialize)]
struct Answer {
    time: String,
    databases: Vec<DatabaseAnswer>,
    roles: Vec<RoleAnswer>,
}

#[derive(Deserialize)]
struct DatabaseAnswer {
    name: String,
    quoted: String,
    oid: u32,
    limit: i64,
    closed: bool,
    like: String,
    obstacles: Vec<String>,
}

#[derive(Deserialize)]
struct RoleAnswer {
    name: String,
    quoted: String,
    databases: Vec<String>,
    shared: bool,
    obstacles: Vec<String>,
}

#[derive(Deserialize)]
struct Dependents {
    role: String,
    why: String,
}

/// Asks. What is in databases that are `leaving` keeps no role.
pub(super) fn look(
    psql: &Psql,
    databases: &BTreeSet<Identifier>,
    roles: &BTreeSet<Identifier>,
    leaving: &BTreeSet<Identifier>,
) -> Result<Look> {
    let variables = format!(
        "\\set databases {}\n\\set roles {}\n\\set leaving {}\n",
        list(databases),
        list(roles),
        list(leaving)
    );
    let lines = ask(psql, &format!("{variables}{LOOK}"))?;
    let answer: Answer = serde_json::from_str(lines.first().map_or("", String::as_str))?;
    let mut needed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let places = answer.roles.iter().flat_map(|role| &role.databases);
    let places: BTreeSet<&str> = places
        .map(String::as_str)
        .filter(|name| !leaving.contains(*name))
        .collect();
    if !places.is_empty() {
        let mut script = variables;
        for place in places {
            script.push_str(&connect(place));
            script.push_str(DEPENDENTS);
        }
        for line in ask(psql, &script)? {
            let dependents: Dependents = serde_json::from_str(&line)?;
            needed
                .entry(dependents.role)
                .or_default()
                .push(dependents.why);
        }
    }
    let databases = answer.databases.into_iter().filter_map(|it| {
        Some(Database {
            name: Identifier::new(&it.name).ok()?,
            quoted: it.quoted,
            oid: it.oid,
            limit: it.limit,
            closed: it.closed,
            like: it.like,
            obstacles: it.obstacles,
        })
    });
    let databases = databases.collect();
    let roles = answer.roles.into_iter().map(|it| {
        let mut obstacles = it.obstacles;
        let needed = needed.remove(&it.name).unwrap_or_default();
        let is_needed = it.shared || !needed.is_empty();
        obstacles.extend(needed);
        Role {
            quoted: it.quoted,
            obstacles,
            is_needed,
        }
    });
    Ok(Look {
        time: answer.time,
        databases,
        roles: roles.collect(),
    })
}

/// Names as a JSON list, as the value of a variable of psql.
fn list(names: &BTreeSet<Identifier>) -> String {
    let names: Vec<&str> = names.iter().map(Identifier::as_str).collect();
    quote_psql(&serde_json::json!(names).to_string())
}
