//! The dump of a database as a file that has its name only once it is whole and verified.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::NamedTempFile;

use super::look::Database;
use super::{RemovalError, Result, tool};
use crate::server::connection::to_database;
use crate::server::psql::Psql;

/// A dump without a name. It is gone with this value.
pub(super) struct Archive {
    file: NamedTempFile,
    directory: PathBuf,
}

impl Archive {
    /// Dumps the database, for its owner's eyes only.
    pub fn dump(
        psql: &Psql,
        database: &Database,
        directory: &Path,
        lock_timeout: &str,
    ) -> Result<Archive> {
        let file = tempfile::Builder::new()
            .prefix(".dbgen-")
            .suffix(".partial")
            .tempfile_in(directory)
            .map_err(|error| in_file(directory, error))?;
        let output = file.as_file().try_clone();
        let output = output.map_err(|error| in_file(file.path(), error))?;
        let target = to_database(psql.connection.as_ref(), database.name.as_str());
        let arguments = [
            "--format=custom".into(),
            format!("--lock-wait-timeout={lock_timeout}").into(),
            format!("--dbname={target}").into(),
        ];
        tool::run(psql, "pg_dump", &arguments, Stdio::from(output))?;
        Ok(Archive {
            file,
            directory: directory.to_owned(),
        })
    }

    /// Where it is now.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Gives it its name, which no older dump has.
    pub fn publish(self, database: &Database, time: &str) -> Result<PathBuf> {
        let synced = self.file.as_file().sync_all();
        synced.map_err(|error| in_file(self.file.path(), error))?;
        let path = self.directory.join(name(database, time));
        self.file
            .persist_noclobber(&path)
            .map_err(|error| in_file(&path, error.error))?;
        // Without this the name may be lost with the power, after the database is gone.
        let synced = File::open(&self.directory).and_then(|directory| directory.sync_all());
        synced.map_err(|error| in_file(&self.directory, error))?;
        Ok(path)
    }
}

/// The name of a dump. A database may be called `../x`.
fn name(database: &Database, time: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let of = database.name.as_str().chars();
    let of: String = of.map(|c| if plain(c) { c } else { '_' }).collect();
    format!("{of}.{}.{time}.dump", database.oid)
}

fn in_file(path: &Path, error: std::io::Error) -> RemovalError {
    RemovalError::File {
        path: path.display().to_string(),
        error,
    }
}
