//! A privilege that there is not.

use super::{Findings, Scope, target};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::privilege::{ObjectKind, Privilege};
use crate::source::{Span, Spanned};

rule! {
    /// ## What it does
    /// Finds privileges in `grants` and `defaultPrivileges` that PostgreSQL doesn't know, or doesn't know for the kind of
    /// object at hand, lists of privileges that are empty or that name others beside `ALL`, `withGrantOption` for
    /// `public`, and grants on languages that are not trusted.
    ///
    /// ## Why is this bad?
    /// The server refuses the statement. Each kind of object has privileges of its own: EXECUTE is for routines,
    /// CREATE for databases, schemas and tablespaces, and a table's rows are changed with INSERT, UPDATE and DELETE.
    /// `ALL` stands alone, and only roles can pass on what they were granted. Languages such as `c` and `plpython3u` are
    /// for superusers only, and have no privileges.
    ///
    /// ## Example
    /// ```toml
    /// [[services.grafana.databases]]
    /// type = "postgresql"
    /// name = "grafana"
    /// user = "grafana"
    /// grants = [{ role = "reader", privileges = ["EXECUTE"], on = { table = "public.*" } }]
    ///
    /// [[services.grafana.roles]]
    /// name = "reader"
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.grafana.databases]]
    /// type = "postgresql"
    /// name = "grafana"
    /// user = "grafana"
    /// grants = [{ role = "reader", privileges = ["SELECT"], on = { table = "public.*" } }]
    ///
    /// [[services.grafana.roles]]
    /// name = "reader"
    /// ```
    pub INVALID_PRIVILEGE = "invalid-privilege", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (_, database) in scope.declarations.databases() {
        for grant in &database.grants {
            if let Some(said) = &grant.privileges {
                let kind = target::single_kind(&grant.on);
                privileges(kind, said, grant.span, findings);
            }
            findings.extend(option_of_public(&grant.role, grant.with_grant_option));
            let languages =
                target::kinds(&grant.on).filter(|(kind, ..)| *kind == ObjectKind::Language);
            let names = languages.flat_map(|(.., names)| names);
            findings.extend(
                names
                    .filter(|name| UNTRUSTED.contains(&&*name.value))
                    .map(untrusted),
            );
        }
        for future in &database.default_privileges {
            if let Some(said) = &future.privileges {
                let kind = target::future_kind(&future.on.value);
                privileges(kind, said, future.role.span, findings);
            }
            findings.extend(option_of_public(&future.role, future.with_grant_option));
        }
    }
}

/// Languages that come with PostgreSQL and that only superusers can use.
const UNTRUSTED: [&str; 6] = [
    "c",
    "internal",
    "plperlu",
    "plpython2u",
    "plpython3u",
    "pltclu",
];

/// GRANT: "language is not trusted".
fn untrusted(name: &Text) -> Diagnostic {
    let message = format!(
        "no privileges can be granted on the language {}",
        phrase::backticked(&name.value)
    );
    Diagnostic::new(&INVALID_PRIVILEGE, name.span, message)
        .label("not trusted: only superusers write functions in it")
        .help("remove it from the grant; a function in it is granted as every other, with EXECUTE on the function")
}

/// GRANT: "grant options can only be granted to roles".
fn option_of_public(role: &Text, option: Option<Spanned<bool>>) -> Option<Diagnostic> {
    let option = option.filter(|option| option.value && &*role.value == "public")?;
    Some(
        Diagnostic::new(
            &INVALID_PRIVILEGE,
            option.span,
            "`public` can't have the grant option",
        )
        .label("only for a role")
        .related(role.span, "stands for everybody")
        .help("remove `withGrantOption`, or grant it to the roles that are meant to pass the privileges on"),
    )
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
    let (all, others): (Vec<&Text>, Vec<&Text>) = said.iter().partition(|name| is_all(&name.value));
    if let (Some(all), Some(other)) = (all.first(), others.first()) {
        findings.push(mixed(all, other));
    }
    for name in others {
        match (Privilege::new(&name.value), kind) {
            (None, _) => findings.push(unknown(name, kind)),
            (Some(privilege), Some(kind)) if !kind.privileges().contains(&privilege) => {
                findings.push(impossible(name, privilege, kind));
            }
            _ => {}
        }
    }
}

fn mixed(all: &Text, other: &Text) -> Diagnostic {
    let message = format!(
        "{} can't stand beside {}",
        phrase::backticked(&all.value),
        phrase::backticked(&other.value)
    );
    Diagnostic::new(&INVALID_PRIVILEGE, all.span, message)
        .label("stands for every privilege")
        .related(other.span, "another one")
        .help("name every privilege that is meant, or keep `ALL` alone")
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
