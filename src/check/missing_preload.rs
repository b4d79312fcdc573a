//! An extension whose library is not loaded when the server starts.

use std::collections::HashSet;

use super::{Findings, Scope, unread};
use crate::declaration::{Extension, Preload};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::extension;

rule! {
    /// ## What it does
    /// Finds extensions that need a library in `shared_preload_libraries` and are declared with `preload = false` or with
    /// another library, while the server's `preloadLibraries` do not hold it either.
    ///
    /// ## Why is this bad?
    /// Without its library the extension cannot be created, or it is created and does nothing. dbgen adds the library
    /// by itself when nothing is said.
    ///
    /// ## Example
    /// ```toml
    /// extensions = [{ name = "pg_cron", preload = false }]
    /// ```
    /// Use instead:
    /// ```toml
    /// extensions = ["pg_cron"]
    /// ```
    pub MISSING_PRELOAD = "missing-preload", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    if unread::may_hide_a_file(findings) {
        return;
    }
    let declarations = scope.declarations;
    let libraries = declarations.instances.iter();
    let libraries = libraries.flat_map(|instance| &instance.preload_libraries);
    let of_server: HashSet<&str> = libraries.map(|name| &*name.value).collect();
    for (_, database) in declarations.databases() {
        for declared in &database.extensions {
            let Some(needed) =
                extension::lookup(&declared.name.value).and_then(|known| known.preload)
            else {
                continue;
            };
            if needed.required && !of_server.contains(needed.library) {
                findings.extend(finding(declared, needed.library));
            }
        }
    }
}

fn finding(declared: &Extension, library: &str) -> Option<Diagnostic> {
    let (span, label) = match declared.preload.as_ref()? {
        Preload::Known(known) if !known.value => (known.span, "leaves it out"),
        Preload::Library(other) if &*other.value != library => (other.span, "loads another one"),
        Preload::Known(_) | Preload::Library(_) => return None,
    };
    let message = format!(
        "the extension {} needs the library {} preloaded",
        phrase::backticked(&declared.name.value),
        phrase::backticked(library)
    );
    let help = "remove `preload`: dbgen knows the library and adds it to shared_preload_libraries";
    Some(
        Diagnostic::new(&MISSING_PRELOAD, span, message)
            .label(label)
            .help(help),
    )
}
