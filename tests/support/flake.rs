//! `nix flake check` without the network: nixpkgs replaced by `tests/nix/stand-in`, dbgen by what cargo built.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::nix::{self, Scratch};

/// This project and a stand-in for nixpkgs, copied to a temporary folder, and a Nix with flakes.
pub struct Flakes {
    nix: PathBuf,
    scratch: Scratch,
}

impl Flakes {
    /// Says that `test` is skipped where a Nix with flakes or the shell of the builders is missing.
    pub fn find(test: &str) -> Option<Self> {
        let Some(nix) = nix::program("nix") else {
            eprintln!("skipped: {test}: no nix on PATH or in $DBGEN_NIX_BIN");
            return None;
        };
        if !Path::new("/bin/bash").exists() {
            eprintln!("skipped: {test}: no /bin/bash for the builders of the stand-in");
            return None;
        }
        let flakes = Self {
            nix,
            scratch: Scratch::new(),
        };
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tests = nix::tests_nix();
        copy(
            project,
            &flakes.folder("dbgen"),
            &["target", ".git", "result"],
        );
        copy(&tests.join("stand-in"), &flakes.folder("nixpkgs"), &[]);
        let lib = flakes.nixpkgs_lib().unwrap_or_else(|| tests.join("lib"));
        copy(&lib, &flakes.folder("nixpkgs/lib"), &[]);
        for file in ["nixos.nix", "packages.nix"] {
            fs::copy(tests.join(file), flakes.folder("nixpkgs").join(file)).expect("copied");
        }
        fs::copy(env!("CARGO_BIN_EXE_dbgen"), flakes.folder("nixpkgs/dbgen")).expect("copied");
        Some(flakes)
    }

    /// nixpkgs' own lib, if it is there and this Nix is new enough for its file sets (2.14).
    fn nixpkgs_lib(&self) -> Option<PathBuf> {
        let mut command = self.scratch.command(&self.nix);
        let answer = command
            .args(["eval", "--expr", "builtins ? readFileType"])
            .output()
            .ok()?;
        (answer.stdout.trim_ascii() == b"true")
            .then(|| nix::nixpkgs_lib(&nix::program("nix-instantiate")?))?
    }

    /// A folder beside the copies: `dbgen` is this project, `nixpkgs` the stand-in.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// The starting flake in a folder of its own, as `nix flake init` would leave it.
    pub fn template(&self) -> PathBuf {
        let folder = self.folder("template");
        copy(&self.folder("dbgen/nix/template"), &folder, &[]);
        folder
    }

    /// `nix flake check` of the flake in `folder`.
    pub fn check(&self, folder: &Path) -> Output {
        let mut command = self.scratch.command(&self.nix);
        command
            .args(["flake", "check", "--print-build-logs"])
            .arg(reference(folder));
        self.with_overrides(command, folder)
    }

    /// The value of an attribute of the flake in `folder`, as JSON.
    pub fn eval(&self, folder: &Path, attribute: &str) -> Output {
        let mut command = self.scratch.command(&self.nix);
        command
            .args(["eval", "--json"])
            .arg(format!("{}#{attribute}", reference(folder)));
        self.with_overrides(command, folder)
    }

    fn with_overrides(&self, mut command: Command, folder: &Path) -> Output {
        command.arg("--no-write-lock-file");
        command
            .args(["--override-input", "nixpkgs"])
            .arg(reference(&self.folder("nixpkgs")));
        if folder != self.folder("dbgen") {
            command
                .args(["--override-input", "dbgen"])
                .arg(reference(&self.folder("dbgen")));
        }
        command.output().expect("Nix starts")
    }
}

/// What a command said, for the message of a failed assertion.
pub fn said(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn reference(folder: &Path) -> String {
    format!("path:{}", folder.display())
}

/// Copies a folder, without the entries of these names at its top.
pub fn copy(from: &Path, to: &Path, without: &[&str]) {
    fs::create_dir_all(to).expect("a folder is made");
    for entry in fs::read_dir(from).expect("a folder is read") {
        let entry = entry.expect("an entry is read");
        let target = to.join(entry.file_name());
        if without.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type().expect("an entry has a type").is_dir() {
            copy(&entry.path(), &target, &[]);
        } else {
            fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}
