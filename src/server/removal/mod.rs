//! Removing what the declarations name for it: a database after a dump of it was restored and compared, a role that nothing needs any
//! more. Whatever goes wrong, the thing stays as it was.

mod archive;
mod ask;
mod inventory;
mod look;
mod scratch;
mod tool;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::psql::{Psql, PsqlError};
use crate::catalog::Removed;
use crate::plan::{Kind, Scope, ScopeName, Step};
use archive::Archive;
use ask::{ask, finish, repair};
use inventory::inventory;
use look::look;
use scratch::Scratch;

/// What is to be removed, and where.
#[derive(Clone, Copy, Debug)]
pub struct Removal<'a> {
    /// The server.
    pub psql: &'a Psql,
    /// What the declarations name.
    pub removed: &'a Removed,
    /// Whether the role that is connected may do everything.
    pub superuser: bool,
    /// How long pg_dump waits for a lock, as `lock_timeout` takes it.
    pub lock_timeout: &'a str,
}

/// Why something was not removed.
#[derive(Debug, Error)]
pub enum RemovalError {
    /// psql itself, or a signal.
    #[error(transparent)]
    Psql(#[from] PsqlError),
    /// The server refused a statement.
    #[error("{0}")]
    Server(String),
    /// What the server said is no answer.
    #[error("the server's answer can't be read: {0}")]
    Malformed(#[from] serde_json::Error),
    /// pg_dump or pg_restore ended badly.
    #[error("{program} failed: {told}")]
    Tool {
        /// Which.
        program: String,
        /// What it said.
        told: String,
    },
    /// A file.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// The restored dump is not the database.
    #[error("the restored dump is not what the database is now: {0}")]
    Differs(String),
    /// Something stands in the way since it was looked at first.
    #[error("{0}")]
    Changed(String),
    /// The database could not be made again what it was.
    #[error("{why}; and its connection limit is still 0 ({then}): {statement}")]
    StillClosed {
        /// What happened first.
        why: String,
        /// Why it could not be put right.
        then: String,
        /// What does it.
        statement: String,
    },
}

impl RemovalError {
    fn is_interrupted(&self) -> bool {
        matches!(self, RemovalError::Psql(PsqlError::Interrupted(_)))
    }
}

type Result<T> = std::result::Result<T, RemovalError>;

impl Removal<'_> {
    /// What would be done.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub fn plan(&self) -> Result<Scope> {
        let none = BTreeSet::new();
        let databases = look(self.psql, &self.removed.databases, &none, &none)?.databases;
        // Of what stays after all, roles may still be needed.
        let goes = |it: &&look::Database| self.obstacle_of(it).is_none();
        let leaving = databases.iter().filter(goes);
        let leaving = leaving.map(|it| it.name.clone()).collect();
        let roles = look(self.psql, &none, &self.removed.roles, &leaving)?.roles;
        let databases = databases.iter().map(|it| match self.obstacle_of(it) {
            Some(why) => step(Kind::Blocked, it.object(), None, why),
            None => {
                let why = format!(
                    "removed by declaration, after a verified dump to {}",
                    self.directory().display()
                );
                step(Kind::Change, it.object(), Some(it.drop_statement()), why)
            }
        });
        let roles = roles.iter().map(|it| match self.obstacle_to(it) {
            Some(why) => step(Kind::Blocked, it.object(), None, why),
            None => {
                let why = "removed by declaration".to_owned();
                step(Kind::Change, it.object(), Some(it.drop_statement()), why)
            }
        });
        Ok(scope(databases.chain(roles).collect()))
    }

    /// Does it. `reported` gets each step as it is done.
    ///
    /// # Errors
    /// When the server can't be asked, or a signal arrives; whatever was not removed is as it was.
    pub fn run(&self, reported: impl FnMut(&Scope)) -> Result<Scope> {
        // Between two programs too a signal must not leave a database closed.
        self.psql.interrupts.hold(true);
        let result = self.run_all(reported);
        self.psql.interrupts.hold(false);
        match self.psql.interrupts.signal() {
            Some(signal) => Err(PsqlError::Interrupted(signal).into()),
            None => result,
        }
    }

