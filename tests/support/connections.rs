//! A host with the files that tell services how to connect, and the server that they lead to.
//!
//! Include with `#[path = "support/connections.rs"] mod connections;` beside `nix`, `run` and `support`.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use dbgen::postgres::quote::{quote_identifier, quote_literal};
use tempfile::TempDir;

use crate::nix::{self, nix_path};
use crate::run::{Folder, Seen, seen};
use crate::support::postgres::{Cluster, newest};

/// Tells where a client is, and as whom.
pub const WHO: &str = "SELECT encode(convert_to(current_database(), 'UTF8'), 'hex') || ' ' || encode(convert_to(session_user, 'UTF8'), 'hex')";

/// Clients in Python: by URL, by what the URL is made of, and by connection service file.
pub const CLIENTS: &str = "
import os, sys, psycopg
parts = dict(host='DB_HOST', port='DB_PORT', dbname='DB_NAME', user='DB_USER', password='DB_PASSWORD')
parts = {key: os.environ[name] for key, name in parts.items()}
for ways in ([os.environ['DATABASE_URL']], {}), ([], parts), (['service=s'], {}):
    with psycopg.connect(*ways[0], **ways[1]) as connection:
        print(connection.execute(sys.argv[1]).fetchone()[0])
";

/// The password of the further role.
pub const READER: &str = "re%ad:er's \\ pässword";

/// What [`WHO`] gives.
pub fn expected(database: &str, user: &str) -> String {
    let hex = |text: &str| -> String { text.bytes().map(|byte| format!("{byte:02x}")).collect() };
    format!("{} {}", hex(database), hex(user))
}

