//! Which map lets a system user in.

use super::pattern::{Answer, Patterns};
use super::{DatabaseUser, IdentMap, SystemUser};

/// What the maps say about one login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentDecision {
    /// Allowed: both names are the same and the rule has no map.
    SameName,
    /// Allowed by the map with this index.
    Map(usize),
    /// Refused.
    Refused,
    /// It depends on the map with this index, whose pattern cannot be judged here.
    Unknown(usize),
}

enum Step {
    Allows,
    Passes,
    /// The server gives up on the whole search.
    Ends,
    Unknown,
}

/// `user` asks, `system_user` was found, `member_of` tells memberships of `user`. The lines are tried in their order.
pub(super) fn decide<'m>(
    maps: impl IntoIterator<Item = (usize, &'m IdentMap)>,
    name: Option<&str>,
    (user, system_user): (&str, &str),
    member_of: &dyn Fn(&str) -> bool,
    patterns: &Patterns,
) -> IdentDecision {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return if user == system_user {
            IdentDecision::SameName
        } else {
            IdentDecision::Refused
        };
    };
    for (index, map) in maps.into_iter().filter(|(_, map)| map.map == name) {
        match step(map, (user, system_user), member_of, patterns) {
            Step::Allows => return IdentDecision::Map(index),
            Step::Passes => {}
            Step::Ends => return IdentDecision::Refused,
            Step::Unknown => return IdentDecision::Unknown(index),
        }
    }
    IdentDecision::Refused
}

fn step(
    map: &IdentMap,
    (user, system_user): (&str, &str),
    member_of: &dyn Fn(&str) -> bool,
    patterns: &Patterns,
) -> Step {
    match &map.system_user {
        SystemUser::Name(name) if name == system_user => {
            database_user(&map.database_user, user, member_of, patterns)
        }
        SystemUser::Name(_) => Step::Passes,
        SystemUser::Regex(pattern) => {
            let pattern = patterns.get(pattern);
            match pattern.matches(system_user) {
                Answer::No => Step::Passes,
                Answer::Unknown => Step::Unknown,
                Answer::Yes => match &map.database_user {
                    DatabaseUser::Name(name) if name.contains("\\1") => match pattern
                        .first_group(system_user)
                    {
                        Err(()) => Step::Unknown,
                        Ok(None) => Step::Ends,
                        Ok(Some(group)) if name.replacen("\\1", group, 1) == user => Step::Allows,
                        Ok(Some(_)) => Step::Passes,
                    },
                    other => database_user(other, user, member_of, patterns),
                },
            }
        }
    }
}

fn database_user(
    token: &DatabaseUser,
    user: &str,
    member_of: &dyn Fn(&str) -> bool,
    patterns: &Patterns,
) -> Step {
    let allows = match token {
        DatabaseUser::All => Answer::Yes,
        DatabaseUser::Name(name) => Answer::from(name == user),
        DatabaseUser::Member(role) => Answer::from(role == user || member_of(role)),
        DatabaseUser::Regex(pattern) => patterns.get(pattern).matches(user),
    };
    match allows {
        Answer::Yes => Step::Allows,
        Answer::No => Step::Passes,
        Answer::Unknown => Step::Unknown,
    }
}
