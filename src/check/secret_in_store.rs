//! A password file that everybody can read.

use std::path::{Component, Path};

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds password files inside the Nix store, and paths like `./secrets/immich`, which lie beside the declaration.
    ///
    /// ## Why is this bad?
    /// Every user and every process of the machine can read the Nix store, and a flake copies its whole repository there.
    /// A password file belongs where only root can read it: `/run/secrets` of sops-nix, `/run/agenix`, or a file that
    /// you put on the host by hand.
    ///
    /// ## Example
    /// ```toml
    /// password = { file = "./secrets/immich" }
    /// ```
    /// Use instead the path on the host, or the name of the secret:
    /// ```toml
    /// password = { file = "/run/secrets/immich" }
    /// password = { sops = "immich" }
    /// ```
    pub SECRET_IN_STORE = "secret-in-store", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (_, role, password) in scope.passwords() {
        let Some(file) = &password.file else { continue };
        let (what, label) = if is_in_store(&file.value) {
            (
                "is in the Nix store",
                "every user of the machine can read it",
            )
        } else if is_beside(&file.value) {
            (
                "lies beside the declaration",
                "would be copied to the Nix store, which every user can read",
            )
        } else {
            continue;
        };
        let message = format!(
            "the password file of role {} {what}",
            phrase::backticked(&role.value)
        );
        findings.push(
            Diagnostic::new(&SECRET_IN_STORE, file.span, message)
                .label(label)
                .help("give the absolute path of a file on the host that is not in the store, or the name of a sops-nix or agenix secret, and change the password if it was ever committed:")
                .example(scope.example(file.span, "password = { file = \"/run/secrets/immich\" }")),
        );
    }
}

/// Whether the path leads into the Nix store.
pub fn is_in_store(path: &str) -> bool {
    let mut parts = Path::new(path)
        .components()
        .filter(|part| *part != Component::CurDir);
    [
        Component::RootDir,
        Component::Normal("nix".as_ref()),
        Component::Normal("store".as_ref()),
    ]
    .into_iter()
    .all(|part| parts.next() == Some(part))
}

/// As opposed to a path that is relative by mistake, and to no path at all.
pub fn is_beside(path: &str) -> bool {
    path.starts_with("./") || path.starts_with("../")
}
