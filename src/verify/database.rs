//! Whether a database is there, as declared, and takes connections.

use std::collections::BTreeMap;

use super::ask::{DatabaseFacts, ExtensionFacts, Facts, FixedFact};
use super::{Checked, Problem};
use crate::catalog::Database;
use crate::catalog::reach::DeclaredLogin;
use crate::diagnostic::phrase::{backticked, count};

/// Extensions that the database has, or why they are not known.
pub(super) type Extensions = Result<BTreeMap<String, ExtensionFacts>, String>;

/// What is wrong with a declared database.
pub(super) fn check(
    name: &str,
    database: &Database,
    logins: &[DeclaredLogin],
    facts: Option<&Facts>,
    extensions: Option<&Extensions>,
) -> Checked {
    let mut problems = Vec::new();
    if let Some(facts) = facts {
        match facts.databases.get(name) {
            None => problems.push(missing(name)),
            Some(have) => {
                problems.extend(owner(name, database, have));
                problems.extend(fixed(name, have));
                problems.extend(closed(name, have));
                problems.extend(limit(name, have));
                let users = logins.iter().filter(|login| login.database == name);
                let users = users.filter(|login| facts.roles.contains_key(login.user));
                problems.extend(users.filter_map(|login| no_connect(login, have)));
            }
        }
    }
    if let Some(extensions) = extensions {
        problems.extend(installed(name, database, extensions));
    }
    Checked {
        name: name.to_owned(),
        checked: facts.is_some(),
        problems,
    }
}

/// There is no such database.
pub(super) fn missing(name: &str) -> Problem {
    Problem::new(
        "no-database",
        format!(
            "the database {} does not exist on the server",
            backticked(name)
        ),
        "`dbgen apply` (on the module's host its provisioning unit) creates it",
    )
}

fn owner(name: &str, database: &Database, have: &DatabaseFacts) -> Option<Problem> {
    let declared = database.owner.as_str();
    (have.owner != declared).then(|| {
        Problem::new(
            "owner",
            format!(
                "the database {} belongs to {}, and {} is declared",
                backticked(name),
                backticked(&have.owner),
                backticked(declared)
            ),
            "`dbgen apply` changes the owner",
        )
    })
}

/// What only a new database can have.
fn fixed(name: &str, have: &DatabaseFacts) -> Vec<Problem> {
    let problem = |fact: &FixedFact| {
        let what = match fact.attribute.as_str() {
            "ENCODING" => "encoding",
            "LOCALE_PROVIDER" => "locale provider",
            "LC_COLLATE" => "collation",
            "LC_CTYPE" => "ctype",
            "BUILTIN_LOCALE" => "builtin locale",
            "ICU_LOCALE" => "ICU locale",
            "ICU_RULES" => "ICU rules",
            other => other,
        };
        let (found, wanted) = (fact.found.as_deref().unwrap_or("none"), &fact.wanted);
        Problem::new(
            "immutable",
            format!(
                "the database {}: {what} is {found}, and {wanted} is declared",
                backticked(name)
            ),
            "an existing database keeps this: dump it with pg_dump, create one as declared under another name, restore into it, and exchange \
             the names; or declare what is there",
        )
    };
    have.fixed.iter().map(problem).collect()
}

/// It takes no connections.
pub(super) fn closed(name: &str, have: &DatabaseFacts) -> Option<Problem> {
    if have.connection_limit == -2 {
        return Some(Problem::new(
            "database-closed",
            format!(
                "the database {} is invalid: DROP DATABASE was interrupted",
                backticked(name)
            ),
            "drop it (DROP DATABASE) and run `dbgen apply`, which creates it again",
        ));
    }
    (!have.allows_connections).then(|| {
        Problem::new(
            "database-closed",
            format!(
                "the database {} takes no connections (ALLOW_CONNECTIONS false)",
                backticked(name)
            ),
            "ALTER DATABASE ... ALLOW_CONNECTIONS true, as a superuser in another database",
        )
    })
}

/// Its connection limit is reached.
pub(super) fn limit(name: &str, have: &DatabaseFacts) -> Option<Problem> {
    (0..=have.connections).contains(&have.connection_limit).then(|| {
        Problem::new(
            "database-limit",
            format!(
                "the connection limit of the database {} is {}, and it has {}",
                backticked(name),
                have.connection_limit,
                count(usize::try_from(have.connections).unwrap_or(0), "connection")
            ),
            "declare a higher `connectionLimit` for the database and run `dbgen apply`, or let its services keep fewer connections open",
        )
    })
}

/// A role has no CONNECT there.
pub(super) fn no_connect(login: &DeclaredLogin, have: &DatabaseFacts) -> Option<Problem> {
    (!have.may_connect.contains(login.user)).then(|| {
        Problem::new(
            "no-connect",
            format!(
                "the role {} has no CONNECT on the database {}",
                backticked(login.user),
                backticked(login.database)
            ),
            "declare the access (`access` or `grants` of the database) and run `dbgen apply`, which grants CONNECT to every declared login",
        )
    })
}

fn installed(name: &str, database: &Database, found: &Extensions) -> Vec<Problem> {
    let found = match found {
        Ok(found) => found,
        Err(message) => {
            return vec![
                Problem::new(
                    "not-compared",
                    format!("the extensions of the database {} can't be looked at", backticked(name)),
                    "let the role that dbgen connects as (--connect) into every declared database, as a superuser over the socket is",
                )
                .said(message),
            ];
        }
    };
    let problems = database.extensions.iter().filter_map(|(extension, declared)| {
        let have = found.get(extension.as_str());
        let quoted = (backticked(extension.as_str()), backticked(name));
        let Some(version) = have.and_then(|have| have.installed.as_deref()) else {
            let (code, offered) = match have.and_then(|have| have.offered.as_deref()) {
                Some(_) => ("extension-missing", "`dbgen apply` installs it"),
                None => (
                    "extension-unavailable",
                    "the server has no such extension: install its package (on NixOS services.postgresql.extensions, which the rendered module \
                     sets), restart the server, and run `dbgen apply`",
                ),
            };
            let cause = format!("the extension {} is not installed in {}", quoted.0, quoted.1);
            return Some(Problem::new(code, cause, offered));
        };
        if let Some(wanted) = declared.version.as_deref().filter(|wanted| *wanted != version) {
            let cause = format!("the extension {} in {} has version {version}, and {wanted} is declared", quoted.0, quoted.1);
            let fix = "`dbgen apply` updates it (ALTER EXTENSION ... UPDATE), where the server has that version";
            return Some(Problem::new("extension-version", cause, fix));
        }
        let schema = have.and_then(|have| have.schema.as_deref()).unwrap_or_default();
        let wanted = declared.schema.as_ref().map(|wanted| wanted.as_str());
        wanted.filter(|wanted| *wanted != schema).map(|wanted| {
            let cause = format!(
                "the extension {} in {} is in the schema {}, and {} is declared",
                quoted.0,
                quoted.1,
                backticked(schema),
                backticked(wanted)
            );
            Problem::new("extension-schema", cause, "`dbgen plan` shows what can be done about it")
        })
    });
    problems.collect()
}
