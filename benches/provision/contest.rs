//! One case: who takes part, what they run, and how long each takes.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use dbgen::catalog::MAIN;
use dbgen::declaration::load::{Input, load};
use dbgen::emit::sql::{Secrets, credentials, script};
use serde_json::Value;

use crate::case::{CASES, Case, Long};
use crate::postgres::Installation;
use crate::server::{Server, output, time, write};

/// What all passwords are.
const SECRET: &str = "correct horse battery staple";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Apply,
    Plan,
    /// psql that connects to each database.
    Connect,
    /// The statements that the plan prints, alone.
    Statements,
    /// Those of them that succeed again, without looking whether they are needed.
    Again,
    /// GRANT ON ALL TABLES.
    Blind,
    /// CREATE DATABASE for each, nothing else.
    Create,
    Nixpkgs,
    PgrolesApply,
    PgrolesDiff,
}

/// Whose server it is: what one leaves behind is nothing to the others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Dbgen,
    Statements,
    Create,
    Nixpkgs,
    Pgroles,
}

impl Way {
    fn owner(self) -> Owner {
        match self {
            Way::Apply | Way::Plan | Way::Connect => Owner::Dbgen,
            Way::Statements | Way::Again | Way::Blind => Owner::Statements,
            Way::Create => Owner::Create,
            Way::Nixpkgs => Owner::Nixpkgs,
            Way::PgrolesApply | Way::PgrolesDiff => Owner::Pgroles,
        }
    }

    /// Whether it writes, however often it ran before.
    fn writes(self) -> bool {
        matches!(self, Way::Again | Way::Blind | Way::Nixpkgs)
    }
}

/// Medians in milliseconds.
pub type Times = BTreeMap<Way, f64>;

/// What came out of a case.
pub struct Outcome {
    pub cold: Times,
    pub warm: Times,
    /// Connecting, and a plan that looks at everything.
    pub anew: Times,
    /// The fewest bytes that a run with nothing to do wrote, of three: a server writes a little of its own accord.
    pub wal: u64,
    /// What one should know about it.
    pub notes: Vec<String>,
}

pub struct Contest<'a> {
    pub installation: &'a Installation,
    pub folder: &'a Path,
    pub pgroles: Option<String>,
    pub quick: bool,
    servers: BTreeMap<Owner, Server>,
    case: Case,
    notes: Vec<String>,
}

