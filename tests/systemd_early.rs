//! Which units can't wait for a database, because services, and so the server, start after them: a real systemd is asked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/run.rs"]
mod run;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use run::Folder;
use serde_json::Value;
use support::postgres::is_root;

/// As NixOS has it.
const SERVER: &str =
    "[Unit]\nAfter=network.target\nPartOf=postgresql.target\n[Service]\nExecStart=/bin/true\n";

/// What systemd would do with its units and these: for each unit those that it is ordered after, and those that it conflicts with.
fn orders(folder: &Folder, systemd: &str) -> BTreeMap<String, [BTreeSet<String>; 2]> {
    // It only looks as nobody in particular.
    let mut command = match is_root() {
        true => {
            let mut command = Command::new("setpriv");
            command.args("--reuid=nobody --regid=nogroup --clear-groups".split(' '));
            command.arg(systemd);
            command
        }
        false => Command::new(systemd),
    };
    let output = command
        .args(["--test", "--system", "--unit=all.target"])
        .env(
            "SYSTEMD_UNIT_PATH",
            format!("{}:", folder.path("").display()),
        )
        .env("SYSTEMD_LOG_TARGET", "console")
        .env("SYSTEMD_LOG_LEVEL", "info")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let mut units = BTreeMap::new();
    let mut unit: Option<&mut [BTreeSet<String>; 2]> = None;
    for line in told.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("-> Unit ") {
            unit = Some(
                units
                    .entry(name.trim_end_matches(':').to_owned())
                    .or_default(),
            );
        } else if let Some((what, name)) = line.split_once(": ")
            && let Some(unit) = &mut unit
        {
            let place = ["After", "Conflicts"].iter().position(|it| *it == what);
            if let (Some(place), Some(name)) = (place, name.split(' ').next()) {
                unit[place].insert(name.to_owned());
            }
        }
    }
    units
}

/// Of these units, those that are refused.
fn refused(units: &[String]) -> BTreeSet<String> {
    let text = format!(
        "[services.a]\nunits = {}\n[[services.a.databases]]\ntype = \"postgresql\"\nname = \"a\"\nuser = \"a\"\n",
        serde_json::to_string(units).unwrap()
    );
    let seen = Folder::with(&[("a.toml", &text)]).run(&["check", "--output-format=json", "a.toml"]);
    let found: Value = serde_json::from_str(&seen.out).unwrap();
    let messages = found["findings"].as_array().unwrap().iter();
    let names = messages.map(|it| it["message"].as_str().unwrap().split('`').nth(1).unwrap());
    names.map(str::to_owned).collect()
}

#[test]
fn the_units_that_services_start_after_are_those_that_are_refused() {
    let test = "the_units_that_services_start_after_are_those_that_are_refused";
    let systemd = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];
    let Some(systemd) = systemd.into_iter().find(|path| Path::new(path).exists()) else {
        eprintln!("skipped: {test}: no systemd here");
        return;
    };
    let own = Path::new(systemd).with_file_name("system");
    let names = fs::read_dir(own).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kinds = [
        "target",
        "socket",
        "path",
        "timer",
        "mount",
        "automount",
        "slice",
    ];
    let names: Vec<String> = names
        .filter(|name| !name.contains('@') && kinds.contains(&name.rsplit('.').next().unwrap()))
        .collect();
    let wanted = names.join(" ");
    let folder = Folder::with(&[
        ("postgresql.service", SERVER),
        (
            "all.target",
            &format!("[Unit]\nWants=postgresql.service {wanted}\n"),
        ),
    ]);
    fs::set_permissions(folder.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    let units = orders(&folder, systemd);
    let mut before = BTreeSet::new();
    let mut open = vec!["postgresql.service"];
    while let Some(name) = open.pop() {
        for earlier in units.get(name).into_iter().flat_map(|it| &it[0]) {
            if before.insert(earlier.as_str()) {
                open.push(earlier);
            }
        }
    }
    assert!(before.contains("sysinit.target"), "{before:?}");

    let kind = |name: &str| name.rsplit('.').next().unwrap().to_owned();
    let is_early = |name: &&String| before.contains(name.as_str());
    let early: BTreeSet<&String> = names.iter().filter(is_early).collect();
    let refused = refused(&names);
    for name in &early {
        assert!(refused.contains(*name), "{name} is before the server");
    }
    // Each of another kind than these two is refused, as it is early by default.
    let by_default: BTreeSet<String> = early.iter().map(|name| kind(name)).collect();
    assert!(!by_default.contains("timer"), "{early:?}");
    // A target that is not early can be waited in, but for those of the end, with which no service can be.
    for name in refused.iter().filter(|name| !early.contains(name)) {
        let ends = units[name][0].contains("shutdown.target")
            || units["postgresql.service"][1].contains(name)
            || before
                .iter()
                .filter_map(|it| units.get(*it))
                .any(|it| it[1].contains(name));
        assert!(
            ends || by_default.contains(&kind(name)) && kind(name) != "target",
            "{name} is not before the server"
        );
    }
}