/// A Python that has psycopg.
pub fn python(test: &str) -> Option<&'static str> {
    let mut command = Command::new("python3");
    let works = command
        .args(["-c", "import psycopg"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !works {
        eprintln!("skipped: {test}: clients in Python: no python3 on PATH has psycopg");
    }
    works.then_some("python3")
}

/// One host.
pub struct Host {
    /// The server.
    pub cluster: Cluster,
    /// The rendered module.
    pub module: String,
    /// Whom the files are given to.
    pub owner: String,
    databases: Vec<String>,
    home: TempDir,
}

/// What the script runs, and the folder of the shell that it is run by.
const PROGRAMS: [&str; 8] = [
    "chmod", "chown", "install", "mktemp", "mv", "rm", "rmdir", "stat",
];

impl Host {
    /// A server with these databases, users and passwords, and the files declared for all of them by a service `s` that
    /// says `more`.
    pub fn new(test: &str, databases: &[(&str, &str, String)], more: &str) -> Option<Host> {
        let evaluator = nix::evaluator(test)?;
        let cluster = Cluster::start_tcp(&newest(test)?, &[]);
        let id = Command::new("id").arg("-un").output().unwrap();
        let own = String::from_utf8(id.stdout).unwrap().trim().to_owned();
        let owner = match &*own {
            "root" => "nobody".to_owned(),
            _ => own,
        };
        let mut text = format!(
            "[instances.main]\nsocketDirectory = {:?}\n[services.s]\n{more}connection = {{ environment = true, pgpass = true, serviceFile = true, owner = {owner:?} }}\n",
            cluster.socket.to_str().unwrap(),
        );
        let home = tempfile::Builder::new()
            .prefix("dbgen-connections-")
            .tempdir_in("/tmp")
            .unwrap();
        let host = |cluster, module| Host {
            cluster,
            module,
            owner,
            databases: databases.iter().map(|it| it.0.to_owned()).collect(),
            home,
        };
        let mut sql = String::new();
        for (place, (database, user, password)) in databases.iter().enumerate() {
            let json = |text: &str| serde_json::to_string(text).unwrap();
            text += &format!(
                "[[services.s.databases]]\ntype = \"postgresql\"\nname = {}\nuser = {}\nport = {}\npassword = {{ file = \"/run/secrets/{place}\" }}\n",
                json(database),
                json(user),
                cluster.port
            );
            if place == 0 {
                text += "access = [ { role = \"reader\", preset = \"read-only\" } ]\n";
            }
            let [database, user] = [database, user].map(|name| quote_identifier(name));
            sql += &format!(
                "CREATE ROLE {user} LOGIN PASSWORD {};\nCREATE DATABASE {database};\n",
                quote_literal(password)
            );
        }
        text += "[[services.s.roles]]\nname = \"reader\"\nlogin = true\npassword = { file = \"/run/secrets/reader\" }\n";
        let seen = Folder::with(&[("s.toml", &text)]).run(&["render", "s.toml"]);
        assert_eq!(seen.status, Some(0), "{}", seen.err);
        sql += &format!(
            "CREATE ROLE reader LOGIN PASSWORD {};\n",
            quote_literal(READER)
        );
        cluster.sql("postgres", &sql);
        cluster.write(
            "pg_hba.conf",
            "local all postgres trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n",
        );
        cluster.reload();
        let host = host(cluster, seen.out);
        for folder in ["run", "credentials", "bin"] {
            fs::create_dir(host.home.path().join(folder)).unwrap();
        }
        fs::set_permissions(host.home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let module = host.home.path().join("module.nix");
        fs::write(&module, &host.module).unwrap();
        fs::write(host.home.path().join("script"), script(&evaluator, &module)).unwrap();
        let log = host.home.path().join("arguments");
        for program in PROGRAMS {
            let wrapper = host.home.path().join("bin").join(program);
            let text = format!(
                "#!/bin/sh\necho {program} \"$@\" >> '{}'\nPATH=${{PATH#*:}} exec {program} \"$@\"\n",
                log.display()
            );
            fs::write(&wrapper, text).unwrap();
            fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
        }
        for (place, (_, _, password)) in databases.iter().enumerate() {
            host.give(place, &format!("{password}\n"));
        }
        host.give_to("reader", READER);
        Some(host)
    }

    /// Gives the unit a secret.
    pub fn give(&self, place: usize, secret: &str) {
        self.give_to(&place.to_string(), secret);
    }

    /// The same by the name of its file.
    pub fn give_to(&self, place: &str, secret: &str) {
        let module = fs::read_to_string(self.home.path().join("module.nix")).unwrap();
        let between = |start: &str, end: &str| {
            let (_, rest) = module.split_once(start).unwrap();
            rest.split_once(end).unwrap().0
        };
        let path = format!("\"/run/secrets/{place}\"");
        let mut all = between("\n  credentials = {", "};").lines();
        let line = all.find(|line| line.contains(&path)).unwrap();
        let name = line.split(" = ").next().unwrap().trim().trim_matches('"');
        // A service that needs no password is given none.
        let needed = between("connectionCredentials = [", "];");
        if needed.contains(&format!("\"{name}\"")) {
            fs::write(self.home.path().join("credentials").join(name), secret).unwrap();
        }
    }

    /// The script of the unit.
    pub fn script(&self) -> String {
        fs::read_to_string(self.home.path().join("script")).unwrap()
    }

    /// What a run of it shows.
    pub fn run(&self) -> Seen {
        self.run_by(&[])
    }

    /// The same by a shell with these arguments before the script.
    pub fn run_by(&self, arguments: &[&str]) -> Seen {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new("bash");
        command
            .args(arguments)
            .arg(self.home.path().join("script"))
            .env_clear()
            .env("PATH", format!("{}/bin:{path}", self.home.path().display()))
            .env("RUNTIME_DIRECTORY", self.root())
            .env(
                "CREDENTIALS_DIRECTORY",
                self.home.path().join("credentials"),
            );
        seen(&mut command, b"")
    }

    /// The arguments of everything that has been run.
    pub fn arguments(&self) -> String {
        fs::read_to_string(self.home.path().join("arguments")).unwrap()
    }

    /// The folder of the files.
    pub fn root(&self) -> PathBuf {
        self.home.path().join("run")
    }

    /// A file of a database.
    pub fn file(&self, place: usize, name: &str) -> PathBuf {
        let escaped = self.databases[place].bytes().map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("={byte:02X}"),
        });
        let folder: String = escaped.collect();
        self.root().join("s").join(folder).join(name)
    }

    /// A copy of it that everybody may read.
    pub fn copy(&self, place: usize, name: &str) -> PathBuf {
        let copy = self.home.path().join(name);
        fs::write(&copy, fs::read(self.file(place, name)).unwrap()).unwrap();
        copy
    }

    /// The variables of a database, as a shell reads them.
    pub fn variables(&self, place: usize) -> BTreeMap<String, String> {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "set -a; . \"$1\"; exec env -0", "sh"])
            .arg(self.file(place, "environment"))
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap());
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let entries = text
            .split_terminator('\0')
            .filter_map(|it| it.split_once('='));
        let known = entries.filter(|(name, _)| name.starts_with("D"));
        known
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// psql that knows nothing but its last arguments.
    pub fn psql(&self, arguments: &[&str]) -> Command {
        let mut psql = Command::new(&self.cluster.psql);
        psql.env_clear()
            .env("PGPASSFILE", "/nonexistent")
            .args(["-XAtwqc", WHO])
            .args(arguments);
        psql
    }

    /// What a command that succeeds prints.
    pub fn shown(&self, command: &mut Command) -> String {
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text.trim_end().to_owned()
    }
}

/// The program of the unit.
pub fn script(evaluator: &nix::Evaluator, module: &std::path::Path) -> String {
    let expression = format!(
        "(import {} {{
            inherit lib;
            pkgs = {{ writeText = name: text: name; coreutils = \"/coreutils\"; util-linux = \"/usr\"; writeShellScript = name: text: text; }};
            config.systemd = {{ services = {{ }}; targets = {{ }}; }};
            config.services.postgresql = {{ package = \"/pg\"; superUser = \"postgres\"; settings.port = 5432; enable = true; authentication = \"\"; identMap = \"\"; }};
          }}).config.systemd.services.dbgen-connections.serviceConfig.ExecStart",
        nix_path(module)
    );
    let value = evaluator.value(&expression);
    value
        .unwrap_or_else(|error| panic!("{error}"))
        .as_str()
        .unwrap()
        .to_owned()
}
