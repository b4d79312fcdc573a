//! A database on the same server that a dump is restored into, to see whether it is good.

use std::process::Stdio;

use super::archive::Archive;
use super::ask::{ask, repair};
use super::inventory::{Inventory, inventory};
use super::look::Database;
use super::{RemovalError, Result, tool};
use crate::postgres::quote::{quote_identifier, quote_literal};
use crate::server::connection::to_database;
use crate::server::psql::Psql;

/// The database.
pub(super) struct Scratch<'p> {
    psql: &'p Psql,
    name: String,
}

impl<'p> Scratch<'p> {
    /// Creates an empty database like this one, that only superusers may enter.
    pub fn create(psql: &'p Psql, like: &Database) -> Result<Scratch<'p>> {
        // By chance: one that a killed run left may be a second old, and another run's must never be dropped.
        let chance = getrandom::u64().map_err(|error| RemovalError::Server(error.to_string()))?;
        let name = format!("dbgen_verify_{}_{chance:016x}", like.oid);
        let comment = format!(
            "dbgen verifies a dump of {} here; left over after an interruption it may be dropped",
            like.quoted
        );
        let scratch = Scratch { psql, name };
        let quoted = scratch.quoted();
        let created = ask(
            psql,
            &format!(
                "CREATE DATABASE {quoted} {} CONNECTION LIMIT 0;\n",
                like.like
            ),
        );
        match created {
            Ok(_) => {}
            // A signal may have come after it was created.
            Err(error) if error.is_interrupted() => {
                let _ = scratch.drop();
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        let told = ask(
            psql,
            &format!(
                "COMMENT ON DATABASE {quoted} IS {};\n",
                quote_literal(&comment)
            ),
        );
        match told {
            Ok(_) => Ok(scratch),
            Err(error) => {
                let _ = scratch.drop();
                Err(error)
            }
        }
    }

    /// What is in it once the dump is restored. Then it is dropped, whatever came of that.
    pub fn restored(self, archive: &Archive) -> Result<Inventory> {
        let restored = self
            .restore(archive)
            .and_then(|()| inventory(self.psql, &self.name));
        let name = self.quoted();
        let dropped = self.drop();
        let restored = restored?;
        dropped.map_err(|error| {
            RemovalError::Server(format!(
                "the database {name}, which its dump was verified in, can't be dropped: {error}"
            ))
        })?;
        Ok(restored)
    }

    fn restore(&self, archive: &Archive) -> Result<()> {
        let target = to_database(self.psql.connection.as_ref(), &self.name);
        let arguments = [
            "--no-subscriptions".into(),
            format!("--dbname={target}").into(),
            archive.path().into(),
        ];
        let strict = [&["--exit-on-error".into()], &arguments[..]].concat();
        let run = |arguments| tool::run(self.psql, "pg_restore", arguments, Stdio::null());
        match run(&strict) {
            // It has stopped at the first of its statements.
            Err(error) if knows_too_much(&error) => match run(&arguments) {
                Err(error) if is_ignored(&error) => Ok(()),
                result => result,
            },
            result => result,
        }
    }

    fn drop(self) -> Result<()> {
        let quoted = self.quoted();
        repair(
            self.psql,
            &format!("DROP DATABASE IF EXISTS {quoted} WITH (FORCE);\n"),
        )
    }

    fn quoted(&self) -> String {
        quote_identifier(&self.name)
    }
}

/// What pg_restore of 17 and later begins with, for each server; those before 17 have no such parameter.
const UNKNOWN_BEFORE_17: &str = "Command was: SET transaction_timeout = 0;";

fn knows_too_much(error: &RemovalError) -> bool {
    matches!(error, RemovalError::Tool { told, .. } if told.contains(UNKNOWN_BEFORE_17))
}

/// Whether that was all that went wrong.
fn is_ignored(error: &RemovalError) -> bool {
    let only = "errors ignored on restore: 1";
    knows_too_much(error)
        && matches!(error, RemovalError::Tool { told, .. } if told.ends_with(only))
}
