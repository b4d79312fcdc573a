//! A hook that does nothing, or can't tell whether it is done.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, rule};

rule! {
    /// ## What it does
    /// Finds hooks whose `sql` or `unless` is empty, or holds a NUL character.
    ///
    /// ## Why is this bad?
    /// A hook runs whenever its `unless` does not say that there is nothing to do. Without a query it would run each
    /// time; the first run would be a change like every later one, and no plan would ever be empty. No text of
    /// PostgreSQL can hold a NUL character.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    ///
    /// [[services.immich.databases.hooks.after]]
    /// sql = "CREATE PUBLICATION everything FOR ALL TABLES"
    /// unless = ""
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    ///
    /// [[services.immich.databases.hooks.after]]
    /// sql = "CREATE PUBLICATION everything FOR ALL TABLES"
    /// unless = "SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = 'everything')"
    /// ```
    pub INVALID_HOOK = "invalid-hook", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let databases = scope.declarations.databases();
    for hook in databases.flat_map(|(_, database)| database.hooks()) {
        let fields = [
            ("sql", &hook.sql, "write what is to run, or remove the hook"),
            (
                "unless",
                &hook.unless,
                "write a query that is true once there is nothing to do, such as `SELECT EXISTS (...)`",
            ),
        ];
        for (field, text, help) in fields {
            if text.value.contains('\0') {
                let message = format!("`{field}` of a hook has a NUL character");
                findings.push(
                    Diagnostic::new(&INVALID_HOOK, text.span, message)
                        .label("has a NUL character")
                        .help("remove the NUL character: no text of PostgreSQL can hold one"),
                );
            } else if text.value.trim().is_empty() {
                let message = format!("`{field}` of a hook is empty");
                findings.push(
                    Diagnostic::new(&INVALID_HOOK, text.span, message)
                        .label("empty")
                        .help(help),
                );
            }
        }
    }
}
