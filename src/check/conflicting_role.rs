//! One role said two ways.

use std::collections::HashMap;

use super::{Findings, Scope};
use crate::declaration::{Attribute, Role, Service, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds roles that stand twice among the `roles` of the enabled services, and roles with `login = false` that a
    /// database has as its `user`.
    ///
    /// ## Why is this bad?
    /// Roles belong to the whole server. Two declarations of one role would each undo what the other says, and a `user`
    /// that may not log in leaves its service without a database.
    ///
    /// ## Example
    /// ```toml
    /// [[services.grafana.roles]]
    /// name = "reader"
    /// login = true
    ///
    /// [[services.metabase.roles]]
    /// name = "reader"
    /// ```
    /// Use instead one declaration; any service may refer to it:
    /// ```toml
    /// [[services.grafana.roles]]
    /// name = "reader"
    /// login = true
    /// ```
    pub CONFLICTING_ROLE = "conflicting-role", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let mut first: HashMap<&str, (&Service, &Role)> = HashMap::new();
    let mut users: HashMap<&str, Vec<(&Service, &Text)>> = HashMap::new();
    // Most projects have no such role, and need no list of the users.
    let mut roles = scope.declarations.roles();
    let contested = roles.any(|(_, role)| no_login(role).is_some());
    let databases = scope.declarations.databases();
    for (service, database) in databases.filter(|_| contested) {
        users
            .entry(&database.user.value)
            .or_default()
            .push((service, &database.user));
    }
    for (service, role) in scope.declarations.roles() {
        if let Some(no_login) = no_login(role) {
            let users = users.get(&*role.name.value).into_iter().flatten();
            if let Some((_, user)) = users
                .copied()
                .find(|(other, _)| together(scope, service, other))
            {
                findings.push(login(role, no_login, user));
            }
        }
        if !scope.is_enabled(service) {
            continue;
        }
        match first.get(&*role.name.value) {
            Some((other_service, other)) => twice(other_service, other, service, role, findings),
            None => {
                first.insert(&role.name.value, (service, role));
            }
        }
    }
}

/// Whether both are in use at the same time.
fn together(scope: &Scope, one: &Service, other: &Service) -> bool {
    one.name.value == other.name.value || (scope.is_enabled(one) && scope.is_enabled(other))
}

/// The place that says `login = false`.
fn no_login(role: &Role) -> Option<Span> {
    let login = role.attribute(Attribute::Login)?;
    (!login.value).then_some(login.span)
}

fn login(role: &Role, no_login: Span, user: &Text) -> Diagnostic {
    let message = format!(
        "role {} is the user of a database and may not log in",
        phrase::backticked(&role.name.value)
    );
    Diagnostic::new(&CONFLICTING_ROLE, no_login, message)
        .label("no login here")
        .related(user.span, "the service logs in as it here")
        .help("remove `login = false`, or give the database another `user` and make this role its `owner`")
}

fn twice(
    other_service: &Service,
    other: &Role,
    service: &Service,
    role: &Role,
    findings: &mut Findings,
) {
    let shown = phrase::backticked(&role.name.value);
    let message = if other_service.name.value == service.name.value {
        format!(
            "service {} declares role {shown} twice",
            phrase::backticked(&service.name.value)
        )
    } else {
        format!(
            "services {} and {} both declare role {shown}",
            phrase::backticked(&other_service.name.value),
            phrase::backticked(&service.name.value)
        )
    };
    let label = match different(other, role) {
        Some((attribute, there, here)) => format!(
            "declared again here, `{}` is {here} and not {there}",
            attribute.name()
        ),
        None => "declared again here".to_owned(),
    };
    findings.push(
        Diagnostic::new(&CONFLICTING_ROLE, role.name.span, message)
            .label(label)
            .related(other.name.span, "first declared here")
            .help("a role belongs to the whole server: declare it once, the other service may refer to it by its name"),
    );
}

/// The first attribute that both say, and say differently.
fn different(one: &Role, other: &Role) -> Option<(Attribute, bool, bool)> {
    Attribute::ALL.into_iter().find_map(|attribute| {
        let (one, other) = (one.attribute(attribute)?, other.attribute(attribute)?);
        (one.value != other.value).then_some((attribute, one.value, other.value))
    })
}
