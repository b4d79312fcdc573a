//! Each folder under `tests/cases/` is a requirement: its files are the input, `command` (one command line per line,
//! default `dbgen check .`) is what a person types there, and `expected.snap` is all that the person sees.
//! After a wanted change: `INSTA_UPDATE=always cargo test --test cases`, and read the difference.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_case_shows_what_is_expected() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut names: Vec<_> = fs::read_dir(&cases)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    assert!(!names.is_empty());
    let mut failed = Vec::new();
    for case in names.iter().filter(|path| path.is_dir()) {
        let seen = run(case);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(case);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let compare = || settings.bind(|| insta::assert_snapshot!("expected", seen));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(compare));
        if outcome.is_err() {
            failed.push(case.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    assert!(
        failed.is_empty(),
        "cases that show something else: {failed:?}"
    );
}

/// What a person sees who types the case's commands in its folder. The folder itself stays as it is: the commands run in a copy.
fn run(case: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    copy(case, folder.path());
    let commands =
        fs::read_to_string(case.join("command")).unwrap_or_else(|_| "dbgen check .\n".to_owned());
    let mut seen = String::new();
    for command in commands.lines() {
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(folder.path())
            .env("PATH", path_with_dbgen())
            .env_remove("DBGEN_OUTPUT_FORMAT")
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        seen += &format!("$ {command}\n");
        seen += &String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        for line in errors.lines() {
            seen += &format!("[stderr] {line}\n");
        }
        seen += &format!("[exit status {}]\n", output.status.code().unwrap_or(-1));
    }
    seen
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if matches!(
            name.to_str(),
            Some("command" | "expected.snap" | "expected.snap.new")
        ) {
            continue;
        }
        if entry.path().is_dir() {
            fs::create_dir(to.join(&name)).unwrap();
            copy(&entry.path(), &to.join(&name));
        } else {
            fs::copy(entry.path(), to.join(&name)).unwrap();
        }
    }
}

fn path_with_dbgen() -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_dbgen"));
    format!(
        "{}:{}",
        binary.parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    )
}
