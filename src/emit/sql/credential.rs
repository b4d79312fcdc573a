//! The secrets that the program needs.

use crate::catalog::{Instance, PasswordSource};
use crate::postgres::identifier::Identifier;

/// One secret that the program reads from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The file's name, safe as the name of a credential of systemd.
    pub name: String,
    /// The role whose password it is.
    pub role: Identifier,
    /// Where it comes from.
    pub source: PasswordSource,
}

/// The secrets of all roles, sorted by the roles' names.
pub fn credentials(instance: &Instance) -> Vec<Credential> {
    let roles = instance.roles.iter();
    let with_password =
        roles.filter_map(|(name, role)| Some((name, role.password.as_ref()?.clone())));
    let numbered = with_password.enumerate();
    numbered
        .map(|(index, (role, source))| Credential {
            name: name(role.as_str(), index + 1),
            role: role.clone(),
            source,
        })
        .collect()
}

/// Role names may hold what file names and unit files can't: such a role's secret is told by its place in the list.
fn name(role: &str, place: usize) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    match role.bytes().all(is_plain) {
        true => format!("password.{role}"),
        false => format!("password-{place}"),
    }
}
