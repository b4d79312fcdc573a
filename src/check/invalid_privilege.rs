//! A privilege that there is not.

use super::{Findings, Scope, target};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::privilege::{ObjectKind, Privilege};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds privileges in `grants` and `defaultPrivileges` that PostgreSQL doesn't know, or doesn't know for the kind of
    /// object at hand, and lists of privileges that are empty.
    ///
    /// ## Why is this bad?
    /// The server refuses the statement. Each kind of object has privileges of its own: EXECUTE is for routines,
    /// CREATE for databases, schemas and tablespaces, and a table's rows are changed with INSERT, UPDATE and DELETE.
    ///
    /// ## Example
    /// ```toml
    /// grants = [ { role = "reader", privileges = ["EXECUTE"], on = { table = "public.*" } } ]
    /// ```
    /// Use instead:
    /// ```toml
    /// grants = [ { role = "reader", privileges = ["SELECT"], on = { table = "public.*" } } ]
    /// ```
    pub INVALID_PRIVILEGE = "invalid-privilege", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (_, database) in scope.declarations.databases() {
        for grant in &database.grants {
            privileges(
                target::single_kind(&grant.on),
                &grant.privileges,
                grant.span,
                findings,
            );
        }
        for future in &database.default_privileges {
            privileges(
                target::future_kind(&future.on.value),
                &future.privileges,
                future.role.span,
                findings,
            );
        }
    }
}

/// Whether the word stands for every privilege.
pub fn is_all(name: &str) -> bool {
    ["ALL", "ALL PRIVILEGES"]
        .iter()
        .any(|all| all.eq_ignore_ascii_case(name))
}

fn privileges(kind: Option<ObjectKind>, said: &[Text], span: Span, findings: &mut Findings) {
    if said.is_empty() {
        findings.push(
            Diagnostic::new(&INVALID_PRIVILEGE, span, "a list of privileges is empty")
                .label("grants nothing")
                .help("name privileges, or `ALL`; remove the grant when nothing is meant to be granted"),
        );
    }
    for name in said.iter().filter(|name| !is_all(&name.value)) {
        match (Privilege::new(&name.value), kind) {
            (None, _) => findings.push(unknown(name, kind)),
            (Some(privilege), Some(kind)) if !kind.privileges().contains(&privilege) => {
                findings.push(impossible(name, privilege, kind));
            }
            _ => {}
        }
    }
}

fn unknown(name: &Text, kind: Option<ObjectKind>) -> Diagnostic {
    let shown = phrase::backticked(&name.value);
    let finding = Diagnostic::new(
        &INVALID_PRIVILEGE,
        name.span,
        format!("unknown privilege {shown}"),
    );
    match Privilege::nearest(&name.value) {
        Some(near) => finding
            .label(format!("did you mean `{near}`?"))
            .help(format!("write `{near}`")),
        None => finding
            .label("no privilege of PostgreSQL")
            .help(possible(kind)),
    }
}

fn impossible(name: &Text, privilege: Privilege, kind: ObjectKind) -> Diagnostic {
    let kinds = target::plural(kind);
    let message = format!(
        "{kinds} have no privilege {}",
        phrase::backticked(privilege.as_sql())
    );
    let others: Vec<&str> = ObjectKind::ALL
        .into_iter()
        .filter(|kind| kind.privileges().contains(&privilege))
        .map(target::plural)
        .collect();
    Diagnostic::new(&INVALID_PRIVILEGE, name.span, message)
        .label(format!("only for {}", others.join(", ")))
        .help(possible(Some(kind)))
}

fn possible(kind: Option<ObjectKind>) -> String {
    let (of, privileges) = match kind {
        Some(kind) => (target::plural(kind), kind.privileges()),
        None => ("objects", Privilege::ALL.as_slice()),
    };
    let names = privileges.iter().map(|privilege| privilege.as_sql());
    match privileges {
        [only] => format!("{of} have the privilege `{only}` and no other"),
        _ => format!(
            "the privileges of {of} are {}, or `ALL` for all of them",
            phrase::and_list(names)
        ),
    }
}
