//! The program of the rendered unit `dbgen-provision`, run without systemd: as the server's user, with the directories
//! and the environment that systemd would give.
//!
//! Include with `#[path = "support/unit.rs"] mod unit;` beside `nix`, `run`, `support` and `units`.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::nix::{Evaluator, nix_string};
use crate::run::{Seen, seen};
use crate::support::postgres::{Cluster, as_server_user, hand_over};
use crate::units::{Programs, programs};
use tempfile::TempDir;

/// Where the rendered units have their files.
const RUNTIME: &str = "/run/dbgen-provision";

/// One host.
pub struct Unit {
    home: TempDir,
}

impl Unit {
    /// What the module gives to a host with this server.
    pub fn new(evaluator: &Evaluator, module: &str, cluster: &Cluster) -> Unit {
        let home = tempfile::Builder::new()
            .prefix("dbgen-unit-")
            .tempdir_in("/tmp")
            .unwrap();
        let unit = Unit { home };
        for folder in ["run", "state", "credentials"] {
            fs::create_dir(unit.path(folder)).unwrap();
        }
        fs::write(unit.path("module.nix"), module).unwrap();
        fs::create_dir(unit.path("bin")).unwrap();
        symlink(&cluster.psql, unit.path("bin/psql")).unwrap();
        let server = format!(
            "package = {}; settings.port = {};",
            nix_string(unit.home.path().to_str().unwrap()),
            cluster.port
        );
        let Programs { script, program } = programs(evaluator, &unit.path("module.nix"), &server);
        let socket = cluster.socket.to_str().unwrap();
        assert!(script.contains("host=/run/postgresql\n"));
        let script = script.replace("host=/run/postgresql\n", &format!("host={socket}\n"));
        fs::write(unit.path("script"), script).unwrap();
        unit.write_program(&program);
        unit
    }

    /// Has the unit run another SQL program.
    pub fn write_program(&self, program: &str) {
        let runtime = self.path("run").to_str().unwrap().to_owned();
        fs::write(self.path("program.sql"), program.replace(RUNTIME, &runtime)).unwrap();
    }

    /// The SQL program.
    pub fn program(&self) -> String {
        fs::read_to_string(self.path("program.sql")).unwrap()
    }

    /// A path below `run`, `state` or `credentials`.
    pub fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    /// The names of the credentials that the unit is given.
    pub fn credentials(&self) -> Vec<String> {
        let script = fs::read_to_string(self.path("script")).unwrap();
        let list = script
            .split_once("credentials=(")
            .unwrap()
            .1
            .split(')')
            .next();
        list.unwrap()
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    }

    /// Gives the unit a credential.
    pub fn give(&self, credential: &str, secret: &[u8]) {
        fs::write(self.path("credentials").join(credential), secret).unwrap();
    }

    /// The command that starts the unit; `mode` is `apply` or `plan`.
    pub fn command(&self, mode: &str) -> Command {
        fs::set_permissions(self.home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        hand_over(self.home.path());
        let mut command = as_server_user("bash".into());
        command
            .arg(self.path("script"))
            .arg(mode)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("PGUSER", "postgres")
            .env("RUNTIME_DIRECTORY", self.path("run"))
            .env("STATE_DIRECTORY", self.path("state"))
            .env("CREDENTIALS_DIRECTORY", self.path("credentials"));
        command
    }

    /// What a run shows.
    pub fn run(&self, mode: &str) -> Seen {
        seen(&mut self.command(mode), b"")
    }

    /// The metrics, as the node exporter reads them.
    pub fn metrics(&self) -> String {
        fs::read_to_string(self.path("state/metrics/dbgen.prom")).unwrap()
    }

    /// The value of one of them.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let text = self.metrics();
        let mut values = text
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        values.next()?.parse().ok()
    }

    /// The names in one of its folders, sorted.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

/// The permissions of a file.
pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}
