//! A socket directory that no unit of systemd can be given.

use super::{Findings, Scope};
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds a `socketDirectory` that is no absolute path, holds something other than ASCII letters, digits and
    /// `/._-`, or is longer than 90 bytes.
    ///
    /// ## Why is this bad?
    /// The path goes into a unit of systemd, where a `%`, a quote or a line break means something of its own, and it
    /// is what tells a socket from a host name: what does not begin with a slash is looked up in DNS. The kernel takes
    /// 107 bytes for the whole name of a socket.
    ///
    /// ## Example
    /// ```toml
    /// [instances.main]
    /// socketDirectory = "run/postgresql"
    /// ```
    /// Use instead:
    /// ```toml
    /// [instances.main]
    /// socketDirectory = "/run/postgresql"
    /// ```
    pub INVALID_SOCKET_DIRECTORY = "invalid-socket-directory", Error
}

/// unix(7): 107 bytes, of which `/.s.PGSQL.65535` and a `.lock` beside it take some.
const LONGEST: usize = 90;

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let instances = scope.declarations.instances.iter();
    for directory in instances.filter_map(|instance| instance.socket_directory.as_ref()) {
        let path = &*directory.value;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        let label = if !path.starts_with('/') {
            "does not begin with a slash".to_owned()
        } else if let Some(other) = path.chars().find(|c| !allowed(*c)) {
            format!(
                "{} can't stand in it",
                phrase::backticked(&other.to_string())
            )
        } else if path.len() > LONGEST {
            format!("{} bytes, and {LONGEST} are the most", path.len())
        } else {
            continue;
        };
        let shown = phrase::backticked(path);
        findings.push(
            Diagnostic::new(&INVALID_SOCKET_DIRECTORY, directory.span, format!("the socket directory can't be {shown}"))
                .label(label)
                .help("write an absolute path of ASCII letters, digits and `/._-`; NixOS has `/run/postgresql`"),
        );
    }
}
