//! A Nix store of its own for one test, so that neither a daemon nor `/nix` is needed.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

/// A store, and a temporary folder around it for whatever else the test needs.
pub struct Scratch(TempDir);

impl Scratch {
    /// An empty store in a temporary folder.
    pub fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    /// A folder beside the store, for whatever else the test needs.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A Nix program that uses this store, builds without a sandbox and downloads nothing.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_remove("NIX_REMOTE")
            .env("NIX_STORE_DIR", self.path().join("store"))
            .env("NIX_STATE_DIR", self.path().join("state"))
            .env("NIX_LOG_DIR", self.path().join("log"))
            .env("XDG_CACHE_HOME", self.path().join("cache"))
            .env("NIX_CONFIG", NIX_CONFIG);
        command
    }
}

const NIX_CONFIG: &str = "
experimental-features = nix-command flakes
sandbox = false
build-users-group =
substituters =
flake-registry =
";

/// What a store holds is read-only, folders too, which keeps anyone but root from removing it.
impl Drop for Scratch {
    fn drop(&mut self) {
        let mut folders = vec![self.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            make_writable(&folder);
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            folders.extend(
                entries
                    .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
                    .map(|e| e.path()),
            );
        }
    }
}

fn make_writable(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // A folder that stays as it is costs a left-over in the temporary folder, not the test.
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
}
