//! The lines of pg_ident.conf.

use super::{MAP, logins::Logins, version};
use crate::check::Scope;
use crate::declaration::{Ident, Text};
use crate::postgres::hba::{DatabaseUser, IdentMap, SystemUser};
use crate::source::Span;

/// The lines of the server's user name maps, sorted, each once, with the first place that it comes from.
pub fn ident_map(scope: &Scope) -> Vec<(IdentMap, Span)> {
    let version = version(scope);
    let logins = Logins::new(scope);
    let mut lines = Vec::new();
    let mut add = |unix_user: Option<&Text>, role: &Text| {
        let Some(unix_user) = unix_user else { return };
        lines
            .extend(own(&unix_user.value, &role.value, version).map(|line| (line, unix_user.span)));
    };
    for (service, database) in scope.enabled_databases() {
        let user = &database.user;
        let unix_user = database.unix_user.as_ref().or(scope.unix_user(service));
        add(unix_user, user);
        add(logins.own_unix_user(&user.value), user);
        for (role, unix_user) in logins.with_access(database) {
            add(unix_user, role);
        }
    }
    for ident in scope.declarations.ident_map() {
        lines.extend(declared(ident, version).map(|line| (line, ident.map.span)));
    }
    lines.sort_unstable_by(|(a, a_span), (b, b_span)| (key(a), a_span).cmp(&(key(b), b_span)));
    lines.dedup_by(|(later, _), (first, _)| later == first);
    lines
}

fn own(unix_user: &str, role: &str, version: u8) -> Option<IdentMap> {
    let system_user = SystemUser::literal(unix_user).ok()?;
    let database_user = DatabaseUser::literal(role, version).ok()?;
    Some(IdentMap {
        map: MAP.to_owned(),
        system_user,
        database_user,
        line: 0,
        file: None,
    })
}

/// A system user that begins with a slash is a regular expression, as in the file.
fn declared(ident: &Ident, version: u8) -> Option<IdentMap> {
    let system_user = match ident.system_user.value.strip_prefix('/') {
        Some(pattern) => SystemUser::Regex(pattern.to_owned()),
        None => SystemUser::literal(&ident.system_user.value).ok()?,
    };
    let database_user = DatabaseUser::literal(&ident.database_user.value, version).ok()?;
    Some(IdentMap {
        map: ident.map.value.to_string(),
        system_user,
        database_user,
        line: 0,
        file: None,
    })
}

fn key(line: &IdentMap) -> (&str, (bool, &str), (u8, &str)) {
    let system_user = match &line.system_user {
        SystemUser::Name(name) => (false, name.as_str()),
        SystemUser::Regex(pattern) => (true, pattern.as_str()),
    };
    let database_user = match &line.database_user {
        DatabaseUser::Name(name) => (0, name.as_str()),
        DatabaseUser::Member(role) => (1, role.as_str()),
        DatabaseUser::Regex(pattern) => (2, pattern.as_str()),
        DatabaseUser::All => (3, ""),
    };
    (&line.map, system_user, database_user)
}
