//! The `dbgen` binary as a person or a build step starts it.
//!
//! Include with `#[path = "support/run.rs"] mod run;`.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The binary under test.
pub const DBGEN: &str = env!("CARGO_BIN_EXE_dbgen");

/// A folder of its own, in which commands run.
pub struct Folder(TempDir);

/// What came of a command.
#[derive(Debug)]
pub struct Seen {
    /// The exit status; `None` when a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Folder {
    /// An empty folder.
    pub fn new() -> Folder {
        Folder(TempDir::new().unwrap())
    }

    /// A folder with these files.
    pub fn with(files: &[(&str, &str)]) -> Folder {
        let folder = Folder::new();
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The text of a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of everything that lies in a folder of it, hidden files included, sorted.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Runs dbgen in it.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Seen {
        self.run_with(arguments, b"")
    }

    /// Runs dbgen in it, with this on standard input.
    pub fn run_with<S: AsRef<OsStr>>(&self, arguments: &[S], stdin: &[u8]) -> Seen {
        let mut command = self.command(DBGEN);
        command.args(arguments);
        seen(&mut command, stdin)
    }

    /// Runs a shell's command line in it; `dbgen` is the binary under test.
    pub fn sh(&self, line: &str) -> Seen {
        seen(self.command("sh").args(["-c", line]), b"")
    }

    /// A program that would run in it, without what the caller's environment says to dbgen.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.0.path())
            .env_remove("DBGEN_OUTPUT_FORMAT")
            .env("PATH", path())
            .env("NO_COLOR", "1");
        command
    }
}

/// `PATH` with the binary under test first.
fn path() -> String {
    let folder = Path::new(DBGEN).parent().unwrap().display().to_string();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

/// Runs a command to its end.
pub fn seen(command: &mut Command, stdin: &[u8]) -> Seen {
    let output = output(command, stdin);
    Seen {
        status: output.status.code(),
        out: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        err: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
    }
}

/// The same, as bytes.
pub fn output(command: &mut Command, stdin: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut to = child.stdin.take().unwrap();
    let stdin = stdin.to_vec();
    // Whoever does not read its input ends without it.
    let writer = std::thread::spawn(move || to.write_all(&stdin));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    output
}

/// Whether a program can be started; says that `test` is skipped where it can't.
pub fn has(program: &str, test: &str) -> bool {
    let found = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    });
    if !found {
        eprintln!("skipped: {test}: no `{program}` on PATH");
    }
    found
}

/// Takes everything out of the environment that tells libpq of a server.
pub fn without_libpq(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
}
