//! The convergence program: made by the real binary, run by psql on a real server, its report read back.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::Value;

use super::run::Folder;
use super::support::postgres::{Cluster, Installation, installations};

/// The program's text.
#[derive(Clone)]
pub struct Program(pub String);

/// Whether the program changes the server or only says what it would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Apply,
    Plan,
}

/// One step of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub kind: String,
    pub object: String,
    pub sql: String,
    pub why: String,
}

/// What was done, or would be, in one scope: the roles, the databases, or the contents of one database.
#[derive(Clone, Debug)]
pub struct Scope {
    pub scope: String,
    pub database: Option<String>,
    pub steps: Vec<Step>,
}

/// What came of a run.
#[derive(Debug)]
pub struct Run {
    pub status: Option<i32>,
    pub scopes: Vec<Scope>,
    pub out: String,
    pub err: String,
}

/// A server on which nothing writes by itself: what the log of writes grows by is what the program wrote.
pub const QUIET: &[(&str, &str)] = &[
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("autovacuum", "off"),
    ("checkpoint_timeout", "1h"),
];

/// Runs `body` on a quiet server of each installed major version, two servers at a time.
pub fn each_quiet(test: &str, body: impl Fn(&Cluster) + Sync) {
    each_with(test, QUIET, body);
}

/// Runs `body` on a server of each installed major version with these settings, two servers at a time.
pub fn each_with(test: &str, settings: &[(&str, &str)], body: impl Fn(&Cluster) + Sync) {
    let found = installations();
    if found.is_empty() {
        eprintln!("skipped: {test}: no PostgreSQL server is installed");
    }
    let chosen: Vec<Installation> = match std::env::var("DBGEN_POSTGRES_MAJOR") {
        Ok(major) => {
            let mut chosen = found;
            chosen.retain(|installation| installation.major.to_string() == major);
            assert!(!chosen.is_empty(), "no PostgreSQL {major} is installed");
            chosen
        }
        Err(_) => found,
    };
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    let Some(installation) = chosen.get(at) else {
                        return;
                    };
                    body(&Cluster::start(installation, settings));
                }
            });
        }
    });
}

impl Program {
    /// The program of these declarations, a JSON text.
    pub fn of(declarations: &Value) -> Program {
        Program::try_of(declarations)
            .unwrap_or_else(|findings| panic!("{findings}\n{declarations:#}"))
    }

    /// The program of these declarations, or the findings.
    pub fn try_of(declarations: &Value) -> Result<Program, String> {
        let folder = Folder::with(&[("app.json", &declarations.to_string())]);
        let seen = folder.run(&["sql", "--output-format", "concise", "app.json"]);
        match seen.status {
            Some(0) => Ok(Program(mutated(seen.out))),
            _ => Err(seen.err),
        }
    }

    /// The program that reads passwords from a folder, and the file of each role that has one.
    pub fn with_secrets(declarations: &Value, folder: &Path) -> (Program, Vec<(String, PathBuf)>) {
        let declared = Folder::with(&[("app.json", &declarations.to_string())]);
        let directory = folder.to_str().unwrap();
        let seen = declared.run(&["sql", "--secrets-directory", directory, "app.json"]);
        assert_eq!(seen.status, Some(0), "{}", seen.err);
        let files = seen.err.lines().filter_map(|line| {
            let (role, path) = line
                .strip_prefix("dbgen: note: the password of `")?
                .split_once("` is read from `")?;
            Some((role.to_owned(), path.strip_suffix('`')?.into()))
        });
        (Program(mutated(seen.out)), files.collect())
    }

    /// Starts psql with the program.
    pub fn start(&self, cluster: &Cluster, user: &str, mode: Mode) -> Child {
        self.start_with(cluster, user, mode, &[])
    }

    /// Starts psql with the program and more arguments.
    pub fn start_with(&self, cluster: &Cluster, user: &str, mode: Mode, more: &[&str]) -> Child {
        let mode = match mode {
            Mode::Apply => "mode=apply",
            Mode::Plan => "mode=plan",
        };
        let fixed = ["-XqAt", "-v", mode, "-v", "format=json", "-f", "-"];
        let mut psql = cluster.client(&[&fixed[..], more].concat(), "postgres", user, None);
        let mut child = psql
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut stdin, text) = (child.stdin.take().unwrap(), self.0.clone());
        // A psql that ends early does not read it all.
        std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        child
    }

    /// Runs the program as the superuser.
    pub fn run(&self, cluster: &Cluster, mode: Mode) -> Run {
        Run::of(self.start(cluster, "postgres", mode))
    }

    /// Runs the program as the superuser: it must succeed.
    pub fn apply(&self, cluster: &Cluster) -> Run {
        let run = self.run(cluster, Mode::Apply);
        assert_eq!(
            run.status,
            Some(0),
            "{} ({})\n{run}",
            cluster.socket.display(),
            cluster.major
        );
        run
    }

    /// What the program would do, which must be found out without an error.
    pub fn plan(&self, cluster: &Cluster) -> Run {
        let run = self.run(cluster, Mode::Plan);
        assert!(
            run.status.is_some_and(|status| status == 0),
            "{} ({})\n{run}",
            cluster.socket.display(),
            cluster.major
        );
        run
    }
}

