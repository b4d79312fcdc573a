//! The provisioning program on a real server, against what people would run instead and against the aims:
//! `cargo bench --bench provision`; words after `--` choose the cases whose titles hold one of them.
//!
//! All take turns in one run, and the medians of the time that passes are compared: cold (nothing of it is declared
//! yet; where a case has tables, its databases and tables are there), again with nothing to do, and as a plan. Everyone
//! has a server of its own, of the newest version that Debian's packages or `DBGEN_POSTGRES_BINS` hold together with
//! psql, over the socket, and that psql runs every script. The servers do without fsync, so that what is compared is work and not
//! the disk; `DBGEN_BENCH_FSYNC=1` has it on, as a server in use does.
//!
//! - connections: one psql that connects to each database for a `SELECT 1`, which nothing can be faster than;
//! - the statements alone: what dbgen's plan prints, in one psql, one transaction for each database; it is verified
//!   that they lead to the same state. `again`: those of them that succeed a second time, executed without looking;
//! - CREATE DATABASE alone, in one session;
//! - the set-up of services.postgresql in NixOS for the same databases and their owners (`peers/nixpkgs-setup.sh`);
//! - `pgroles` (`cargo install --locked --root target/tools pgroles-cli`), one run for each database, with the same roles
//!   and grants. It is named and left out where it is not installed.
//!
//! `anew` is a plan that remembers no database, so that it looks at all of each. `DBGEN_BENCH_QUICK=1` takes fewer turns,
//! and of 500 databases only dbgen and the statements. Nothing fails when an aim is missed: it is told, in the last column.

use std::env;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Context, Result};

#[path = "provision/case.rs"]
mod case;
#[path = "provision/contest.rs"]
mod contest;
#[path = "../tests/support/postgres.rs"]
#[allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
mod postgres;
#[path = "provision/server.rs"]
mod server;

use case::{CASES, Case};
use contest::{Contest, Outcome, Times, Way};

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    if !args.iter().any(|arg| arg == "--bench") {
        // `cargo test --all-targets` comes here too, and no test measures time.
        println!("nothing is measured: run `cargo bench --bench provision`");
        return Ok(());
    }
    let words: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    let chosen =
        |case: &&Case| words.is_empty() || words.iter().any(|word| case.title.contains(*word));
    let cases: Vec<Case> = CASES.iter().filter(chosen).copied().collect();
    let mut installations = postgres::installations();
    installations.retain(|installation| installation.bin.join("psql").exists());
    let Some(installation) = installations.pop() else {
        println!("nothing is measured: no PostgreSQL server with psql is installed");
        return Ok(());
    };
    let folder = tempfile::tempdir().context("no folder for the scripts")?;
    // The server reads secrets in it.
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
    let quick = env::var_os("DBGEN_BENCH_QUICK").is_some();
    let mut contest = Contest::new(&installation, folder.path(), quick);
    println!(
        "PostgreSQL {}{}",
        installation.major,
        if quick { ", few turns" } else { "" }
    );
    if contest.pgroles.is_none() {
        println!("left out: `pgroles` is not installed");
    }
    println!(
        "{:<46}{:>11}{:>11}{:>9}{:>7}",
        "", "dbgen", "other", "ratio", "aim"
    );
    for case in cases {
        let outcome = contest.run(case)?;
        show(&case, &outcome);
    }
    Ok(())
}

/// Prints the rows of a case.
fn show(case: &Case, outcome: &Outcome) {
    println!("{}", case.title);
    let cold = [
        (Way::Statements, "the statements alone", Some(1.5)),
        (Way::Create, "CREATE DATABASE alone", None),
        (Way::Nixpkgs, "nixpkgs' set-up", None),
        (Way::PgrolesApply, "pgroles apply", None),
    ];
    rows("cold", Way::Apply, &outcome.cold, &cold);
    // A password has to be derived 4,096 times to be compared, which connections do not do.
    let floor = (case.passwords == 0).then_some(2.0);
    let at_200 = (case.databases * case.permissions == 200).then_some(0.25);
    let again = [
        (Way::Connect, "connections", floor),
        (Way::Again, "the statements again", None),
        (Way::Blind, "GRANT ON ALL TABLES", Some(0.2)),
        (Way::Nixpkgs, "nixpkgs' set-up", None),
        (Way::PgrolesApply, "pgroles apply", at_200),
    ];
    rows("no-op", Way::Apply, &outcome.warm, &again);
    let plan = [
        (Way::Connect, "connections", None),
        (Way::PgrolesDiff, "pgroles diff", None),
    ];
    rows("plan", Way::Plan, &outcome.warm, &plan);
    let anew = [(Way::Connect, "connections", None)];
    rows("plan anew", Way::Plan, &outcome.anew, &anew);
    let verdict = if outcome.wal == 0 { "" } else { "  missed" };
    println!(
        "{:<46}{:>11}{:>20}{:>7}{verdict}",
        "  no-op, bytes of WAL", outcome.wal, "", 0
    );
    for note in &outcome.notes {
        println!("  note: {note}");
    }
}

fn rows(what: &str, ours: Way, times: &Times, others: &[(Way, &str, Option<f64>)]) {
    let Some(dbgen) = times.get(&ours) else {
        return;
    };
    for (way, name, aim) in others {
        let Some(other) = times.get(way) else {
            continue;
        };
        let ratio = dbgen / other;
        let shown = aim.map_or("-".to_owned(), |aim| aim.to_string());
        let verdict = match aim {
            Some(aim) if ratio > *aim => "  missed",
            _ => "",
        };
        println!(
            "{:<46}{:>11}{:>11}{ratio:>9.3}{shown:>7}{verdict}",
            format!("  {what}, {name}"),
            millis(*dbgen),
            millis(*other)
        );
    }
}

fn millis(time: f64) -> String {
    format!("{time:.1} ms")
}
