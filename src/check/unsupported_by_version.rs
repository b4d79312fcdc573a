//! A privilege or an option that the declared server does not have yet.

use super::{Findings, Scope, target};
use crate::declaration::{Database, Role, Text};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::privilege::{ObjectKind, Privilege};
use crate::postgres::version::Version;
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds privileges and options of memberships that need a newer PostgreSQL than the `version` that the instance
    /// declares. Without a `version` nothing is found.
    ///
    /// - from 15: grants on parameters
    /// - from 16: `inherit` and `set` of a membership
    /// - from 17: the privilege MAINTAIN
    ///
    /// Locale providers, parameters, predefined roles and authentication have rules of their own, which look at the
    /// version too.
    ///
    /// ## Why is this bad?
    /// The older server refuses it, and what is provisioned after it is missing.
    ///
    /// ## Example
    /// ```toml
    /// [instances.main]
    /// version = 15
    ///
    /// [[services.grafana.roles]]
    /// name = "reader"
    /// memberOf = [ { role = "pg_read_all_data", set = false } ]
    /// ```
    /// Use instead:
    /// ```toml
    /// [instances.main]
    /// version = 16
    ///
    /// [[services.grafana.roles]]
    /// name = "reader"
    /// memberOf = [ { role = "pg_read_all_data", set = false } ]
    /// ```
    pub UNSUPPORTED_BY_VERSION = "unsupported-by-version", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let said = scope
        .declarations
        .instances
        .iter()
        .filter_map(|instance| instance.version);
    let Some((version, declared)) = said
        .into_iter()
        .find_map(|said| Some((Version::new(said.value)?, said.span)))
    else {
        return;
    };
    let mut needs = Needs {
        version,
        declared,
        findings,
    };
    scope
        .declarations
        .databases()
        .for_each(|(_, database)| needs.privileges(database));
    scope
        .declarations
        .roles()
        .for_each(|(_, role)| needs.memberships(role));
}

struct Needs<'f> {
    version: Version,
    /// The place that declares it.
    declared: Span,
    findings: &'f mut Findings,
}

impl Needs<'_> {
    /// The feature at `span` came with the major version `since`.
    fn feature(&mut self, span: Span, feature: &str, since: u8) {
        if self.version.major() >= since {
            return;
        }
        self.findings.push(
            Diagnostic::new(
                &UNSUPPORTED_BY_VERSION,
                span,
                format!(
                    "PostgreSQL {} has no {feature}, new in {since}",
                    self.version
                ),
            )
            .label(format!("needs PostgreSQL {since}"))
            .related(self.declared, "the version is declared here")
            .help(format!(
                "remove it, or declare `version = {since}` once the server is upgraded"
            )),
        );
    }

    fn privileges(&mut self, database: &Database) {
        for grant in &database.grants {
            for (kind, field, _) in target::kinds(&grant.on) {
                if kind == ObjectKind::Parameter {
                    self.feature(field.span, "grants on parameters", 15);
                }
            }
            self.each_privilege(target::single_kind(&grant.on), &grant.privileges);
        }
        for future in &database.default_privileges {
            self.each_privilege(target::future_kind(&future.on.value), &future.privileges);
        }
    }

    fn each_privilege(&mut self, kind: Option<ObjectKind>, privileges: &[Text]) {
        let Some(kind) = kind.filter(|kind| *kind != ObjectKind::Parameter) else {
            return;
        };
        for name in privileges {
            let Some(privilege) = Privilege::new(&name.value) else {
                continue;
            };
            if let Some(since) = privilege.since(kind) {
                self.feature(
                    name.span,
                    &format!("privilege {}", phrase::backticked(privilege.as_sql())),
                    since.major(),
                );
            }
        }
    }

    fn memberships(&mut self, role: &Role) {
        for membership in &role.member_of {
            for (option, said) in [("inherit", membership.inherit), ("set", membership.set)] {
                if let Some(said) = said {
                    self.feature(said.span, &format!("option `{option}` of a membership"), 16);
                }
            }
        }
    }
}
