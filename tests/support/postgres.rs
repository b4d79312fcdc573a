//! Real PostgreSQL servers for tests: found, started on a copied data directory, stopped with the value.
//!
//! `DBGEN_POSTGRES_BINS` is a colon-separated list of directories that hold `initdb`, `pg_ctl` and `postgres`; Debian's
//! `/usr/lib/postgresql/*/bin` are found without it. As root, servers run as `postgres`, or else `nobody`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs, net};

/// An installed server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Installation {
    pub major: u8,
    pub bin: PathBuf,
    version: String,
}

/// A running server, stopped and removed on drop.
pub struct Cluster {
    pub major: u8,
    /// The directory of the socket.
    pub socket: PathBuf,
    pub port: u16,
    pub data: PathBuf,
    bin: PathBuf,
    /// A psql that is as new as the server.
    pub psql: PathBuf,
    _home: tempfile::TempDir,
}

/// A server that stands still.
pub struct Frozen(Vec<String>);

impl Frozen {
    fn send(&self, signal: &str) {
        let _ = Command::new("kill").arg(signal).args(&self.0).status();
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.send("-CONT");
    }
}

/// The installed servers, one per major version, oldest first.
pub fn installations() -> Vec<Installation> {
    let named = env::var_os("DBGEN_POSTGRES_BINS").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    // Nothing named is one empty path, which would be the working directory.
    let named = env::split_paths(&named).filter(|bin| !bin.as_os_str().is_empty());
    let bins = named.chain(debian.map(|entry| entry.path().join("bin")));
    let mut found: Vec<Installation> = bins.filter_map(installation).collect();
    found.sort();
    found.dedup_by_key(|installation| installation.major);
    found
}

