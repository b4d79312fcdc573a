//! A PostgreSQL server of its own for a test: in a temporary directory, on a socket only, gone afterwards.

use std::fs::{Permissions, set_permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A running server.
pub struct Cluster {
    /// Its major version.
    pub major: u8,
    bin: PathBuf,
    directory: tempfile::TempDir,
}

/// Where programs of each major may be: Debian's place, and what `DBGEN_POSTGRES_BINS` (separated by `:`) names.
fn bins() -> Vec<PathBuf> {
    let named = std::env::var_os("DBGEN_POSTGRES_BINS").unwrap_or_default();
    let debian = (14..=18).map(|major| PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")));
    std::env::split_paths(&named)
        // An empty path would find whatever program PATH has.
        .filter(|bin| !bin.as_os_str().is_empty())
        .chain(debian)
        .collect()
}

/// The program directory of this major, or why there is none.
fn bin(major: u8) -> Result<PathBuf, String> {
    let version = format!("(PostgreSQL) {major}.");
    bins()
        .into_iter()
        .find(|bin| {
            let output = Command::new(bin.join("postgres")).arg("--version").output();
            output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(&version))
        })
        .ok_or_else(|| {
            format!("no PostgreSQL {major} here (DBGEN_POSTGRES_BINS can name program directories)")
        })
}

/// A server refuses to run as root.
fn unprivileged(program: &Path) -> Command {
    let root = std::process::Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|o| o.stdout == b"0\n");
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"])
        .arg(program);
    command
}

impl Cluster {
    /// Starts a server of this major with these libraries (those that it has) loaded.
    ///
    /// # Errors
    /// Why there is none.
    pub fn start(major: u8, libraries: &[&str]) -> Result<Cluster, String> {
        let bin = bin(major)?;
        if Command::new("psql").arg("--version").output().is_err() {
            return Err("no psql here".to_owned());
        }
        let directory = tempfile::Builder::new()
            .prefix("dbgen-")
            .tempdir_in("/tmp")
            .map_err(|e| e.to_string())?;
        set_permissions(directory.path(), Permissions::from_mode(0o777))
            .map_err(|e| e.to_string())?;
        let cluster = Cluster {
            major,
            bin,
            directory,
        };
        cluster.program(
            "initdb",
            &[
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ],
        )?;
        let present: Vec<_> = libraries
            .iter()
            .copied()
            .filter(|library| cluster.has(library))
            .collect();
        let options = format!(
            "-k {} -c listen_addresses= -c fsync=off -c shared_preload_libraries={}",
            cluster.directory.path().display(),
            present.join(",")
        );
        let log = cluster.directory.path().join("log");
        cluster.program(
            "pg_ctl",
            &["-w", "-l", &log.to_string_lossy(), "-o", &options, "start"],
        )?;
        Ok(cluster)
    }

    fn has(&self, library: &str) -> bool {
        let file = format!("{library}.so");
        ["../lib", "../lib/postgresql"]
            .iter()
            .any(|lib| self.bin.join(lib).join(&file).exists())
    }

    fn program(&self, name: &str, arguments: &[&str]) -> Result<(), String> {
        let output = unprivileged(&self.bin.join(name))
            .arg("-D")
            .arg(self.directory.path().join("data"))
            .args(arguments)
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .status();
        match output {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{name}: {status}")),
            Err(error) => Err(format!("{name}: {error}")),
        }
    }

    /// What psql prints for this script, unaligned, tuples only; errors of statements do not end it.
    pub fn psql(&self, script: &str) -> String {
        let mut child = Command::new("psql")
            .args([
                "-XAtq", "-F", "\t", "-U", "postgres", "-d", "postgres", "-h",
            ])
            .arg(self.directory.path())
            .env("PGCLIENTENCODING", "UTF8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("psql starts");
        let mut stdin = child.stdin.take().expect("psql reads");
        let script = script.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(script.as_bytes()));
        let output = child.wait_with_output().expect("psql ends");
        writer
            .join()
            .expect("the writer ends")
            .expect("psql reads all");
        String::from_utf8(output.stdout).expect("psql prints UTF-8")
    }

    /// Whether each of these statements succeeds.
    pub fn verdicts(&self, statements: &[String]) -> Vec<bool> {
        let script: String = statements
            .iter()
            .map(|statement| format!("{statement};\n\\echo :ERROR\n"))
            .collect();
        self.psql(&script)
            .lines()
            .map(|line| line == "false")
            .collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.program("pg_ctl", &["-m", "immediate", "stop"]);
    }
}

/// A server of each major that is here; says which are not.
pub fn each(test: &str, libraries: &[&str], mut run: impl FnMut(&Cluster)) {
    for major in 14..=18 {
        match Cluster::start(major, libraries) {
            Ok(cluster) => run(&cluster),
            Err(why) => eprintln!("skipped: {test} ({major}): {why}"),
        }
    }
}
