//! Metrics of the program: the same series at each run, so that an alert can tell zero from nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/provision.rs"]
mod provision;
#[path = "support/run.rs"]
mod run;
mod support;

use std::collections::BTreeSet;
use std::fs;

use provision::{Mode, Program, Run, each_quiet};
use serde_json::json;
use support::postgres::Cluster;

const KINDS: [&str; 5] = ["change", "found", "blocked", "pending", "failed"];

/// The samples that one run writes.
fn samples(cluster: &Cluster, program: &Program, mode: Mode, format: &str) -> Vec<(String, u64)> {
    let path = cluster.socket.join("metrics.prom");
    let metrics = format!("metrics={}", path.display());
    Run::of(program.start_with(cluster, "postgres", mode, &["-v", format, "-v", &metrics]));
    let text = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let samples = text
        .lines()
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        })
        .filter(|(series, _): &(String, u64)| !series.contains("\"creation\""));
    samples.collect()
}

/// What every run has.
fn series() -> BTreeSet<String> {
    let scopes = [
        ("roles", ""),
        ("databases", ""),
        ("contents", "app"),
        ("contents", "other"),
    ];
    let of = |(scope, database)| {
        let labels = format!("scope=\"{scope}\",database=\"{database}\"");
        let drift = KINDS.map(|kind| format!("dbgen_drift{{{labels},kind=\"{kind}\"}}"));
        [format!("dbgen_statements{{{labels}}}")]
            .into_iter()
            .chain(drift)
    };
    scopes.into_iter().flat_map(of).collect()
}

#[test]
fn every_run_has_every_series_once() {
    each_quiet("every_run_has_every_series_once", |cluster| {
        let database = |name: &str| json!({ "type": "postgresql", "name": name, "user": "owner" });
        let declared = |databases| json!({ "services": { "app": { "databases": databases } } });
        let program = Program::of(&declared([database("app"), database("other")]));
        let mut broken = database("app");
        broken["hooks"] = json!({ "after": [{ "sql": "SELECT 1 / 0", "unless": "SELECT false" }] });
        let broken = Program::of(&declared([broken, database("other")]));
        let runs = [
            ("a first run", &program, Mode::Apply),
            ("a second run", &program, Mode::Apply),
            ("a run with nothing to look at", &program, Mode::Apply),
            ("a plan", &program, Mode::Plan),
            ("a run that fails", &broken, Mode::Apply),
        ];
        for (what, program, mode) in runs {
            for format in ["format=text", "format=json"] {
                let found = samples(cluster, program, mode, format);
                let names: BTreeSet<String> = found.iter().map(|(name, _)| name.clone()).collect();
                let what = format!("{what}, {format}, on {}", cluster.major);
                assert_eq!(names.len(), found.len(), "{what}");
                assert_eq!(names, series(), "{what}");
            }
        }
    });
}
