//! A real Nix that tests ask what a rendered module does to a NixOS configuration.
//!
//! Include with `#[path = "support/nix.rs"] mod nix;`. Nothing but `nix-instantiate` is needed: it is taken from
//! `$DBGEN_NIX_BIN` if set, else from `PATH`. The module system is the tests' own (`tests/nix/lib`), and nixpkgs' as
//! well where `$DBGEN_NIXPKGS_LIB` names its `lib` folder or `<nixpkgs/lib>` is found.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "nix_store.rs"]
mod store;

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

pub use store::Scratch;

/// Modules that are evaluated together, and what to show of the outcome.
#[derive(Clone, Copy)]
pub struct Configuration<'a> {
    /// The text of each module.
    pub modules: &'a [&'a str],
    /// Options to show beside those of PostgreSQL, as in `qgroget.databases`.
    pub show: &'a [&'a str],
    /// The nixpkgs release to be like: 24.11 to 26.11.
    pub release: &'a str,
}

impl<'a> Configuration<'a> {
    /// The modules alone, in the current stable release.
    pub fn of(modules: &'a [&'a str]) -> Self {
        Self {
            modules,
            show: &[],
            release: "26.05",
        }
    }
}

/// A Nix and a module system.
pub struct Evaluator {
    /// What to call it in messages.
    pub name: &'static str,
    program: PathBuf,
    lib: PathBuf,
}

impl Evaluator {
    /// What the modules make of a configuration: `{postgresql, services, targets, failedAssertions, warnings, show}`.
    ///
    /// Panics with Nix's message when they do not evaluate.
    pub fn evaluate(&self, modules: &[&str], show: &[&str]) -> Value {
        let configuration = Configuration {
            show,
            ..Configuration::of(modules)
        };
        self.evaluate_one(configuration).unwrap_or_else(|message| {
            panic!(
                "under {}: {message}\n{}",
                self.name,
                modules.join("\n---\n")
            )
        })
    }

    /// The same for one configuration; the error is Nix's message.
    pub fn evaluate_one(&self, configuration: Configuration) -> Result<Value, String> {
        self.evaluate_many(&[configuration]).remove(0)
    }

    /// The outcome of each configuration, hundreds in one Nix process.
    ///
    /// Nix ends at the first error, so a list that fails is halved until the culprits stand alone.
    pub fn evaluate_many(&self, configurations: &[Configuration]) -> Vec<Result<Value, String>> {
        match (self.run(configurations), configurations) {
            (Ok(Value::Array(outcomes)), _) => outcomes.into_iter().map(Ok).collect(),
            (Ok(other), _) => panic!("not a list: {other}"),
            (Err(_), []) => vec![],
            (Err(message), [_]) => vec![Err(message)],
            (Err(_), several) => {
                let (left, right) = several.split_at(several.len() / 2);
                let mut outcomes = self.evaluate_many(left);
                outcomes.extend(self.evaluate_many(right));
                outcomes
            }
        }
    }

    /// The value of a Nix expression in which `lib` is the module system's library; the error is Nix's message.
    pub fn value(&self, expression: &str) -> Result<Value, String> {
        let whole = format!("let lib = import {}; in {expression}", nix_path(&self.lib));
        let scratch = Scratch::new();
        let output = scratch
            .command(&self.program)
            .args(["--eval", "--strict", "--json", "-E"])
            .arg(whole)
            .output()
            .expect("Nix starts");
        if output.status.success() {
            Ok(serde_json::from_slice(&output.stdout).expect("Nix prints JSON"))
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    fn run(&self, configurations: &[Configuration]) -> Result<Value, String> {
        let folder = TempDir::new().expect("a temporary folder");
        let mut list = String::from("[");
        for (i, configuration) in configurations.iter().enumerate() {
            list.push_str("{ modules = [");
            for (j, text) in configuration.modules.iter().enumerate() {
                let path = folder
                    .path()
                    .join(format!("configuration-{i}-module-{j}.nix"));
                fs::write(&path, text).expect("a module is written");
                list.push_str(&format!(" ({})", nix_path(&path)));
            }
            list.push_str(" ]; show = [");
            for option in configuration.show {
                let names: Vec<_> = option.split('.').map(nix_string).collect();
                list.push_str(&format!(" [ {} ]", names.join(" ")));
            }
            list.push_str(&format!(
                " ]; release = {}; }} ",
                nix_string(configuration.release)
            ));
        }
        list.push(']');
        let path = folder.path().join("configurations.nix");
        fs::write(&path, list).expect("the list is written");
        self.value(&format!(
            "import {} {{ inherit lib; configurations = import {}; }}",
            nix_path(&tests_nix().join("evaluate.nix")),
            nix_path(&path)
        ))
    }
}

/// The tests' own module system under the Nix of this machine; without one, says that `test` is skipped.
pub fn evaluator(test: &str) -> Option<Evaluator> {
    let Some(program) = program("nix-instantiate") else {
        eprintln!("skipped: {test}: no nix-instantiate on PATH or in $DBGEN_NIX_BIN");
        return None;
    };
    Some(Evaluator {
        name: "the tests' own module system",
        program,
        lib: tests_nix().join("lib"),
    })
}

/// The same, and nixpkgs' module system beside it; says what is skipped.
pub fn evaluators(test: &str) -> Vec<Evaluator> {
    let Some(own) = evaluator(test) else {
        return vec![];
    };
    let nixpkgs = nixpkgs_lib(&own.program).map(|lib| Evaluator {
        name: "nixpkgs' module system",
        program: own.program.clone(),
        lib,
    });
    if nixpkgs.is_none() {
        eprintln!(
            "skipped: {test}: with nixpkgs' lib: neither $DBGEN_NIXPKGS_LIB nor <nixpkgs/lib> is there"
        );
    }
    std::iter::once(own).chain(nixpkgs).collect()
}

/// nixpkgs' `lib` folder, if there is one.
pub fn nixpkgs_lib(nix_instantiate: &Path) -> Option<PathBuf> {
    if let Some(named) = env::var_os("DBGEN_NIXPKGS_LIB").filter(|named| !named.is_empty()) {
        return Some(PathBuf::from(named));
    }
    let found: Output = Command::new(nix_instantiate)
        .args(["--find-file", "nixpkgs/lib"])
        .output()
        .ok()?;
    let path = String::from_utf8(found.stdout).ok()?;
    (found.status.success()).then(|| PathBuf::from(path.trim_end()))
}

/// One of Nix's programs: from `$DBGEN_NIX_BIN` if set, else from `PATH`.
pub fn program(name: &str) -> Option<PathBuf> {
    let folders: OsString = env::var_os("DBGEN_NIX_BIN")
        .or_else(|| env::var_os("PATH"))
        .unwrap_or_default();
    env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// The folder of the tests' Nix files.
pub fn tests_nix() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nix")
}

/// A path as a Nix expression, whatever characters are in it.
pub fn nix_path(path: &Path) -> String {
    format!(
        "(/. + {})",
        nix_string(path.to_str().expect("a path in Unicode"))
    )
}

/// A text as a Nix expression.
pub fn nix_string(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace("${", "\\${");
    format!("\"{escaped}\"")
}
