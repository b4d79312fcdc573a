//! What the convergence program reports, and how it is shown. The program prints one JSON line for each scope that it has
//! looked at; [`read`] makes a [`Scope`] of it, and [`human`], [`json`] and [`sql`] print what all of them say.

pub mod human;
pub mod json;
pub mod read;
pub mod sql;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::catalog::Removed;
use crate::postgres::quote::quote_identifier;

/// Everything that one run reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order in which the program went through them.
    pub scopes: Vec<Scope>,
    /// Scopes that the program should have reported and did not: the server's error is on standard error.
    pub unreported: Vec<ScopeName>,
}

/// A part of the server that is compared and changed in one transaction; what fails of a role or of a database takes nothing from
/// the other ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Which.
    pub name: ScopeName,
    /// What differs, in the order of execution.
    pub steps: Vec<Step>,
}

/// Which part of the server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScopeName {
    /// Roles, memberships, their settings and passwords.
    Roles,
    /// Databases with their attributes, settings and privileges; tablespaces and parameters.
    Databases,
    /// What is inside of one database.
    Contents(String),
    /// Databases and roles that shall no longer be there.
    Removal,
}

impl fmt::Display for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScopeName::Roles => f.write_str("roles"),
            ScopeName::Databases => f.write_str("databases"),
            ScopeName::Removal => f.write_str("removal"),
            ScopeName::Contents(database) => write!(f, "database {database}"),
        }
    }
}

/// One thing that differs from what is declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What becomes of it.
    pub kind: Kind,
    /// The object: `role "x"`, `table public.a`.
    pub object: String,
    /// The statement that is (or was, or could be) executed.
    #[serde(default)]
    pub sql: Option<String>,
    /// What differs.
    pub why: String,
    /// The role whose password the statement sets. The statement then has a placeholder where the verifier stands.
    #[serde(default)]
    pub password: Option<String>,
    /// Whether it can't run in a transaction.
    #[serde(default, skip_serializing)]
    pub outside: bool,
}

impl Step {
    /// Whether its object is this one: `database x`, `database "it's"`.
    pub fn is_of(&self, noun: &str, name: &str) -> bool {
        let object = self.object.strip_prefix(noun);
        object
            .and_then(|rest| rest.strip_prefix(' '))
            .is_some_and(|rest| rest == name || rest == quote_identifier(name))
    }
}

/// What becomes of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The statement is executed by apply.
    Change,
    /// Not a difference: what apply remembers, so that the next run has less to look at.
    Record,
    /// It was to be executed, and the server refused. Nothing of the same role, or of the same database, is executed then.
    Failed,
    /// It can't be changed safely; the reason tells the way out.
    Blocked,
    /// It waits for an object that does not exist yet.
    Pending,
    /// It is on the server, not declared, and left alone.
    Found,
}

impl Kind {
    /// All, in the order in which a person reads them.
    pub const ALL: [Kind; 6] = [
        Kind::Change,
        Kind::Record,
        Kind::Failed,
        Kind::Blocked,
        Kind::Pending,
        Kind::Found,
    ];

    /// The word that reports have.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Change => "change",
            Kind::Record => "record",
            Kind::Failed => "failed",
            Kind::Blocked => "blocked",
            Kind::Pending => "pending",
            Kind::Found => "found",
        }
    }
}

/// How many steps of each kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// [`Kind::Change`]
    pub change: usize,
    /// [`Kind::Record`]
    pub record: usize,
    /// [`Kind::Failed`]
    pub failed: usize,
    /// [`Kind::Blocked`]
    pub blocked: usize,
    /// [`Kind::Pending`]
    pub pending: usize,
    /// [`Kind::Found`]
    pub found: usize,
}

impl Plan {
    /// How many steps of each kind there are in all scopes.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in self.scopes.iter().flat_map(|scope| &scope.steps) {
            match step.kind {
                Kind::Change => counts.change += 1,
                Kind::Record => counts.record += 1,
                Kind::Failed => counts.failed += 1,
                Kind::Blocked => counts.blocked += 1,
                Kind::Pending => counts.pending += 1,
                Kind::Found => counts.found += 1,
            }
        }
        counts
    }

    /// The scopes of which something failed.
    pub fn failed(&self) -> impl Iterator<Item = &ScopeName> {
        let has_failed = |scope: &&Scope| scope.steps.iter().any(|step| step.kind == Kind::Failed);
        let reported = self
            .scopes
            .iter()
            .filter(has_failed)
            .map(|scope| &scope.name);
        reported.chain(&self.unreported)
    }

    /// What failed, in words: in roles and databases each for itself, otherwise the whole scope.
    pub fn not_done(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: String| {
            if !names.contains(&name) {
                names.push(name);
            }
        };
        for scope in &self.scopes {
            let failed = scope.steps.iter().filter(|step| step.kind == Kind::Failed);
            for step in failed {
                match scope.name {
                    ScopeName::Roles | ScopeName::Databases => add(step.object.clone()),
                    ScopeName::Contents(_) | ScopeName::Removal => add(scope.name.to_string()),
                }
            }
        }
        self.unreported
            .iter()
            .for_each(|name| add(name.to_string()));
        names
    }

    /// Whether nothing failed and nothing is blocked.
    pub fn is_converged(&self) -> bool {
        self.failed().next().is_none() && self.counts().blocked == 0
    }

    /// Adds what was reported, to what was reported of the same scope before.
    pub fn add(&mut self, scope: Scope) {
        match self
            .scopes
            .iter_mut()
            .find(|before| before.name == scope.name)
        {
            Some(before) => before.steps.extend(scope.steps),
            None => self.scopes.push(scope),
        }
    }
}

impl Scope {
    /// Takes out what only says that this is to be removed.
    pub fn forget_removals(&mut self, removed: &Removed) {
        let (noun, names) = match self.name {
            ScopeName::Roles => ("role", &removed.roles),
            ScopeName::Databases => ("database", &removed.databases),
            ScopeName::Contents(_) | ScopeName::Removal => return,
        };
        let is_removal = |step: &Step| {
            step.kind == Kind::Pending && names.iter().any(|name| step.is_of(noun, name.as_str()))
        };
        self.steps.retain(|step| !is_removal(step));
    }

    /// Its steps of the kinds in [`Kind::ALL`]'s order.
    pub fn grouped(&self) -> Vec<&Step> {
        let of = |kind| self.steps.iter().filter(move |step| step.kind == kind);
        Kind::ALL.into_iter().flat_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_of_a_step_is_a_database_quoted_or_not() {
        let is_database = |object: &str, name: &str| {
            let step = Step {
                kind: Kind::Change,
                object: object.to_owned(),
                sql: None,
                why: String::new(),
                password: None,
                outside: false,
            };
            step.is_of("database", name)
        };
        assert!(is_database("database immich", "immich"));
        assert!(is_database("database \"it\"\"s\"", "it\"s"));
        assert!(!is_database("table immich", "immich"));
    }
}
