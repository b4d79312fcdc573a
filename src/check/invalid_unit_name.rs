//! A unit that systemd can't have.

use super::{Findings, Scope};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds entries of `units` that are no name of a systemd unit: other characters than ASCII letters, digits and
    /// `:-_.\@`, no suffix such as `.service`, or more than 255 bytes. Also units that can't wait for a database: those that provide it, and those that systemd
    /// starts before services. Services, timers and targets such as `multi-user.target` can.
    ///
    /// ## Why is this bad?
    /// The unit is ordered after the database. systemd passes over a dependency on a name that it can't read, so the
    /// service would start before its database is there. A unit that the database itself needs would wait for itself, and
    /// so would a socket, a mount or an early target such as `sysinit.target`: services start after them, and among these the
    /// database. systemd breaks such a circle at boot by leaving out units, even whole targets.
    ///
    /// ## Example
    /// ```toml
    /// units = ["immich-server"]
    /// ```
    /// Use instead:
    /// ```toml
    /// units = ["immich-server.service"]
    /// ```
    pub INVALID_UNIT_NAME = "invalid-unit-name", Error
}

/// The kinds of unit (systemd.unit(5)).
const SUFFIXES: [&str; 11] = [
    "service",
    "socket",
    "device",
    "mount",
    "automount",
    "swap",
    "target",
    "path",
    "timer",
    "slice",
    "scope",
];

/// systemd.unit(5): "The total length of the unit name including the suffix must not exceed 255 characters".
const LONGEST: usize = 255;

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let services = scope
        .declarations
        .services
        .iter()
        .flat_map(|service| &service.units);
    let databases = scope
        .declarations
        .databases()
        .flat_map(|(_, database)| &database.units);
    for unit in services.chain(databases) {
        if provides_databases(&unit.value) {
            let message = format!(
                "{} can't wait for databases",
                phrase::backticked(&unit.value)
            );
            let finding = Diagnostic::new(&INVALID_UNIT_NAME, unit.span, message);
            findings.push(
                finding
                    .label("the database needs it")
                    .help("write the unit that connects to the database"),
            );
            continue;
        }
        let Err(why) = parse(&unit.value) else {
            findings.extend(early(unit));
            continue;
        };
        let message = format!(
            "{} is no name of a systemd unit",
            phrase::backticked(&unit.value)
        );
        let finding = Diagnostic::new(&INVALID_UNIT_NAME, unit.span, message).label(why);
        let with_suffix = format!("{}.service", unit.value);
        findings.push(if parse(&with_suffix).is_ok() {
            finding.help(format!("write {}", phrase::backticked(&with_suffix)))
        } else {
            finding.help("write the whole name, as `systemctl list-units` shows it, such as `immich-server.service`")
        });
    }
}

/// Targets that services start after, by default or as the server does, and those of the end.
const EARLY: &[&str] = &[
    "basic",
    "cryptsetup",
    "cryptsetup-pre",
    "final",
    "integritysetup",
    "integritysetup-pre",
    "local-fs",
    "local-fs-pre",
    "network",
    "network-pre",
    "paths",
    "shutdown",
    "slices",
    "sockets",
    "swap",
    "sysinit",
    "sysinit-reactivation",
    "umount",
    "veritysetup",
    "veritysetup-pre",
];

/// A unit that starts before the services, and so before the database.
fn early(unit: &Text) -> Option<Diagnostic> {
    let (name, suffix) = unit.value.rsplit_once('.')?;
    let help = match suffix {
        "service" | "timer" => return None,
        "target" if !EARLY.contains(&name) => return None,
        "target" => "write the services of it that connect to the database".to_owned(),
        "socket" | "path" => format!(
            "write the service that it starts, such as {}",
            phrase::backticked(&format!("{name}.service"))
        ),
        _ => "write the service that connects to the database".to_owned(),
    };
    let message = format!(
        "{} can't wait for databases",
        phrase::backticked(&unit.value)
    );
    Some(
        Diagnostic::new(&INVALID_UNIT_NAME, unit.span, message)
            .label("systemd starts it before services, and so before the database")
            .help(help),
    )
}

fn provides_databases(unit: &str) -> bool {
    let of_server = [
        "postgresql.service",
        "postgresql-setup.service",
        "postgresql.target",
    ];
    of_server.contains(&unit) || unit.starts_with("dbgen-")
}

fn parse(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("empty".to_owned());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    if let Some(character) = name.chars().find(|c| !allowed(*c)) {
        let shown = if character == ' ' {
            "a blank".to_owned()
        } else {
            phrase::backticked(&character.to_string())
        };
        return Err(format!("{shown} can't stand in it"));
    }
    let Some((prefix, _)) = name
        .rsplit_once('.')
        .filter(|(_, suffix)| SUFFIXES.contains(suffix))
    else {
        return Err("no suffix such as `.service`".to_owned());
    };
    if prefix.is_empty() || prefix.starts_with('@') {
        return Err("nothing before the suffix".to_owned());
    }
    if name.len() > LONGEST {
        return Err(format!(
            "{} bytes, at most {LONGEST} are allowed",
            name.len()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{parse, provides_databases};

    #[test]
    fn what_a_database_needs_does_not_wait_for_it() {
        assert!(provides_databases("postgresql.service"));
        assert!(provides_databases("dbgen-provision.service"));
        assert!(!provides_databases("postgresql-backup.service"));
    }

    #[test]
    fn names_that_systemd_takes_are_names() {
        for name in [
            "immich-server.service",
            "getty@tty1.service",
            "a\\x2db.mount",
            "worker@.service",
            "x.y.timer",
            "a:b.target",
        ] {
            assert_eq!(parse(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn names_that_systemd_refuses_are_none() {
        let long = format!("{}.service", "a".repeat(248));
        for name in [
            "",
            "immich",
            ".service",
            "@x.service",
            "a b.service",
            "ü.service",
            "a/b.service",
            "a.nix",
            "a.service\n",
            &long,
        ] {
            assert!(parse(name).is_err(), "{name}");
        }
    }
}