fn installation(bin: PathBuf) -> Option<Installation> {
    let output = Command::new(bin.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let version = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    let major = version
        .split_whitespace()
        .nth(2)?
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()?;
    Some(Installation {
        major,
        bin,
        version,
    })
}

/// The newest server, or a line on stderr that says why the test does nothing.
pub fn newest(test: &str) -> Option<Installation> {
    let newest = installations().pop();
    if newest.is_none() {
        eprintln!("skipped: {test}: no PostgreSQL server is installed");
    }
    newest
}

/// Runs `body` on each installed major version, on a cluster of its own that listens on TCP too, all at once.
pub fn each_server(test: &str, body: impl Fn(&Cluster) + Sync) {
    let found = installations();
    if found.is_empty() {
        eprintln!("skipped: {test}: no PostgreSQL server is installed");
    }
    std::thread::scope(|scope| {
        for installation in &found {
            let body = &body;
            scope.spawn(move || body(&Cluster::start_tcp(installation, &[])));
        }
    });
}

impl Cluster {
    /// Starts a server that listens on its socket only, the superuser being `postgres`, everything trusted.
    pub fn start(installation: &Installation, settings: &[(&str, &str)]) -> Cluster {
        Cluster::try_start(installation, settings, 5432)
            .unwrap_or_else(|log| panic!("the server does not start:\n{log}"))
    }

    /// Starts a server that listens on 127.0.0.1 and ::1 as well.
    pub fn start_tcp(installation: &Installation, settings: &[(&str, &str)]) -> Cluster {
        let mut log = String::new();
        // Someone else may take the port between the choice and the start.
        for _ in 0..5 {
            let tcp = [&[("listen_addresses", "127.0.0.1,::1")], settings].concat();
            match Cluster::try_start(installation, &tcp, free_port()) {
                Ok(cluster) => return cluster,
                Err(text) => log = text,
            }
        }
        panic!("the server does not start:\n{log}");
    }

    fn try_start(
        installation: &Installation,
        settings: &[(&str, &str)],
        port: u16,
    ) -> Result<Cluster, String> {
        // A socket's path has about 100 bytes at most: not below a long TMPDIR.
        let home = tempfile::Builder::new()
            .prefix("dbgen-pg-")
            .tempdir_in("/tmp")
            .unwrap();
        let data = home.path().join("data");
        run(Command::new("cp")
            .arg("-R")
            .arg(template(installation))
            .arg(&data));
        let mut conf = fs::read_to_string(data.join("postgresql.conf")).unwrap();
        let socket = home.path().to_str().unwrap();
        let fixed = [
            ("unix_socket_directories", socket),
            ("listen_addresses", ""),
            ("fsync", "off"),
            ("lc_messages", "C"),
            ("shared_buffers", "16MB"),
        ];
        for (name, value) in fixed.iter().chain(settings) {
            conf.push_str(&format!("{name} = '{}'\n", value.replace('\'', "''")));
        }
        conf.push_str(&format!("port = {port}\n"));
        fs::write(data.join("postgresql.conf"), conf).unwrap();
        hand_over(home.path());
        let log = home.path().join("log");
        let mut start = as_server_user(installation.bin.join("pg_ctl"));
        start
            .args(["start", "-w", "-t", "60", "-D"])
            .arg(&data)
            .arg("-l")
            .arg(&log);
        let status = start
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        if !status.success() {
            return Err(fs::read_to_string(log).unwrap_or_default());
        }
        let (major, bin) = (installation.major, installation.bin.clone());
        let psql = psql(&bin);
        Ok(Cluster {
            major,
            socket: home.path().to_owned(),
            port,
            data,
            bin,
            psql,
            _home: home,
        })
    }

    /// Runs SQL as `user`, through the socket or over TCP to `host`; without a password, without any file of the caller.
    pub fn psql(&self, database: &str, user: &str, host: Option<&str>, sql: &str) -> Output {
        let mut psql = self.client(
            &["-XAtqw", "-v", "ON_ERROR_STOP=1", "-f", "-"],
            database,
            user,
            host,
        );
        let mut child = psql
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A psql that cannot connect ends without reading.
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), sql.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// psql with other arguments, connected the same way.
    pub fn client(
        &self,
        arguments: &[&str],
        database: &str,
        user: &str,
        host: Option<&str>,
    ) -> Command {
        let mut psql = Command::new(&self.psql);
        psql.args(arguments)
            .env_clear()
            .env("LC_ALL", "C")
            .env("PGPASSFILE", "/nonexistent")
            .env("PGCONNECT_TIMEOUT", "10");
        psql.env("PATH", env::var_os("PATH").unwrap_or_default());
        psql.env("PGHOST", host.map_or(self.socket.as_os_str(), OsStr::new))
            .env("PGPORT", self.port.to_string());
        psql.env("PGDATABASE", database)
            .env("PGUSER", user)
            .env("PGSSLMODE", "disable")
            .env("PGGSSENCMODE", "disable");
        psql
    }

    /// What SQL prints as `postgres` through the socket.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let output = self.psql(database, "postgres", None, sql);
        assert!(
            output.status.success(),
            "{}\n{sql}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end_matches('\n')
            .to_owned()
    }

    /// Writes a file of the data directory (`pg_hba.conf`); the server reads it at the next reload.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.data.join(name), text).unwrap();
    }

    /// A folder beside the data directory, which the server may write to: a place for a tablespace.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.socket.join(name);
        fs::create_dir_all(&folder).unwrap();
        hand_over(&folder);
        folder
    }

    /// Where its programs are.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// Has all its processes stand still until the value is gone.
    pub fn frozen(&self) -> Frozen {
        let postmaster = fs::read_to_string(self.data.join("postmaster.pid")).unwrap();
        let postmaster = postmaster.lines().next().unwrap();
        let mut children = Command::new("pgrep");
        let children = children.args(["--parent", postmaster]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        let all = std::iter::once(postmaster).chain(children.lines());
        let frozen = Frozen(all.map(str::to_owned).collect());
        frozen.send("-STOP");
        frozen
    }

    /// Stops the server as pg_ctl's mode says.
    pub fn stop(&self, mode: &str) {
        let mut stop = as_server_user(self.bin.join("pg_ctl"));
        run(stop.args(["stop", "-w", "-m", mode, "-D"]).arg(&self.data));
    }

    /// Starts the server again.
    pub fn start_again(&self) {
        let mut start = as_server_user(self.bin.join("pg_ctl"));
        start
            .args(["start", "-w", "-t", "60", "-D"])
            .arg(&self.data)
            .arg("-l")
            .arg(self.socket.join("log"));
        let status = start
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{}", self.log());
    }

    /// The server's log.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.socket.join("log")).unwrap_or_default()).into_owned()
    }

    /// Makes the server read its configuration and returns when new connections see it. Needs the socket for `postgres`
    /// in the database `postgres` before and after.
    pub fn reload(&self) {
        let before = self.sql(
            "postgres",
            "SELECT pg_conf_load_time() FROM pg_reload_conf()",
        );
        // The time changes in the postmaster, which answers no connection before it has read all files.
        while self.sql("postgres", "SELECT pg_conf_load_time()") == before {}
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = as_server_user(self.bin.join("pg_ctl"));
        stop.args(["stop", "-m", "immediate", "-D"]).arg(&self.data);
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// A data directory as initdb leaves it, kept below the build directory: initdb takes longer than most tests.
fn template(installation: &Installation) -> PathBuf {
    let key = installation
        .version
        .replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(key);
    if !kept.exists() {
        let home = tempfile::Builder::new()
            .prefix("dbgen-initdb-")
            .tempdir_in("/tmp")
            .unwrap();
        let data = home.path().join("data");
        hand_over(home.path());
        let mut initdb = as_server_user(installation.bin.join("initdb"));
        run(initdb
            .args([
                "-U",
                "postgres",
                "-A",
                "trust",
                "--locale=C",
                "-E",
                "UTF8",
                "--no-sync",
                "-D",
            ])
            .arg(&data));
        let copy = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        run(Command::new("cp")
            .arg("-R")
            .arg(&data)
            .arg(copy.path().join("data")));
        // Another test that was faster has made the same.
        let _ = fs::rename(copy.path().join("data"), &kept);
    }
    kept
}

fn psql(bin: &Path) -> PathBuf {
    let own = bin.join("psql");
    if own.exists() {
        return own;
    }
    installations()
        .into_iter()
        .rev()
        .map(|other| other.bin.join("psql"))
        .find(|psql| psql.exists())
        .or_else(|| {
            let path = env::var_os("PATH")?;
            let mut found = env::split_paths(&path).map(|folder| folder.join("psql"));
            found.find(|psql| psql.exists())
        })
        .unwrap_or("psql".into())
}

fn free_port() -> u16 {
    net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Whether the test runs as root.
pub fn is_root() -> bool {
    output_of(Command::new("id").arg("-u")).as_deref() == Some("0")
}

fn output_of(command: &mut Command) -> Option<String> {
    let output = command
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// The account that servers run as where the test runs as root, which PostgreSQL refuses.
fn server_user() -> Option<&'static str> {
    is_root().then(|| {
        if output_of(Command::new("id").arg("postgres")).is_some() {
            "postgres"
        } else {
            "nobody"
        }
    })
}

/// A program as the account that servers run as, and that their superuser is.
pub fn as_server_user(program: PathBuf) -> Command {
    let mut command = match server_user() {
        Some(user) => {
            let group = output_of(Command::new("id").args(["-g", user])).unwrap();
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={user}"))
                .arg(format!("--regid={group}"))
                .arg("--clear-groups")
                .arg(program);
            command
        }
        None => Command::new(program),
    };
    // initdb and pg_ctl want a working directory that they may enter.
    command.current_dir("/").env("LC_ALL", "C");
    command
}

/// Gives files to that account.
pub fn hand_over(path: &Path) {
    if let Some(user) = server_user() {
        run(Command::new("chown").arg("-R").arg(user).arg(path));
    }
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
