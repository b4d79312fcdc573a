//! The whole verification, from the first question to the report.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::process::Command;

use super::ask::{self, Asked};
use super::attempt::AttemptError;
use super::judge::Judge;
use super::rules::Rules;
use super::{Login, Report, Secrets, database, role, server};
use crate::catalog::reach::Route;
use crate::catalog::{Catalog, Instance};
use crate::server::psql::Psql;

/// Verifies a server. `psql` is how it is asked.
///
/// # Errors
/// When psql can't be started.
pub fn run(psql: &Psql, instance: &Instance, secrets: &Secrets) -> Result<Report, AttemptError> {
    let logins = Catalog::logins(instance);
    let asked = ask::server(psql, instance, &logins)?;
    let place = server::place(&asked, instance);
    let (facts, refused) = match &asked {
        Asked::Answered(facts) => (Some(&**facts), None),
        Asked::Refused(message) => (None, Some(message.as_str())),
    };
    let rules = facts.and_then(Rules::read);

    let mut databases = Vec::new();
    for (name, declared) in &instance.databases {
        let name = name.as_str();
        let is_there = facts.is_some_and(|facts| facts.databases.contains_key(name));
        let extensions = match is_there && !declared.extensions.is_empty() {
            true => Some(ask::extensions(psql, name, declared)?),
            false => None,
        };
        databases.push(database::check(
            name,
            declared,
            &logins,
            facts,
            extensions.as_ref(),
        ));
    }

    let judge = Judge {
        psql,
        instance,
        facts,
        rules: rules.as_ref(),
        secrets,
        place: &place,
        runner: runner(),
        mute: RefCell::default(),
    };
    let mut tried = Vec::new();
    for login in &logins {
        let mut routes = Vec::new();
        for route in Route::ALL {
            routes.push(judge.route(login, route)?);
        }
        tried.push(Login {
            database: login.database.to_owned(),
            user: login.user.to_owned(),
            unix_user: login.unix_user.map(str::to_owned),
            routes,
        });
    }
    let users: BTreeSet<&str> = logins.iter().map(|login| login.user).collect();
    Ok(Report {
        server: server::check(facts, refused, rules.as_ref(), &place, instance),
        roles: users
            .into_iter()
            .map(|user| role::check(user, facts))
            .collect(),
        databases,
        logins: tried,
    })
}

/// The Unix user that runs this, by the name that the server would find for it.
fn runner() -> Option<String> {
    let output = Command::new("id").arg("-un").output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?;
    Some(name.trim_end().to_owned()).filter(|name| !name.is_empty())
}
