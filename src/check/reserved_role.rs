//! A role that can't be declared.

use super::{Findings, Scope};
use crate::declaration::{Role, Service, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::identifier::is_reserved_role;

rule! {
    /// ## What it does
    /// Finds databases whose `user`, and `roles` whose `name`, is `public`, `none`, `postgres`, or begins with `pg_`.
    /// As the target of a membership the predefined roles, such as `pg_monitor`, are fine, but for `pg_database_owner`,
    /// whose only member is the owner of the database. An instance can't remove any of them.
    ///
    /// ## Why is this bad?
    /// PostgreSQL refuses to create `public`, `none` and `pg_...`. `postgres` is the superuser that NixOS makes: a
    /// service that logs in as it may read and drop every other service's data.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "postgres"
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// ```
    pub RESERVED_ROLE = "reserved-role", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for service in &scope.declarations.services {
        for database in &service.databases {
            declared(scope, service, &database.user, "user", findings);
        }
        for role in &service.roles {
            declared(scope, service, &role.name, "name", findings);
            let memberships = role.member_of.iter().map(|membership| &membership.role);
            findings.extend(
                memberships
                    .filter(|of| &*of.value == "pg_database_owner")
                    .map(|of| database_owner(role, of)),
            );
        }
    }
    let removed = scope.declarations.removed();
    let removed = removed.flat_map(|removed| &removed.roles);
    for name in removed.filter(|name| &*name.value == "postgres" || is_reserved_role(&name.value)) {
        let shown = phrase::backticked(&name.value);
        let message = format!("role {shown} can't be removed, it belongs to the server itself");
        findings.push(
            Diagnostic::new(&RESERVED_ROLE, name.span, message)
                .label("no role that a declaration could have made")
                .help("leave it out"),
        );
    }
}

fn database_owner(role: &Role, of: &Text) -> Diagnostic {
    let message = format!(
        "role {} can't be made a member of {}",
        phrase::backticked(&role.name.value),
        phrase::backticked(&of.value)
    );
    Diagnostic::new(&RESERVED_ROLE, of.span, message)
        .label("its only member is the owner of the database at hand")
        .help("make the role the `owner` of a database, or a member of the role that is")
}

fn declared(scope: &Scope, service: &Service, role: &Text, field: &str, findings: &mut Findings) {
    let is_superuser = &*role.value == "postgres";
    if !is_superuser && !is_reserved_role(&role.value) {
        return;
    }
    let shown = phrase::backticked(&role.value);
    let finding = if is_superuser {
        let message = match field {
            "user" => format!(
                "service {} logs in as {shown}, the server's superuser",
                phrase::backticked(&service.name.value)
            ),
            _ => format!("role {shown} can't be declared, it is the server's superuser"),
        };
        Diagnostic::new(&RESERVED_ROLE, role.span, message)
            .label("may do everything in every database")
    } else {
        let message = format!("role {shown} can't be declared, the name is reserved by PostgreSQL");
        Diagnostic::new(&RESERVED_ROLE, role.span, message).label(match &*role.value {
            "public" => "stands for everybody",
            "none" => "stands for no role",
            _ => "names that begin with `pg_` belong to the server",
        })
    };
    let predefined = field == "name" && role.value.starts_with("pg_");
    let own = if predefined {
        format!("{}_role", service.name.value)
    } else {
        service.name.value.to_string()
    };
    let mut example = format!("{field} = {}", toml::Value::from(own));
    let mut help = "give the service a role of its own:";
    if predefined {
        example += &format!("\nmemberOf = [{}]", toml::Value::from(&*role.value));
        help =
            "name a role of your own; to give it the rights of a predefined role make it a member:";
    }
    findings.push(
        finding
            .help(help)
            .example(scope.example(role.span, &example)),
    );
}
