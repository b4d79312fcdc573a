//! A role that nobody declares.

use std::collections::HashSet;

use super::{Findings, Scope, invalid_name, unread};
use crate::declaration::{Service, Text};
use crate::diagnostic::phrase::Comparisons;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::version::Version;
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds owners, grants, memberships, default privileges, role settings and clients that name a role which no
    /// enabled service declares, neither as a database's `user` nor among `roles`. Known without a declaration are
    /// `postgres`, PostgreSQL's predefined roles such as `pg_monitor`, and for privileges `public`.
    ///
    /// ## Why is this bad?
    /// The server refuses a grant to a role that does not exist, and everything that is provisioned after it would be
    /// missing. Mostly the name is misspelt.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// access = [ { role = "reporting", preset = "read-only" } ]
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// access = [ { role = "reporting", preset = "read-only" } ]
    ///
    /// [[services.immich.roles]]
    /// name = "reporting"
    /// login = true
    /// ```
    pub UNKNOWN_ROLE = "unknown-role", Error
}

/// The predefined roles with the major version that brought them (manual: "Predefined Roles", and the release notes).
const PREDEFINED: &[(&str, u8)] = &[
    ("pg_checkpoint", 15),
    ("pg_create_subscription", 16),
    ("pg_database_owner", 14),
    ("pg_execute_server_program", 11),
    ("pg_maintain", 17),
    ("pg_monitor", 10),
    ("pg_read_all_data", 14),
    ("pg_read_all_settings", 10),
    ("pg_read_all_stats", 10),
    ("pg_read_server_files", 11),
    ("pg_signal_autovacuum_worker", 18),
    ("pg_signal_backend", 9),
    ("pg_stat_scan_tables", 10),
    ("pg_use_reserved_connections", 16),
    ("pg_write_all_data", 14),
    ("pg_write_server_files", 11),
];

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let may_be_elsewhere = unread::may_hide_a_role(scope, findings);
    let may_be_public = privileges(scope);
    let mut candidates = Vec::new();
    let mut comparisons = Comparisons::default();
    for (service, role) in scope.role_references() {
        let name = &*role.value;
        match scope.role(name) {
            Some(origin) if origin.enabled || !scope.is_enabled(service) => continue,
            Some(origin) => {
                findings.push(disabled(role, origin.span));
                continue;
            }
            None if name == "postgres"
                || is_predefined(scope, name)
                || invalid_name::is_invalid(name) =>
            {
                continue;
            }
            None if may_be_elsewhere => continue,
            None if name == "public" && may_be_public.contains(&role.span) => continue,
            None => {}
        }
        if candidates.is_empty() {
            candidates = scope.role_names();
            candidates.extend(predefined(scope));
        }
        let near = comparisons.with(&candidates);
        findings.push(finding(scope, service, role, near));
    }
}

/// The places where `public` stands for everybody.
fn privileges(scope: &Scope) -> HashSet<Span> {
    let databases = scope.declarations.databases();
    databases
        .flat_map(|(_, database)| {
            let grants = database.grants.iter().map(|grant| grant.role.span);
            grants.chain(
                database
                    .default_privileges
                    .iter()
                    .map(|privilege| privilege.role.span),
            )
        })
        .collect()
}

fn is_predefined(scope: &Scope, name: &str) -> bool {
    let exists = |since: u8| {
        scope
            .version()
            .is_none_or(|version| version.major() >= since)
    };
    PREDEFINED
        .iter()
        .any(|(role, since)| *role == name && exists(*since))
}

/// Those of the declared version, or of any.
fn predefined(scope: &Scope) -> Vec<&'static str> {
    PREDEFINED
        .iter()
        .map(|(role, _)| *role)
        .filter(|role| is_predefined(scope, role))
        .collect()
}

fn disabled(role: &Text, origin: Span) -> Diagnostic {
    let message = format!(
        "role {} is declared only by a service that is not enabled",
        phrase::backticked(&role.value)
    );
    Diagnostic::new(&UNKNOWN_ROLE, role.span, message)
        .label("won't exist")
        .related(origin, "declared here, in a service with `enable = false`")
        .help("declare the role in a service that is enabled, or remove what refers to it")
}

fn finding(scope: &Scope, service: &Service, role: &Text, candidates: &[&str]) -> Diagnostic {
    let name = &*role.value;
    let shown = phrase::backticked(name);
    if name == "public" {
        return Diagnostic::new(&UNKNOWN_ROLE, role.span, "`public` is no role")
            .label("stands for everybody")
            .help("only `grants` and `defaultPrivileges` can name `public`; name a role here");
    }
    if let Some((_, since)) = PREDEFINED
        .iter()
        .find(|(predefined, _)| *predefined == name)
    {
        let version = scope.version().unwrap_or(Version::OLDEST);
        return Diagnostic::new(
            &UNKNOWN_ROLE,
            role.span,
            format!("PostgreSQL {version} has no role {shown}"),
        )
        .label(format!("predefined from PostgreSQL {since}"))
        .help("name another role, or raise the `version` of the instance if the server is newer");
    }
    let finding = Diagnostic::new(&UNKNOWN_ROLE, role.span, format!("unknown role {shown}"));
    let near = phrase::did_you_mean(candidates.iter().copied(), name).map(phrase::backticked);
    match near {
        Some(near) if name.starts_with("pg_") => finding
            .label(format!("did you mean {near}?"))
            .help(format!("write {near}")),
        Some(near) => finding.label(format!("did you mean {near}?")).help(format!(
            "write {near}, or declare {shown} among the `roles` of a service"
        )),
        None if name.starts_with("pg_") => {
            let all = phrase::and_list(predefined(scope));
            finding
                .label("not among the predefined roles")
                .help(format!("the predefined roles are {all}"))
        }
        None => {
            let example = format!(
                "[[{}]]\nname = {}",
                roles_of(service),
                toml::Value::from(name)
            );
            finding
                .label("declared by no service")
                .help("declare it among the `roles` of a service:")
                .example(scope.example(role.span, &example))
        }
    }
}

/// Where the roles of a service stand: a file that is named like its service has them at its top.
fn roles_of(service: &Service) -> String {
    let name = &service.name;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.span.end == 0 {
        "roles".to_owned()
    } else if !name.value.is_empty() && name.value.chars().all(is_plain) {
        format!("services.{}.roles", name.value)
    } else {
        format!("services.{}.roles", toml::Value::from(&*name.value))
    }
}