impl<'a> Contest<'a> {
    pub fn new(installation: &'a Installation, folder: &'a Path, quick: bool) -> Contest<'a> {
        Contest {
            installation,
            folder,
            pgroles: pgroles(),
            quick,
            servers: BTreeMap::new(),
            case: CASES[0],
            notes: Vec::new(),
        }
    }

    /// Measures another case on the same servers.
    pub fn run(&mut self, case: Case) -> Result<Outcome> {
        self.case = case;
        self.notes.clear();
        let script = self.dbgen_script()?;
        write(self.folder, "dbgen.sql", &script)?;
        write(self.folder, "connect.sql", &self.each("SELECT 1;"))?;
        write(self.folder, "blind.sql", &self.each(BLIND))?;
        let creates = case
            .names()
            .map(|name| format!("CREATE DATABASE {name};\n"));
        write(self.folder, "create.sql", &creates.collect::<String>())?;
        for name in case.names() {
            write(self.folder, &format!("{name}.yaml"), &case.manifest(&name))?;
        }

        let mut ways = self.cold_ways();
        for way in &ways {
            let server = self.servers.entry(way.owner());
            let server = server.or_insert_with(|| Server::start(self.installation));
            server.prepare(&case)?;
        }
        self.write_statements()?;
        let cold = self.cold(&mut ways)?;
        if !self.changes(Owner::Statements)?.is_empty() {
            self.note("the statements alone lead to another state");
        }
        if !self.changes(Owner::Dbgen)?.is_empty() {
            self.note("dbgen has still something to do");
        }

        let mut warm_ways = self.warm_ways(&ways);
        let owners: BTreeSet<Owner> = warm_ways.iter().map(|way| way.owner()).collect();
        for owner in owners {
            self.server(owner)?.settle(&case)?;
        }
        let wal = self.wal()?;
        let turns = if self.quick { 5 } else { 11 };
        let warm = self.turns(turns, &mut warm_ways)?;
        self.server(Owner::Dbgen)?.forget()?;
        self.server(Owner::Dbgen)?.settle(&case)?;
        let anew = self.turns(turns, &mut vec![Way::Connect, Way::Plan])?;
        Ok(Outcome {
            cold,
            warm,
            anew,
            wal,
            notes: std::mem::take(&mut self.notes),
        })
    }

    fn cold_ways(&self) -> Vec<Way> {
        let mut ways = vec![Way::Apply, Way::Statements];
        let case = self.case;
        if self.quick && case.long == Long::Peers {
            return ways;
        }
        if case.tables == 0 {
            ways.push(Way::Create);
        }
        if case.passwords == 0 && case.tables < 10_000 {
            ways.push(Way::Nixpkgs);
        }
        if self.pgroles.is_some() && case.permissions > 0 {
            ways.push(Way::PgrolesApply);
        }
        ways
    }

    fn warm_ways(&self, cold: &[Way]) -> Vec<Way> {
        let mut ways = vec![Way::Apply, Way::Connect, Way::Plan];
        ways.push(match self.case.tables {
            10_000.. => Way::Blind,
            _ => Way::Again,
        });
        for way in cold {
            match way {
                Way::Nixpkgs => ways.push(*way),
                Way::PgrolesApply => ways.extend([*way, Way::PgrolesDiff]),
                _ => {}
            }
        }
        ways
    }

    /// Everyone in turns, each from the state before the first run. Who can't do it is named and left out.
    fn cold(&mut self, ways: &mut Vec<Way>) -> Result<Times> {
        let turns = match (self.quick, self.case.databases) {
            (true, 0..=5) => 3,
            (_, 500..) | (true, _) => 1,
            (false, _) => 5,
        };
        let mut times = BTreeMap::<Way, Vec<f64>>::new();
        for _ in 0..turns {
            for way in ways.clone() {
                self.server(way.owner())?.reset(&self.case)?;
                match self.time(way) {
                    Ok(took) => times.entry(way).or_default().push(took),
                    Err(why) => self.leave_out(ways, way, &why)?,
                }
                if way == Way::Create {
                    self.server(Owner::Create)?.reset(&self.case)?;
                }
            }
        }
        Ok(medians(times))
    }

    fn turns(&mut self, turns: usize, ways: &mut Vec<Way>) -> Result<Times> {
        let long = |way: Way| self.case.databases >= 500 && way == Way::Nixpkgs;
        let mut times = BTreeMap::<Way, Vec<f64>>::new();
        for turn in 0..turns {
            for way in ways.clone() {
                if long(way) && turn > 2 {
                    continue;
                }
                match self.time(way) {
                    Ok(took) => times.entry(way).or_default().push(took),
                    Err(why) => {
                        ways.retain(|other| *other != way);
                        self.notes.push(format!("{way:?} is left out: {why:#}"));
                    }
                }
                if way.writes() {
                    self.server(way.owner())?.settle(&self.case)?;
                }
            }
        }
        Ok(medians(times))
    }

    fn leave_out(&mut self, ways: &mut Vec<Way>, way: Way, why: &anyhow::Error) -> Result<()> {
        if way.owner() == Owner::Dbgen {
            bail!("{}: {why:#}", self.case.title);
        }
        ways.retain(|other| *other != way);
        self.notes.push(format!("{way:?} is left out: {why:#}"));
        Ok(())
    }

    fn note(&mut self, note: &str) {
        self.notes.push(note.to_owned());
    }

    fn server(&self, owner: Owner) -> Result<&Server> {
        self.servers
            .get(&owner)
            .context("a server that was started")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn time(&self, way: Way) -> Result<f64> {
        let server = self.server(way.owner())?;
        let psql = |name: &str| vec![server.script(&self.file(name), &["ON_ERROR_STOP=1"])];
        let dbgen = |mode: &str| vec![server.script(&self.file("dbgen.sql"), &[mode])];
        time(match way {
            Way::Apply => dbgen("mode=apply"),
            Way::Plan => dbgen("mode=plan"),
            Way::Connect => psql("connect.sql"),
            Way::Statements => psql("statements.sql"),
            Way::Again => psql("again.sql"),
            Way::Blind => psql("blind.sql"),
            Way::Create => psql("create.sql"),
            Way::Nixpkgs => {
                let mut setup = server.program(NIXPKGS);
                setup.args(self.case.names());
                vec![setup]
            }
            Way::PgrolesApply => self.pgroles(server, &["apply", "--mode", "additive"]),
            Way::PgrolesDiff => {
                self.pgroles(server, &["diff", "--mode", "additive", "--no-exit-code"])
            }
        })
    }

    fn pgroles(&self, server: &Server, args: &[&str]) -> Vec<Command> {
        let each = self.case.names().map(|name| {
            let mut command = server.program(self.pgroles.as_deref().unwrap_or_default());
            command
                .args(args)
                .arg("--file")
                .arg(self.file(&format!("{name}.yaml")))
                .args(["--database-url", &server.url(&name)]);
            command
        });
        each.collect()
    }

    /// The fewest bytes that one of three runs with nothing to do adds to the log of changes.
    fn wal(&self) -> Result<u64> {
        let mut fewest = u64::MAX;
        for _ in 0..3 {
            let before = self.server(Owner::Dbgen)?.written()?;
            self.time(Way::Apply)?;
            fewest = fewest.min(self.server(Owner::Dbgen)?.written()? - before);
        }
        Ok(fewest)
    }

    /// The program, from the declaration.
    fn dbgen_script(&self) -> Result<String> {
        let declaration = write(self.folder, "bench.toml", &self.case.declaration())?;
        let loaded = load(&Input {
            paths: vec![declaration],
            ..Input::default()
        })?;
        let findings: Vec<_> = loaded.findings.iter().map(|it| &it.message).collect();
        let catalog = loaded.catalog.with_context(|| format!("{findings:?}"))?;
        let instance = catalog.instances.get(MAIN).context("an instance")?;
        for credential in credentials(instance) {
            write(self.folder, &credential.name, SECRET)?;
        }
        let folder = self.folder.display().to_string();
        Ok(script(instance, &Secrets::Directory(&folder)))
    }

    /// Something in each database, by one psql.
    fn each(&self, sql: &str) -> String {
        let each = self.case.names().map(|name| {
            let sql = sql.replace("@name@", &name);
            format!("\\connect {name}\n{sql}\n")
        });
        each.collect()
    }

    /// The changes that a plan prints, with the database that each belongs to.
    fn changes(&self, owner: Owner) -> Result<Vec<(Option<String>, String)>> {
        let plan = ["mode=plan", "format=json"];
        let plan = self.server(owner)?.script(&self.file("dbgen.sql"), &plan);
        let mut changes = Vec::new();
        for line in output(plan)?.lines() {
            let report: Value = serde_json::from_str(line).context("a report in JSON")?;
            let database = report["database"].as_str();
            for step in report["steps"].as_array().into_iter().flatten() {
                if step["kind"] == "change" {
                    let sql = step["sql"].as_str().context("a statement")?;
                    // Who does it without looking gives the server the password itself.
                    let sql = sql.replace("<SCRAM verifier>", SECRET);
                    changes.push((database.map(str::to_owned), sql));
                }
            }
        }
        Ok(changes)
    }

    /// The statements of a plan made before the first run, one transaction in each database like dbgen's.
    fn write_statements(&self) -> Result<()> {
        self.server(Owner::Dbgen)?.reset(&self.case)?;
        let changes = self.changes(Owner::Dbgen)?;
        let again: Vec<_> = changes
            .iter()
            .filter(|(_, sql)| !sql.starts_with("CREATE "))
            .cloned()
            .collect();
        write(self.folder, "statements.sql", &one_script(&changes))?;
        write(self.folder, "again.sql", &one_script(&again))?;
        Ok(())
    }
}

