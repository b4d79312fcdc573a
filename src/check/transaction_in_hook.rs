//! A hook that would end the transaction in which it runs.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::statement::statements;

rule! {
    /// ## What it does
    /// Finds hooks with a statement that begins or ends a transaction, such as BEGIN, COMMIT or ROLLBACK, or that can't
    /// run inside of one, such as VACUUM, CREATE DATABASE or CREATE INDEX CONCURRENTLY.
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

/// What begins and ends transactions.
const CONTROL: [&str; 9] = [
    "ABORT",
    "BEGIN",
    "COMMIT",
    "END",
    "PREPARE TRANSACTION",
    "RELEASE",
    "ROLLBACK",
    "SAVEPOINT",
    "START TRANSACTION",
];

/// What the server runs outside of transactions only.
const OUTSIDE: [&str; 15] = [
    "ALTER SYSTEM",
    "CREATE DATABASE",
    "CREATE INDEX CONCURRENTLY",
    "CREATE TABLESPACE",
    "CREATE UNIQUE INDEX CONCURRENTLY",
    "DISCARD ALL",
    "DROP DATABASE",
    "DROP INDEX CONCURRENTLY",
    "DROP TABLESPACE",
    "REINDEX DATABASE",
    "REINDEX INDEX CONCURRENTLY",
    "REINDEX SCHEMA",
    "REINDEX SYSTEM",
    "REINDEX TABLE CONCURRENTLY",
    "VACUUM",
];

/// What a statement is that can't stand in a hook.
enum Unfit {
    Control(&'static str),
    Outside(&'static str),
}

fn unfit(statement: &[String]) -> Option<Unfit> {
    let among = |known: &[&'static str], words: &[&str]| {
        known.iter().copied().find(|known| {
            let mut words = words.iter();
            known.split(' ').all(|word| words.next() == Some(&word))
        })
    };
    let words: Vec<&str> = statement.iter().map(String::as_str).collect();
    if let Some(word) = among(&CONTROL, &words) {
        return Some(Unfit::Control(word));
    }
    if let Some(word) = among(&OUTSIDE, &words) {
        return Some(Unfit::Outside(word));
    }
    let has = |wanted: &[&str]| words.windows(wanted.len()).any(|found| found == wanted);
    let outside = match words.as_slice() {
        // The options stand in parentheses.
        ["REINDEX", "(", rest @ ..] => {
            let (options, rest) = rest.split_at(rest.iter().position(|word| *word == ")")?);
            let said = options.iter().position(|word| *word == "CONCURRENTLY");
            let value = said.and_then(|at| options.get(at + 1));
            if said.is_some() && matches!(value, None | Some(&("," | "ON" | "TRUE" | "1"))) {
                "REINDEX (CONCURRENTLY)"
            } else {
                let rest: Vec<&str> = std::iter::once("REINDEX")
                    .chain(rest.iter().skip(1).copied())
                    .collect();
                among(&OUTSIDE, &rest)?
            }
        }
        ["CLUSTER"] | ["CLUSTER", "VERBOSE"] | ["CLUSTER", "(", "VERBOSE", ")"] => "CLUSTER",
        ["ALTER", "DATABASE", _, "SET", "TABLESPACE", ..] => "ALTER DATABASE SET TABLESPACE",
        ["ALTER", "TABLE", ..]
            if has(&["DETACH", "PARTITION"]) && words.last() == Some(&"CONCURRENTLY") =>
        {
            "DETACH PARTITION CONCURRENTLY"
        }
        // Without a slot to create it is a row of a catalog like any other.
        ["CREATE", "SUBSCRIPTION", ..]
            if !words.contains(&"CREATE_SLOT") && !words.contains(&"CONNECT") =>
        {
            "CREATE SUBSCRIPTION"
        }
        _ => return None,
    };
    Some(Unfit::Outside(outside))
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let databases = scope.declarations.databases();
    for hook in databases.flat_map(|(_, database)| database.hooks()) {
        for (field, text) in [("sql", &hook.sql), ("unless", &hook.unless)] {
            let statements = statements(&text.value);
            let Some(unfit) = statements.iter().find_map(|statement| unfit(statement)) else {
                continue;
            };
            let (word, problem, help) = match unfit {
                Unfit::Control(word) => (
                    word,
                    "which begins or ends a transaction",
                    "remove it: the hook is done wholly or not at all as it is",
                ),
                Unfit::Outside(word) => (
                    word,
                    "which can't run in a transaction",
                    match word.ends_with("CONCURRENTLY") || word.ends_with("CONCURRENTLY)") {
                        true => "leave CONCURRENTLY out, or run it by other means than a hook",
                        false if word == "CREATE SUBSCRIPTION" => {
                            "create its slot by other means, and write `WITH (create_slot = false, slot_name = ...)`"
                        }
                        false => "run it by other means than a hook",
                    },
                ),
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
