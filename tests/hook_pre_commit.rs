//! The hooks of `.pre-commit-hooks.yaml`, run by the real pre-commit in a real git repository.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

const SERVICE: &str = "[[databases]]\ntype = \"postgresql\"\nname = \"NAME\"\nuser = \"NAME\"\n";

/// A repository that uses the hook `dbgen-system` of another repository, which holds this project's manifest.
struct Repository {
    folder: TempDir,
}

impl Repository {
    fn with_the_hook(test: &str) -> Option<Self> {
        for program in ["pre-commit", "git"] {
            if !on_path(program) {
                eprintln!("skipped: {test}: no {program} on PATH");
                return None;
            }
        }
        let repository = Self {
            folder: TempDir::new().unwrap(),
        };
        let hooks = repository.path("hooks");
        fs::create_dir(&hooks).unwrap();
        fs::copy(manifest(), hooks.join(".pre-commit-hooks.yaml")).unwrap();
        repository.git(&hooks, &["init", "--quiet"]);
        repository.git(&hooks, &["add", "--all"]);
        repository.git(&hooks, &["commit", "--quiet", "--message", "hooks"]);
        let revision = repository.git(&hooks, &["rev-parse", "HEAD"]).stdout;

        let project = repository.project();
        fs::create_dir_all(project.join("services")).unwrap();
        fs::write(
            project.join("dbgen.toml"),
            "[project]\ninclude = [\"services/*.toml\"]\noutput = \"postgresql.nix\"\n",
        )
        .unwrap();
        fs::write(
            project.join(".pre-commit-config.yaml"),
            format!(
                "repos:\n- repo: {}\n  rev: {}  hooks:\n  - id: dbgen-system\n",
                hooks.display(),
                String::from_utf8_lossy(&revision)
            ),
        )
        .unwrap();
        repository.declare("immich");
        repository.git(&project, &["init", "--quiet"]);
        let installed = repository.run(&project, "pre-commit", &["install"]);
        assert!(installed.status.success(), "{}", said(&installed));
        Some(repository)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn project(&self) -> PathBuf {
        self.path("project")
    }

    fn module(&self) -> String {
        fs::read_to_string(self.project().join("postgresql.nix")).unwrap_or_default()
    }

    fn declare(&self, service: &str) {
        let file = self.project().join(format!("services/{service}.toml"));
        fs::write(file, SERVICE.replace("NAME", service)).unwrap();
    }

    /// Stages everything and commits it.
    fn commit(&self) -> Output {
        self.git(&self.project(), &["add", "--all"]);
        self.run(
            &self.project(),
            "git",
            &["commit", "--message", "databases"],
        )
    }

    fn git(&self, folder: &Path, arguments: &[&str]) -> Output {
        let output = self.run(folder, "git", arguments);
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            said(&output)
        );
        output
    }

    /// Runs a program that sees no configuration of the user, and the dbgen that cargo built first on `PATH`.
    fn run(&self, folder: &Path, program: &str, arguments: &[&str]) -> Output {
        let dbgen = Path::new(env!("CARGO_BIN_EXE_dbgen")).parent().unwrap();
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(dbgen.to_path_buf()).chain(env::split_paths(&path));
        let mut command = Command::new(program);
        // A hook that runs these tests must not have them work on its own repository.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .current_dir(folder)
            .env("PATH", env::join_paths(folders).unwrap())
            .env("PRE_COMMIT_HOME", self.path("cache"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "a test")
            .env("GIT_AUTHOR_EMAIL", "test@example.org")
            .env("GIT_COMMITTER_NAME", "a test")
            .env("GIT_COMMITTER_EMAIL", "test@example.org")
            .output()
            .expect("the program starts")
    }
}

#[test]
fn a_commit_without_the_module_is_refused_and_the_module_is_written() {
    let test = "a_commit_without_the_module_is_refused_and_the_module_is_written";
    let Some(repository) = Repository::with_the_hook(test) else {
        return;
    };

    let first = repository.commit();
    assert!(!first.status.success(), "{}", said(&first));
    assert!(repository.module().contains("immich"), "{}", said(&first));

    let second = repository.commit();
    assert!(second.status.success(), "{}", said(&second));
}

#[test]
fn a_commit_with_a_stale_module_is_refused_until_the_new_one_is_staged() {
    let test = "a_commit_with_a_stale_module_is_refused_until_the_new_one_is_staged";
    let Some(repository) = Repository::with_the_hook(test) else {
        return;
    };
    repository.commit();
    repository.commit();
    repository.declare("miniflux");

    let stale = repository.commit();
    assert!(!stale.status.success(), "{}", said(&stale));
    assert!(repository.module().contains("miniflux"), "{}", said(&stale));

    let current = repository.commit();
    assert!(current.status.success(), "{}", said(&current));
}

#[test]
fn a_commit_with_a_wrong_declaration_is_refused_with_the_finding() {
    let test = "a_commit_with_a_wrong_declaration_is_refused_with_the_finding";
    let Some(repository) = Repository::with_the_hook(test) else {
        return;
    };
    repository.commit();
    repository.commit();
    let before = repository.module();
    repository.declare("miniflux");
    let file = repository.project().join("services/miniflux.toml");
    fs::write(&file, SERVICE.replace("postgresql", "oracle")).unwrap();

    let outcome = repository.commit();

    assert!(!outcome.status.success(), "{}", said(&outcome));
    assert!(said(&outcome).contains("oracle"), "{}", said(&outcome));
    assert_eq!(repository.module(), before);
}

#[test]
fn pre_commit_accepts_the_manifest() {
    let test = "pre_commit_accepts_the_manifest";
    let Some(repository) = Repository::with_the_hook(test) else {
        return;
    };
    let manifest = manifest();
    let outcome = repository.run(
        repository.folder.path(),
        "pre-commit",
        &["validate-manifest", manifest.to_str().unwrap()],
    );
    assert!(outcome.status.success(), "{}", said(&outcome));
}

#[test]
fn both_hooks_run_the_same_command() {
    let manifest = fs::read_to_string(manifest()).unwrap();
    let entries: Vec<_> = manifest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("entry: "))
        .collect();
    assert_eq!(entries, ["dbgen render --exit-non-zero-on-change"; 2]);
}

fn manifest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml")
}

fn on_path(program: &str) -> bool {
    env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(program).is_file())
}

fn said(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
