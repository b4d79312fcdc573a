//! An encoding that no database can have.

use super::{Findings, Scope};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::locale::Encoding;

rule! {
    /// ## What it does
    /// Finds values of `encoding` that are no character set of PostgreSQL, or one that only clients can use.
    ///
    /// ## Why is this bad?
    /// `CREATE DATABASE` fails, and nothing of the database is set up.
    ///
    /// ## Example
    /// ```toml
    /// encoding = "UTF16"
    /// ```
    /// Use instead:
    /// ```toml
    /// encoding = "UTF8"
    /// ```
    pub UNKNOWN_ENCODING = "unknown-encoding", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (_, database) in scope.declarations.databases() {
        let Some(encoding) = database
            .creation
            .as_ref()
            .and_then(|creation| creation.encoding.as_ref())
        else {
            continue;
        };
        if Encoding::server(&encoding.value).is_none() {
            findings.push(finding(encoding));
        }
    }
}

fn finding(encoding: &Text) -> Diagnostic {
    let shown = phrase::backticked(&encoding.value);
    if Encoding::client(&encoding.value).is_some() {
        return Diagnostic::new(
            &UNKNOWN_ENCODING,
            encoding.span,
            format!("no database can have the encoding {shown}"),
        )
        .label("only clients can use it")
        .help("use `UTF8`: the server converts to the encoding that a client asks for");
    }
    let names: Vec<&str> = Encoding::of_servers().collect();
    let finding = Diagnostic::new(
        &UNKNOWN_ENCODING,
        encoding.span,
        format!("PostgreSQL has no encoding {shown}"),
    );
    let finding = match phrase::did_you_mean(names.iter().copied(), &encoding.value) {
        Some(near) => finding.label(format!("did you mean {}?", phrase::backticked(near))),
        None => finding.label("unknown encoding"),
    };
    finding.help("the usual one is `UTF8`; the manual lists all under \"Character Set Support\"")
}
