//! Every ```console block of the README is run in a copy of the example, and shows what it says. A line `...` stands for
//! any number of lines, a line that ends in `...` for any ending.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::postgres::{Cluster, newest};

#[test]
fn the_readme_shows_what_happens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let blocks: Vec<&str> = readme
        .split("```console\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(blocks.len() >= 5);
    let server = newest("the_readme_shows_what_happens: the blocks that need a server");
    let server = server.map(|installation| Cluster::start_tcp(&installation, &[]));
    for block in blocks {
        let needs_server = ["dbgen plan", "dbgen apply"];
        if server.is_none() && needs_server.iter().any(|command| block.contains(command)) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let example = folder.path().join("homelab");
        copy(&root.join("examples/homelab"), &example);
        if block.contains("services/wiki.toml") {
            fs::write(example.join("services/wiki.toml"), wiki(&readme)).unwrap();
        }
        for step in block.split_inclusive('\n').fold(Vec::new(), steps) {
            let (command, expected) = step;
            let seen = run(&command, &example, server.as_ref());
            assert!(
                fits(&expected, &seen),
                "$ {command}\n--- the README says\n{}\n--- seen\n{}",
                expected.join("\n"),
                seen.join("\n")
            );
        }
    }
}

#[test]
fn the_committed_modules_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for project in ["examples/homelab", "nix/template"] {
        let seen = run("dbgen render --check", &root.join(project), None);
        assert_eq!(seen, Vec::<String>::new(), "{project}");
    }
}

/// The declaration that the README shows.
fn wiki(readme: &str) -> &str {
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    rest.split("```").next().unwrap()
}

fn steps(mut steps: Vec<(String, Vec<String>)>, line: &str) -> Vec<(String, Vec<String>)> {
    let line = line.trim_end_matches('\n');
    match line.strip_prefix("$ ") {
        Some(command) => steps.push((command.to_owned(), Vec::new())),
        None => steps
            .last_mut()
            .expect("a block begins with a command")
            .1
            .push(line.to_owned()),
    }
    steps
}

/// What the command prints, with libpq's environment leading to the server.
fn run(command: &str, folder: &Path, server: Option<&Cluster>) -> Vec<String> {
    let binary = Path::new(env!("CARGO_BIN_EXE_dbgen")).parent().unwrap();
    let path = format!(
        "{}:{}",
        binary.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{{ {command}; }} 2>&1")]);
    shell.current_dir(folder).env("PATH", path);
    shell.env("NO_COLOR", "1").env("PGUSER", "postgres");
    if let Some(server) = server {
        shell
            .env("PGHOST", &server.socket)
            .env("PGPORT", server.port.to_string());
    }
    let output = shell.output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn fits(expected: &[String], seen: &[String]) -> bool {
    let Some((first, rest)) = expected.split_first() else {
        return seen.is_empty();
    };
    if first == "..." {
        return (0..=seen.len()).any(|skipped| fits(rest, &seen[skipped..]));
    }
    let Some((line, others)) = seen.split_first() else {
        return false;
    };
    let same = match first.strip_suffix("...") {
        Some(beginning) => line.starts_with(beginning),
        None => line.trim_end() == first.trim_end(),
    };
    same && fits(rest, others)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_name() != "postgresql.nix" {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
