//! A server of its own for each of those that are compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::case::Case;
use crate::postgres::{Cluster, Installation};

/// The database that those of a case are copied from.
const PREPARED: &str = "prepared";

/// Catalogs that provisioning writes to, and those that are read beside them.
const CATALOGS: &str = "pg_class, pg_attribute, pg_type, pg_proc, pg_namespace, pg_depend, pg_default_acl, pg_init_privs, \
     pg_shdepend, pg_authid, pg_auth_members, pg_database, pg_db_role_setting, pg_shdescription, pg_statistic";

/// A running server and the client programs of its version.
pub struct Server {
    cluster: Cluster,
    bin: PathBuf,
}

impl Server {
    pub fn start(installation: &Installation) -> Server {
        // What autovacuum does at its own times is done between the turns.
        let mut settings = vec![("autovacuum", "off"), ("shared_buffers", "128MB")];
        if std::env::var_os("DBGEN_BENCH_FSYNC").is_some() {
            settings.push(("fsync", "on"));
        }
        Server {
            cluster: Cluster::start(installation, &settings),
            bin: installation.bin.clone(),
        }
    }

    /// Leaves nothing of an earlier case, and makes the database that those of this one are copied from.
    pub fn prepare(&self, case: &Case) -> Result<()> {
        self.clear()?;
        let drop = format!(
            "SELECT 'ALTER DATABASE {PREPARED} IS_TEMPLATE false' FROM pg_database WHERE datname = '{PREPARED}' \\gexec
            DROP DATABASE IF EXISTS {PREPARED};"
        );
        self.sql("postgres", &drop)?;
        if let Some(tables) = case.tables() {
            self.sql(
                "postgres",
                &format!("CREATE DATABASE {PREPARED} IS_TEMPLATE true;"),
            )?;
            self.sql(PREPARED, &tables)?;
        }
        Ok(())
    }

    /// The state that a cold run starts from: no role of the case, and its databases only where they have tables.
    pub fn reset(&self, case: &Case) -> Result<()> {
        self.clear()?;
        let mut create = String::new();
        if case.tables > 0 {
            for name in case.names() {
                create += &format!("CREATE DATABASE {name} TEMPLATE {PREPARED};\n");
            }
        }
        create += &format!("VACUUM ANALYZE {CATALOGS}; CHECKPOINT;");
        self.sql("postgres", &create)
    }

    fn clear(&self) -> Result<()> {
        self.sql(
            "postgres",
            "SELECT format('DROP DATABASE %I', datname) FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' \\gexec
            SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE oid >= 16384 \\gexec",
        )
    }

    /// Does what autovacuum would have done, so that nobody writes later what was left to do.
    pub fn settle(&self, case: &Case) -> Result<()> {
        let mut script = format!("VACUUM ANALYZE {CATALOGS};\n");
        for name in case.names() {
            script += &format!("\\connect {name}\nVACUUM ANALYZE {CATALOGS};\n");
        }
        self.sql("postgres", &(script + "CHECKPOINT;"))
    }

    /// Takes away what dbgen has remembered about the databases.
    pub fn forget(&self) -> Result<()> {
        self.sql(
            "postgres",
            "SELECT format('ALTER ROLE %s IN DATABASE %I RESET ALL', setrole::regrole, datname)
            FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase WHERE setrole = 10 \\gexec",
        )
    }

    /// How far the log of changes is.
    pub fn written(&self) -> Result<u64> {
        let text = self.query("SELECT pg_current_wal_insert_lsn() - '0/0'")?;
        text.trim().parse().context("a number of bytes")
    }

    fn sql(&self, database: &str, sql: &str) -> Result<()> {
        let output = self.cluster.psql(database, "postgres", None, sql);
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    }

    fn query(&self, sql: &str) -> Result<String> {
        let output = self.cluster.psql("postgres", "postgres", None, sql);
        Ok(String::from_utf8(output.stdout)?)
    }

    /// psql on a script, with variables.
    pub fn script(&self, script: &Path, variables: &[&str]) -> Command {
        let mut psql =
            self.cluster
                .client(&["--no-psqlrc", "--quiet"], "postgres", "postgres", None);
        for variable in variables {
            psql.args(["--variable", variable]);
        }
        psql.arg("--file").arg(script);
        psql
    }

    /// Another program, which finds the server by its environment.
    pub fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .env("PATH", format!("{}:{path}", self.bin.display()))
            .env("PGHOST", &self.cluster.socket)
            .env("PGPORT", self.cluster.port.to_string())
            .env("PGUSER", "postgres")
            .env("PGDATABASE", "postgres")
            .env("PGOPTIONS", "-c client_min_messages=warning");
        command
    }

    /// Where a program connects that does not know libpq's environment.
    pub fn url(&self, database: &str) -> String {
        let socket = self.cluster.socket.display();
        format!(
            "postgres://postgres@localhost:{}/{database}?host={socket}",
            self.cluster.port
        )
    }
}

/// How long the commands take together, in milliseconds.
pub fn time(commands: Vec<Command>) -> Result<f64> {
    let start = Instant::now();
    for mut command in commands {
        let output = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .output()?;
        if !output.status.success() {
            let program = command.get_program().display().to_string();
            bail!(
                "`{program}`: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
    }
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}

/// What a command prints.
pub fn output(mut command: Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// A file that the server's account can read.
pub fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, text).with_context(|| path.display().to_string())?;
    Ok(path)
}
