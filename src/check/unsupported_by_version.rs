//! Something that the declared server does not have yet.

use super::{Findings, Scope, target};
use crate::declaration::{Creation, Database, Role, Text, Token, Tokens};
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::postgres::hba::Method;
use crate::postgres::privilege::{ObjectKind, Privilege};
use crate::postgres::version::Version;
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds what needs a newer PostgreSQL than the `version` that the instance declares. Without a `version` nothing is
    /// found.
    ///
    /// - from 15: `localeProvider = "icu"` of a database, grants on parameters
    /// - from 16: `inherit` and `set` of a membership, `icuRules`, regular expressions in authentication rules
    /// - from 17: the privilege MAINTAIN, `localeProvider = "builtin"`
    /// - from 18: `builtinLocale = "PG_UNICODE_FAST"`, the method `oauth`
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
    for (_, database) in scope.declarations.databases() {
        database
            .creation
            .iter()
            .for_each(|creation| needs.creation(creation));
        needs.privileges(database);
        database
            .clients
            .iter()
            .filter_map(|client| client.method.as_ref())
            .for_each(|method| needs.method(method));
    }
    scope
        .declarations
        .roles()
        .for_each(|(_, role)| needs.memberships(role));
    for rule in scope.declarations.authentication() {
        needs.method(&rule.method);
        needs.tokens(&rule.databases);
        needs.tokens(&rule.users);
    }
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

    fn creation(&mut self, creation: &Creation) {
        if let Some(provider) = &creation.locale_provider {
            match &*provider.value {
                "icu" => self.feature(provider.span, "locale provider `icu` for a database", 15),
                "builtin" => self.feature(provider.span, "locale provider `builtin`", 17),
                "libc" => self.feature(provider.span, "choice of a locale provider", 15),
                _ => {}
            }
        }
        let provider = creation
            .locale_provider
            .as_ref()
            .map(|provider| &*provider.value);
        // Without the provider there is no locale of it: one finding is enough.
        if let Some(locale) = creation
            .icu_locale
            .as_ref()
            .filter(|_| provider != Some("icu"))
        {
            self.feature(locale.span, "`icuLocale` for a database", 15);
        }
        if let Some(rules) = &creation.icu_rules {
            self.feature(rules.span, "`icuRules`", 16);
        }
        match &creation.builtin_locale {
            Some(locale) if &*locale.value == "PG_UNICODE_FAST" => {
                self.feature(locale.span, "`builtinLocale` `PG_UNICODE_FAST`", 18);
            }
            Some(locale) if provider != Some("builtin") => {
                self.feature(locale.span, "`builtinLocale`", 17)
            }
            _ => {}
        }
    }

    fn privileges(&mut self, database: &Database) {
        for grant in &database.grants {
            for (kind, field, _) in target::kinds(&grant.on) {
                if kind == ObjectKind::Parameter {
                    self.feature(field.span, "grants on parameters", 15);
                }
            }
            self.each_privilege(
                target::single_kind(&grant.on),
                grant.privileges.iter().flatten(),
            );
        }
        for future in &database.default_privileges {
            self.each_privilege(
                target::future_kind(&future.on.value),
                future.privileges.iter().flatten(),
            );
        }
    }

    fn each_privilege<'d>(
        &mut self,
        kind: Option<ObjectKind>,
        privileges: impl Iterator<Item = &'d Text>,
    ) {
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

    fn method(&mut self, method: &Text) {
        if let Some(known) = Method::ALL
            .into_iter()
            .find(|known| known.keyword() == &*method.value)
        {
            self.feature(
                method.span,
                &format!(
                    "authentication method {}",
                    phrase::backticked(&method.value)
                ),
                known.since(),
            );
        }
    }

    fn tokens(&mut self, tokens: &Tokens) {
        for token in tokens.list() {
            if let Token::Regex(regex) = token {
                self.feature(
                    regex.span,
                    "regular expressions in authentication rules",
                    16,
                );
            }
        }
    }
}