impl Run {
    /// Waits for the end of a run.
    pub fn of(child: Child) -> Run {
        let output = child.wait_with_output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let mut scopes: Vec<Scope> = Vec::new();
        // A scope may report more than once, as what can't be done in a transaction is done before it.
        for found in out.lines().filter_map(scope) {
            match scopes
                .iter_mut()
                .find(|scope| (&scope.scope, &scope.database) == (&found.scope, &found.database))
            {
                Some(scope) => scope.steps.extend(found.steps),
                None => scopes.push(found),
            }
        }
        Run {
            status: output.status.code(),
            scopes,
            out,
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The steps of a kind, each with the scope and database in front.
    pub fn of_kind(&self, kind: &str) -> Vec<String> {
        let mut found = Vec::new();
        for scope in &self.scopes {
            let place = scope.database.as_deref().unwrap_or(&scope.scope);
            let steps = scope.steps.iter().filter(|step| step.kind == kind);
            found.extend(steps.map(|step| match kind {
                "change" => format!("{place}: {}", step.sql),
                _ => format!("{place}: {}: {}: {}", step.object, step.sql, step.why),
            }));
        }
        found
    }

    /// The statements that were executed, or would be.
    pub fn changes(&self) -> Vec<String> {
        self.of_kind("change")
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "status {:?}\n{}\n{}", self.status, self.out, self.err)
    }
}

fn scope(line: &str) -> Option<Scope> {
    let report: Value = serde_json::from_str(line).ok()?;
    if report["version"] != 1 {
        return None;
    }
    let text = |of: &Value, field: &str| of[field].as_str().map(str::to_owned);
    let steps = report["steps"].as_array()?;
    Some(Scope {
        scope: text(&report, "scope")?,
        database: text(&report, "database"),
        steps: steps
            .iter()
            .map(|step| Step {
                kind: text(step, "kind").unwrap(),
                object: text(step, "object").unwrap_or_default(),
                sql: text(step, "sql").unwrap_or_default(),
                why: text(step, "why").unwrap_or_default(),
            })
            .collect(),
    })
}

/// A name as SQL writes it.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL writes it, whatever `standard_conforming_strings` says.
pub fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// The databases that a client may enter.
pub fn databases(cluster: &Cluster) -> Vec<String> {
    let listed = cluster.sql(
        "postgres",
        "SELECT json_agg(datname ORDER BY oid) FROM pg_database WHERE datallowconn",
    );
    serde_json::from_str(&listed).unwrap()
}

/// Makes the next read of any catalog one that writes nothing: without it, a reader may set hint bits and prune pages,
/// which is WAL too where pages have checksums (the default from 18).
pub fn settle(cluster: &Cluster) {
    for database in databases(cluster) {
        // With few dead rows it would leave their index entries, which a reader then marks.
        cluster.sql(&database, "VACUUM (INDEX_CLEANUP ON)");
    }
    cluster.sql("postgres", "CHECKPOINT");
}

/// Where the log of writes ends.
pub fn wal(cluster: &Cluster) -> String {
    cluster.sql("postgres", "SELECT pg_current_wal_insert_lsn()")
}

/// Version and place of each row of each catalog that the program may write, in every database.
pub fn rows(cluster: &Cluster) -> Vec<String> {
    let shared = "pg_authid pg_auth_members pg_database pg_db_role_setting pg_tablespace pg_shdescription pg_shdepend";
    let own = "pg_class pg_attribute pg_attrdef pg_namespace pg_proc pg_type pg_language pg_foreign_data_wrapper \
        pg_foreign_server pg_largeobject_metadata pg_default_acl pg_extension pg_depend pg_description pg_init_privs";
    let mut found = Vec::new();
    let mut note = |database: &str, catalogs: &str| {
        let each: Vec<String> = catalogs
            .split_whitespace()
            .map(|catalog| {
                format!("SELECT '{catalog}', md5(string_agg(xmin || ' ' || xmax || ctid, ',' ORDER BY ctid)) FROM {catalog}")
            })
            .collect();
        let seen = cluster.sql(database, &each.join(" UNION ALL "));
        found.extend(seen.lines().map(|line| format!("{database}: {line}")));
    };
    note("postgres", shared);
    if cluster.major >= 15 {
        note("postgres", "pg_parameter_acl");
    }
    for database in databases(cluster) {
        note(&database, own);
    }
    // A server may look at several catalogs at once.
    found.sort();
    found
}

/// The program with the mutation that `tests/mutate` asks for.
fn mutated(script: String) -> String {
    let Ok(from) = std::env::var("DBGEN_MUTATE_FROM") else {
        return script;
    };
    assert!(script.contains(&from), "`{from}` is not in the program");
    script.replace(&from, &std::env::var("DBGEN_MUTATE_TO").unwrap())
}