const NIXPKGS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/peers/nixpkgs-setup.sh"
);

const BLIND: &str = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO @name@_reader;";

/// The command, where `cargo install --root target/tools pgroles-cli` leaves it, or on PATH.
fn pgroles() -> Option<String> {
    let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/bin/pgroles");
    let candidates = [installed, "pgroles"];
    let found = candidates.into_iter().find(|program| {
        let mut command = Command::new(program);
        output_of_version(&mut command)
    });
    found.map(str::to_owned)
}

fn output_of_version(command: &mut Command) -> bool {
    let output = command.arg("--version").output();
    output.is_ok_and(|output| output.status.success())
}

/// The statements for one psql.
fn one_script(changes: &[(Option<String>, String)]) -> String {
    let mut script = String::new();
    let mut within: &Option<String> = &None;
    for (database, sql) in changes {
        if database != within {
            if within.is_some() {
                script += "COMMIT;\n";
            }
            if let Some(database) = database {
                script += &format!("\\connect {database}\nBEGIN;\n");
            }
            within = database;
        }
        script += sql;
        script += ";\n";
    }
    if within.is_some() {
        script += "COMMIT;\n";
    }
    script
}

fn medians(times: BTreeMap<Way, Vec<f64>>) -> Times {
    let medians = times.into_iter().map(|(way, times)| (way, median(times)));
    medians.collect()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
