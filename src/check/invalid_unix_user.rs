//! A Unix user that NixOS can't have.

use super::{Findings, Scope, place};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds a `unixUser`, an `owner` or `group` of a `connection`, or a `group` of a password's file, that is no such name:
    /// other characters than ASCII letters, digits, `_`, `-` and `.` (and one `$` at the end), a digit, `-` or `.` at the
    /// start, or more than 31 characters.
    ///
    /// ## Why is this bad?
    /// The server lets a Unix user log in by its name. A user that can't exist never logs in, so the service would have
    /// no way to its database over the socket.
    ///
    /// ## Example
    /// ```toml
    /// unixUser = "im mich"
    /// ```
    /// Use instead:
    /// ```toml
    /// unixUser = "immich"
    /// ```
    pub INVALID_UNIX_USER = "invalid-unix-user", Error
}

/// NixOS refuses longer ones (nixpkgs: nixos/modules/config/users-groups.nix).
const LONGEST: usize = 31;

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let services = scope
        .declarations
        .services
        .iter()
        .filter_map(|service| service.unix_user.as_ref());
    let databases = scope
        .declarations
        .databases()
        .filter_map(|(_, database)| database.unix_user.as_ref());
    let roles = scope
        .declarations
        .roles()
        .filter_map(|(_, role)| role.unix_user.as_ref());
    let owners = scope.connections().filter_map(|it| it.owner.as_ref());
    let groups = scope
        .passwords()
        .filter_map(|(_, _, password)| password.group.as_ref());
    let groups = groups.chain(scope.connections().filter_map(|it| it.group.as_ref()));
    let users = services.chain(databases).chain(roles).chain(owners);
    let users = users.map(|user| ("user", user));
    for (kind, user) in users.chain(groups.map(|group| ("group", group))) {
        let name = &*user.value;
        let (part, label) = if name.is_empty() {
            (0..0, "empty".to_owned())
        } else if let Some((at, character)) = name
            .char_indices()
            .find(|(at, c)| !may_stand(name, *at, *c))
        {
            let shown = if character == ' ' {
                "a blank".to_owned()
            } else {
                phrase::backticked(&character.to_string())
            };
            let where_to = if at == 0 { "at the start" } else { "here" };
            (
                at..at + character.len_utf8(),
                format!("{shown} can't stand {where_to}"),
            )
        } else if name.len() > LONGEST {
            (
                0..name.len(),
                format!("{} characters, at most {LONGEST} are allowed", name.len()),
            )
        } else {
            continue;
        };
        let span = if part.is_empty() {
            user.span
        } else {
            place::of_part(scope, user, part)
        };
        findings.push(
            Diagnostic::new(&INVALID_UNIX_USER, span, format!("{} is no name of a Unix {kind}", phrase::backticked(name)))
                .label(label)
                .help(format!("write the {kind} as in `users.{kind}s`: at most 31 letters, digits, `_`, `-` and `.`, a letter or `_` first")),
        );
    }
}

/// What systemd takes everywhere (`User=`, sysusers): NixOS itself allows more, and upper-case letters above all, as in `sensitiveServices`.
fn may_stand(name: &str, at: usize, character: char) -> bool {
    match character {
        'a'..='z' | 'A'..='Z' | '_' => true,
        '0'..='9' | '-' | '.' => at > 0,
        '$' => at > 0 && at + 1 == name.len(),
        _ => false,
    }
}
