//! Whether a role can log in at all.

use super::ask::{Facts, RoleFacts};
use super::{Checked, Problem};
use crate::diagnostic::phrase::backticked;

/// What is wrong with a role that is declared to log in.
pub(super) fn check(name: &str, facts: Option<&Facts>) -> Checked {
    let problems = match facts.map(|facts| facts.roles.get(name)) {
        None => Vec::new(),
        Some(None) => vec![missing(name)],
        Some(Some(role)) => [no_login(name, role), limit(name, role), expired(name, role)]
            .into_iter()
            .flatten()
            .collect(),
    };
    Checked {
        name: name.to_owned(),
        checked: facts.is_some(),
        problems,
    }
}

/// There is no such role.
pub(super) fn missing(name: &str) -> Problem {
    Problem::new(
        "no-role",
        format!("the role {} does not exist on the server", backticked(name)),
        "`dbgen apply` (on the module's host its provisioning unit) creates it",
    )
}

/// It has no LOGIN.
pub(super) fn no_login(name: &str, role: &RoleFacts) -> Option<Problem> {
    (!role.login).then(|| {
        Problem::new(
            "no-login",
            format!("the role {} has no LOGIN", backticked(name)),
            "`dbgen apply` gives it LOGIN",
        )
    })
}

/// Its connection limit is reached; of superusers the server counts none.
pub(super) fn limit(name: &str, role: &RoleFacts) -> Option<Problem> {
    let is_reached = (0..=role.connections).contains(&role.connection_limit) && !role.superuser;
    is_reached.then(|| {
        let cause = match role.connection_limit {
            0 => format!("the connection limit of the role {} is 0: it is let in nowhere", backticked(name)),
            limit => format!(
                "the connection limit of the role {} is {limit}, and it has {}",
                backticked(name),
                crate::diagnostic::phrase::count(usize::try_from(role.connections).unwrap_or(0), "connection")
            ),
        };
        Problem::new(
            "role-limit",
            cause,
            "declare a higher `connectionLimit` for the role and run `dbgen apply`, or let the service keep fewer connections open",
        )
    })
}

/// Its password has expired.
pub(super) fn expired(name: &str, role: &RoleFacts) -> Option<Problem> {
    role.expired.then(|| {
        Problem::new(
            "expired",
            format!(
                "the password of the role {} has expired (VALID UNTIL {}): the server refuses it with the words that it has for a wrong one",
                backticked(name),
                role.valid_until.as_deref().unwrap_or_default()
            ),
            "declare a later `validUntil` for the role, or `validUntil = \"infinity\"`, and run `dbgen apply` (one that is only left out stays, but under `converge = \"authoritative\"`)",
        )
    })
}
