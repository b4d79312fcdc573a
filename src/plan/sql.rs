//! A psql script: the statements that would be executed, and as comments all that is told about them.

use super::{Kind, Plan, ScopeName, Step};
use crate::diagnostic::visible;
use crate::postgres::quote::{quote_connection, quote_dollar};

const HEAD: &str = "\
-- The statements that `dbgen apply` would execute, for psql. Run it with ON_ERROR_STOP=1; `dbgen apply` also checks afterwards
-- that nothing differs any more, and sets the passwords, whose verifiers are not shown here.
";

/// The script.
pub fn render(plan: &Plan) -> String {
    let mut out = String::from(HEAD);
    for scope in plan.scopes.iter().filter(|scope| !scope.steps.is_empty()) {
        let (name, steps) = (&scope.name, scope.grouped());
        out.push_str(&format!("\n-- {}\n", visible(&name.to_string())));
        if let ScopeName::Contents(database) = name {
            let target = quote_connection(database);
            out.push_str(&format!("\\connect -reuse-previous=on {target}\n"));
        }
        // CREATE DATABASE can't run in a transaction.
        let in_transaction =
            *name != ScopeName::Databases && steps.iter().any(|step| is_executed(name, step));
        if in_transaction {
            out.push_str("BEGIN;\n");
        }
        let (executed, told): (Vec<&Step>, Vec<&Step>) =
            steps.into_iter().partition(|step| is_executed(name, step));
        for step in executed {
            out.push_str(&format!("-- {}\n", visible(&step.why)));
            let sql = step.sql.as_deref().unwrap_or_default();
            out.push_str(&statement(sql, in_transaction || !step.outside));
        }
        if in_transaction {
            out.push_str("COMMIT;\n");
        }
        for step in told {
            let kind = step.kind.as_str();
            out.push_str(&format!(
                "-- {kind}: {}: {}\n",
                visible(&step.object),
                visible(&step.why)
            ));
            for line in step.sql.iter().flat_map(|sql| sql.lines()) {
                out.push_str(&format!("--   {}\n", visible(line)));
            }
        }
    }
    for name in &plan.unreported {
        out.push_str(&format!("\n-- failed: {}\n", visible(&name.to_string())));
    }
    out
}

/// The statement as psql passes it on to the server, and nothing else of it: what psql itself could read in it, or what is several
/// statements, as an SQL hook may be, stands within a block that executes it, as the program does.
fn statement(sql: &str, in_block: bool) -> String {
    let sql = sql.trim_end().trim_end_matches(';');
    if is_plain(sql) {
        return format!("{sql};\n");
    }
    if !in_block {
        let lines = sql.lines().map(|line| format!("--   {}\n", visible(line)));
        let lines: String = lines.collect();
        return format!("-- not for psql, which would read more in it than a statement:\n{lines}");
    }
    let execute = format!("BEGIN\nEXECUTE {};\nEND", quote_dollar(sql, "sql"));
    format!("DO {};\n", quote_dollar(&execute, "dbgen"))
}

/// Whether the text is one statement outside of whose quotes there is nothing but names, numbers, blanks, line breaks, and signs that
/// neither psql nor a comment has a use for, and whose quotes and brackets are closed. Where a quote ends must not depend on
/// `standard_conforming_strings`: a backslash within plain quotes is none of that.
fn is_plain(sql: &str) -> bool {
    let mut depth = 0_usize;
    let (mut earlier, mut before) = (' ', ' ');
    let mut rest = sql.chars();
    // psql counts what stands between BEGIN and END as one statement in some places.
    let words = sql.split(|c: char| !c.is_alphanumeric() && c != '_');
    if sql.trim().is_empty()
        || words
            .into_iter()
            .any(|word| word.eq_ignore_ascii_case("begin"))
    {
        return false;
    }
    while let Some(c) = rest.next() {
        match c {
            '\'' | '"' => {
                let escapes = c == '\'' && matches!(before, 'e' | 'E');
                if escapes && (earlier.is_alphanumeric() || earlier == '_') {
                    return false;
                }
                loop {
                    match rest.next() {
                        None => return false,
                        Some('\\') if escapes => {
                            rest.next();
                        }
                        Some('\\') if c == '\'' => return false,
                        // A doubled quote is the end of one and the beginning of another.
                        Some(end) if end == c => break,
                        Some(_) => {}
                    }
                }
                // The second of two quotes would begin a string without escapes.
                if escapes && rest.as_str().starts_with('\'') {
                    return false;
                }
            }
            '(' | '[' => depth += 1,
            ')' | ']' => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            '-' | '/' if before == '-' || rest.as_str().starts_with('*') => return false,
            ':' => return false,
            '_' | '.' | ',' | '=' | '*' | '+' | '-' | '<' | '>' | ' ' | '\t' | '\n' => {}
            c if c.is_alphanumeric() => {}
            _ => return false,
        }
        (earlier, before) = (before, c);
    }
    depth == 0
}

/// Nothing is removed by a script: it makes no dump.
fn is_executed(scope: &ScopeName, step: &Step) -> bool {
    *scope != ScopeName::Removal
        && step.kind == Kind::Change
        && step.password.is_none()
        && step.sql.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_psql_could_read_in_a_statement_stands_in_a_block() {
        for plain in [
            "CREATE ROLE immich LOGIN",
            "GRANT SELECT (\"a:b\", \"c\\d\") ON TABLE public.\"it's; x\" TO r",
            "ALTER DATABASE a SET work_mem = '64MB'",
            "ALTER ROLE r SET x = E'a\\\\b\\'c'",
            "COMMENT ON TABLE a IS 'it''s'",
            "CREATE TABLE a (\n  b integer\n)",
            "REVOKE ALL ON ALL TABLES IN SCHEMA s FROM r",
        ] {
            assert_eq!(statement(plain, true), format!("{plain};\n"));
            assert_eq!(statement(plain, false), format!("{plain};\n"));
        }
        for other in [
            "SELECT 1 \\! touch x",
            "SELECT :name",
            "SELECT :'name'",
            "SELECT 1::text",
            "SELECT 'open",
            "SELECT \"open",
            "SELECT 'a\\' || x",
            "SELECT E'a\\'",
            "SELECT E'a''\\'",
            "SELECT (1",
            "SELECT 1)",
            "SELECT 1; SELECT 2",
            "SELECT 1 -- x",
            "SELECT 1 /* x",
            "SELECT $a$;$a$",
            "SELECT $a$ open",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 END",
            "",
        ] {
            let written = statement(other, true);
            assert!(
                written.starts_with("DO $dbgen$BEGIN\nEXECUTE $sql$"),
                "{written}"
            );
            assert!(written.ends_with("$sql$;\nEND$dbgen$;\n"), "{written}");
            let commented = statement(other, false);
            assert!(
                commented.lines().all(|line| line.starts_with("--")),
                "{commented}"
            );
        }
    }
}
