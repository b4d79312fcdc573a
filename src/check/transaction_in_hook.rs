//! A hook that would end the transaction in which it runs.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::statement::first_words;

rule! {
    /// ## What it does
    /// Finds hooks with a statement that begins or ends a transaction, such as BEGIN, COMMIT or ROLLBACK, or that can't
    /// run inside of one, such as VACUUM or CREATE DATABASE.
    ///
    /// ## Why is this bad?
    /// Everything that makes the contents of a database what is declared runs in one transaction, so that it is done
    /// wholly or not at all. The server refuses such a statement there, and nothing of the database is set up.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    ///
    /// [[services.immich.databases.hooks.after]]
    /// sql = "BEGIN; CREATE PUBLICATION everything FOR ALL TABLES; COMMIT"
    /// unless = "SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = 'everything')"
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
    pub TRANSACTION_IN_HOOK = "transaction-in-hook", Error
}

/// What begins and ends transactions. END is left out: it also ends the body of a function.
const CONTROL: [&str; 7] = [
    "ABORT",
    "BEGIN",
    "COMMIT",
    "RELEASE",
    "ROLLBACK",
    "SAVEPOINT",
    "START TRANSACTION",
];

/// What the server runs outside of transactions only.
const OUTSIDE: [&str; 6] = [
    "ALTER SYSTEM",
    "CREATE DATABASE",
    "CREATE TABLESPACE",
    "DROP DATABASE",
    "DROP TABLESPACE",
    "VACUUM",
];

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let databases = scope.declarations.databases();
    for hook in databases.flat_map(|(_, database)| database.hooks()) {
        for (field, text) in [("sql", &hook.sql), ("unless", &hook.unless)] {
            let statements = first_words(&text.value);
            let among = |words: &[&'static str]| {
                let begins = |word: &&str| {
                    statements.iter().any(|statement| {
                        let rest = statement.strip_prefix(*word);
                        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
                    })
                };
                words.iter().copied().find(begins)
            };
            let (word, problem, help) = if let Some(word) = among(&CONTROL) {
                let help = "remove it: the hook is done wholly or not at all as it is";
                (word, "which begins or ends a transaction", help)
            } else if let Some(word) = among(&OUTSIDE) {
                let help = "run it by other means than a hook";
                (word, "which can't run in a transaction", help)
            } else {
                continue;
            };
            let message = format!(
                "`{field}` of a hook has {}, {problem}",
                phrase::backticked(word)
            );
            findings.push(
                Diagnostic::new(&TRANSACTION_IN_HOOK, text.span, message)
                    .label("runs in the transaction of the database")
                    .help(help),
            );
        }
    }
}
