//! Every ```console block of the README is run in a copy of the example, and shows what it says. A line `...` stands for
//! any number of lines, a line that ends in `...` for any ending.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::Command;

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
    for block in blocks {
        let folder = tempfile::tempdir().unwrap();
        let example = folder.path().join("homelab");
        copy(&root.join("examples/homelab"), &example);
        for step in block.split_inclusive('\n').fold(Vec::new(), steps) {
            let (command, expected) = step;
            let seen = run(&command, &example);
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
        let seen = run("dbgen render --check", &root.join(project));
        assert_eq!(seen, Vec::<String>::new(), "{project}");
    }
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

fn run(command: &str, folder: &Path) -> Vec<String> {
    let binary = Path::new(env!("CARGO_BIN_EXE_dbgen")).parent().unwrap();
    let path = format!(
        "{}:{}",
        binary.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}; }} 2>&1")])
        .current_dir(folder)
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
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