    fn run_all(&self, mut reported: impl FnMut(&Scope)) -> Result<Scope> {
        let mut all = scope(Vec::new());
        let mut report = |step: Step| {
            let one = scope(vec![step]);
            reported(&one);
            all.steps.extend(one.steps);
        };
        let none = BTreeSet::new();
        for name in &self.removed.databases {
            let found = look(self.psql, &[name.clone()].into(), &none, &none)?;
            let Some(it) = found.databases.first() else {
                continue;
            };
            report(match self.obstacle_of(it) {
                Some(why) => step(Kind::Blocked, it.object(), None, why),
                None => match self.remove(it, &found.time) {
                    Ok(dump) => {
                        let why = format!(
                            "removed by declaration; its dump {} was restored and compared",
                            dump.display()
                        );
                        step(Kind::Change, it.object(), Some(it.drop_statement()), why)
                    }
                    Err(error) if error.is_interrupted() => return Err(error),
                    Err(error) => failed(it.object(), it.drop_statement(), &error),
                },
            });
        }
        for it in &look(self.psql, &none, &self.removed.roles, &none)?.roles {
            report(match self.obstacle_to(it) {
                Some(why) => step(Kind::Blocked, it.object(), None, why),
                None => match finish(self.psql, &format!("{};\n", it.drop_statement())) {
                    Ok(()) => {
                        let why = "removed by declaration".to_owned();
                        step(Kind::Change, it.object(), Some(it.drop_statement()), why)
                    }
                    Err(error) if error.is_interrupted() => return Err(error),
                    Err(error) => failed(it.object(), it.drop_statement(), &error),
                },
            });
        }
        Ok(all)
    }

    fn directory(&self) -> &Path {
        Path::new(self.removed.dump_directory.as_deref().unwrap_or_default())
    }

    fn obstacle_of(&self, it: &look::Database) -> Option<String> {
        let mut obstacles = it.obstacles.clone();
        let directory = self.directory();
        if !directory.is_dir() {
            obstacles.push(format!(
                "there is no directory {} here for its dump",
                directory.display()
            ));
        }
        self.told(obstacles)
    }

    fn obstacle_to(&self, it: &look::Role) -> Option<String> {
        let mut obstacles = it.obstacles.clone();
        if it.is_needed {
            obstacles.push(format!(
                "what it owns can be given away and what else it has taken away there: REASSIGN OWNED BY {0} TO ...; DROP OWNED BY {0}",
                it.quoted
            ));
        }
        self.told(obstacles)
    }

    fn told(&self, mut obstacles: Vec<String>) -> Option<String> {
        if !self.superuser {
            obstacles.push("dbgen is connected as a role that is no superuser".to_owned());
        }
        let stays = "to be removed, but it stays";
        (!obstacles.is_empty()).then(|| format!("{stays}: {}", obstacles.join("; ")))
    }

    /// Removes a database; its dump.
    fn remove(&self, it: &look::Database, time: &str) -> Result<PathBuf> {
        if it.closed {
            // A run that was killed has left it so, and the dump must not have it.
            repair(self.psql, &it.open_script())?;
        }
        let chance = getrandom::u64().map_err(|error| RemovalError::Server(error.to_string()))?;
        let run = format!("{chance:016x}");
        let archive = Archive::dump(self.psql, it, self.directory(), self.lock_timeout)?;
        let restored = Scratch::create(self.psql, it)?.restored(&archive)?;
        // From here on nobody but superusers may enter, so that nothing is written that the dump lacks.
        let dropped = ask(self.psql, &it.close_script(&run))
            .and_then(|_| self.drop(it, &run, time, archive, &restored));
        dropped.map_err(|error| match repair(self.psql, &it.reopen_script(&run)) {
            Ok(()) => error,
            Err(then) => RemovalError::StillClosed {
                why: error.to_string(),
                then: then.to_string(),
                statement: it.open_statement(),
            },
        })
    }

    fn drop(
        &self,
        it: &look::Database,
        run: &str,
        time: &str,
        archive: Archive,
        restored: &inventory::Inventory,
    ) -> Result<PathBuf> {
        let name = &it.name;
        let none = BTreeSet::new();
        let now = look(self.psql, &[name.clone()].into(), &none, &none)?;
        match now.databases.first() {
            Some(now) if now.oid == it.oid && now.obstacles.is_empty() => {}
            Some(now) if now.oid == it.oid => {
                return Err(RemovalError::Changed(now.obstacles.join("; ")));
            }
            _ => {
                let gone = "it is another database now than the one that was dumped";
                return Err(RemovalError::Changed(gone.to_owned()));
            }
        }
        let current = inventory(self.psql, name.as_str())?;
        if let Some(differences) = inventory::differences(&current, restored) {
            return Err(RemovalError::Differs(differences));
        }
        let path = archive.publish(it, time)?;
        finish(self.psql, &it.drop_script(run)).map_err(|error| match error {
            RemovalError::Server(told) => {
                RemovalError::Server(format!("{told}; its verified dump is {}", path.display()))
            }
            error => error,
        })?;
        Ok(path)
    }
}

fn scope(steps: Vec<Step>) -> Scope {
    Scope {
        name: ScopeName::Removal,
        steps,
    }
}

fn step(kind: Kind, object: String, sql: Option<String>, why: String) -> Step {
    Step {
        kind,
        object,
        sql,
        why,
        password: None,
        outside: false,
    }
}

fn failed(object: String, statement: String, error: &RemovalError) -> Step {
    let why = format!("not removed: {error}");
    step(Kind::Failed, object, Some(statement), why)
}
