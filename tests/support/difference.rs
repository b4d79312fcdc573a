//! One part of the convergence program alone: its difference within the engine, run by psql on a real server.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::support::postgres::{Cluster, installations};

/// A server on which nothing but the test writes, and where a literal without care is another one.
const QUIET: &[(&str, &str)] = &[
    ("standard_conforming_strings", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("autovacuum", "off"),
    ("checkpoint_timeout", "1h"),
];

/// Runs `body` on a quiet server of each installed major version, all at once.
pub fn each_quiet(test: &str, body: impl Fn(&Cluster) + Sync) {
    let found = installations();
    if found.is_empty() {
        eprintln!("skipped: {test}: no PostgreSQL server is installed");
    }
    std::thread::scope(|scope| {
        for installation in &found {
            let body = &body;
            scope.spawn(move || body(&Cluster::start(installation, QUIET)));
        }
    });
}

/// The engine with the difference of `templates/provision/<part>.sql`.
pub struct Difference {
    program: String,
    /// What fails where nothing smaller does.
    whole: String,
}

/// A step of a plan, or one that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub kind: String,
    pub object: String,
    pub sql: Option<String>,
    pub why: Option<String>,
    /// In which round it was taken; none of a plan's.
    pub pass: Option<u64>,
}

impl Difference {
    pub fn of(part: &str) -> Difference {
        let read = |name: &str| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/provision");
            fs::read_to_string(folder.join(name)).unwrap()
        };
        let difference = read(&format!("{part}.sql"))
            .replace("-- @fixed\n", &read("fixed.sql"))
            .replace("-- @way\n", &read("way.sql"));
        let engine = read("engine.sql").replace("-- @difference", &difference);
        assert!(engine.contains(difference.trim_end()));
        Difference {
            program: engine,
            whole: part.to_owned(),
        }
    }

    /// The same with a text replaced that must be there once.
    pub fn with(&self, text: &str, replacement: &str) -> Difference {
        assert_eq!(self.program.matches(text).count(), 1, "{text}");
        Difference {
            program: self.program.replace(text, replacement),
            whole: self.whole.clone(),
        }
    }

    /// What would be done.
    pub fn plan(&self, cluster: &Cluster, desired: &Value) -> Vec<Step> {
        self.run(cluster, "plan", desired)
    }

    /// What was done, and what was left.
    pub fn apply(&self, cluster: &Cluster, desired: &Value) -> Vec<Step> {
        self.run(cluster, "apply", desired)
    }

    fn run(&self, cluster: &Cluster, mode: &str, desired: &Value) -> Vec<Step> {
        let output = self.run_as(cluster, "postgres", mode, desired);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{}: {error}\n{desired:#}",
            cluster.major
        );
        assert_eq!(error, "", "{}", cluster.major);
        let steps: Value = serde_json::from_slice(&output.stdout).unwrap();
        steps
            .as_array()
            .unwrap()
            .iter()
            .map(|step| {
                let text = |key: &str| step[key].as_str().map(str::to_owned);
                Step {
                    kind: text("kind").unwrap(),
                    object: text("object").unwrap_or_default(),
                    sql: text("sql"),
                    why: text("why"),
                    pass: step["pass"].as_u64(),
                }
            })
            .collect()
    }

    /// What psql prints of it, as another user.
    pub fn run_as(&self, cluster: &Cluster, user: &str, mode: &str, desired: &Value) -> Output {
        cluster.psql("postgres", user, None, &self.script(mode, desired))
    }

    /// For psql: the session, the transaction, and what is printed of it.
    pub fn script(&self, mode: &str, desired: &Value) -> String {
        let document = desired.to_string().replace('\'', "''");
        let access = if mode == "plan" { "READ ONLY" } else { "" };
        format!(
            "SET standard_conforming_strings = on;\n\
             SET search_path = pg_catalog;\n\
             SET client_min_messages = warning;\n\
             SELECT set_config('dbgen.mode', '{mode}', false) AS a, set_config('dbgen.desired', '{document}', false) AS b,
             set_config('dbgen.object', '{whole}', false) AS c \\gset\n\
             BEGIN {access};\n{program}\nCOMMIT;\n\
             SELECT current_setting('dbgen.steps');\n",
            program = self.program,
            whole = self.whole
        )
    }

    /// Brings the server to what is desired and returns the statements. On the way: a plan writes nothing and tells exactly
    /// what is then done, in one round; after it nothing is left, and a second run writes neither to the tables that
    /// `rows` reads nor to the log.
    pub fn converge(
        &self,
        cluster: &Cluster,
        desired: &Value,
        rows: impl Fn(&Cluster) -> String,
    ) -> Vec<String> {
        let major = cluster.major;
        let before = rows(cluster);
        let plan = self.plan(cluster, desired);
        assert_eq!(before, rows(cluster), "{major}: a plan writes");
        let done = self.apply(cluster, desired);
        let failed = done.iter().find(|step| step.kind == "failed");
        assert_eq!(failed, None, "{major}: {desired:#}");
        let changes = changes(&done);
        assert_eq!(
            self::changes(&plan),
            changes,
            "{major}: the plan is not what is done"
        );
        assert!(
            done.iter()
                .all(|step| step.pass.is_none_or(|pass| pass == 1)),
            "{major}: {done:#?}"
        );
        let left = self.plan(cluster, desired);
        assert_eq!(self::changes(&left), [""; 0], "{major}: something is left");
        let position = || cluster.sql("postgres", "SELECT pg_current_wal_insert_lsn()");
        let (before, at) = (rows(cluster), position());
        let again = self.apply(cluster, desired);
        assert_eq!(
            at,
            position(),
            "{major}: a run without steps writes to the log"
        );
        assert_eq!(before, rows(cluster), "{major}: a run without steps writes");
        assert_eq!(left, again, "{major}");
        changes
    }
}

/// The statements of the changes, in order.
pub fn changes(steps: &[Step]) -> Vec<String> {
    of_kind(steps, "change")
}

/// The statements of the steps of a kind, or their objects.
pub fn of_kind(steps: &[Step], kind: &str) -> Vec<String> {
    steps
        .iter()
        .filter(|step| step.kind == kind)
        .map(|step| step.sql.clone().unwrap_or_else(|| step.object.clone()))
        .collect()
}
