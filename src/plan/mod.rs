//! What the convergence program reports, and how it is shown. The program prints one JSON line for each scope that it has
//! looked at; [`read`] makes a [`Scope`] of it, and [`human`], [`json`] and [`sql`] print what all of them say.

pub mod human;
pub mod json;
pub mod read;
pub mod sql;

use std::fmt;

use serde::{Deserialize, Serialize};

/// Everything that one run reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order in which the program went through them.
    pub scopes: Vec<Scope>,
    /// Scopes that the program should have reported and did not: the server's error is on standard error.
    pub unreported: Vec<ScopeName>,
}

/// A part of the server that is compared and changed in one transaction.
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
}

impl fmt::Display for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScopeName::Roles => f.write_str("roles"),
            ScopeName::Databases => f.write_str("databases"),
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
    /// Whether it can't run in a transaction, and is therefore reported before it is executed.
    #[serde(default, skip_serializing)]
    pub outside: bool,
}

/// What becomes of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The statement is executed by apply.
    Change,
    /// Not a difference: what apply remembers, so that the next run has less to look at.
    Record,
    /// It was to be executed, and the server refused. Nothing of its scope is executed then.
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
    /// Its steps of the kinds in [`Kind::ALL`]'s order.
    pub fn grouped(&self) -> Vec<&Step> {
        let of = |kind| self.steps.iter().filter(move |step| step.kind == kind);
        Kind::ALL.into_iter().flat_map(of).collect()
    }
}
