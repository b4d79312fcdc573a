//! A service or an instance that stands in several files and says something twice.

use std::collections::HashMap;

use super::{Findings, Scope};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};
use crate::source::Span;

rule! {
    /// ## What it does
    /// Finds services and instances that stand in several files and say the same thing in more than one of them:
    /// `enable` or `unixUser` of a service, `version`, `socketDirectory`, `converge`, `creation`, `drift`, `lockTimeout`,
    /// `statementTimeout` or `removed.dumpDirectory` of an instance. Lists, such as `databases`, add up.
    ///
    /// ## Why is this bad?
    /// Neither file is more right than the other. If the last one won, the order of the files would decide, and a
    /// reader of one file could not know what holds.
    ///
    /// ## Example
    /// ```toml
    /// # services/immich.toml
    /// [services.immich]
    /// unixUser = "immich"
    ///
    /// # services/photos.toml
    /// [services.immich]
    /// unixUser = "photos"
    /// ```
    /// Use instead, in one file only:
    /// ```toml
    /// [services.immich]
    /// unixUser = "immich"
    /// ```
    pub DUPLICATE_SERVICE = "duplicate-service", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let mut said = Said {
        first: HashMap::with_capacity(scope.declarations.services.len()),
        findings,
    };
    for service in &scope.declarations.services {
        said.tell(
            "service",
            &service.name,
            "enable",
            service.enable.map(|enable| enable.span),
        );
        said.tell(
            "service",
            &service.name,
            "unixUser",
            service.unix_user.as_ref().map(|user| user.span),
        );
    }
    for instance in &scope.declarations.instances {
        said.tell(
            "instance",
            &instance.name,
            "version",
            instance.version.map(|version| version.span),
        );
        let removed = instance.removed.as_ref();
        let dump_directory = removed.map_or(&None, |removed| &removed.dump_directory);
        for (field, text) in [
            ("socketDirectory", &instance.socket_directory),
            ("converge", &instance.converge),
            ("creation", &instance.creation),
            ("lockTimeout", &instance.lock_timeout),
            ("statementTimeout", &instance.statement_timeout),
            ("removed.dumpDirectory", dump_directory),
        ] {
            let span = text.as_ref().map(|text| text.span);
            said.tell("instance", &instance.name, field, span);
        }
        let drift = instance.drift.as_ref().map(|drift| drift.span);
        said.tell("instance", &instance.name, "drift", drift);
    }
}

struct Said<'d, 'f> {
    first: HashMap<(&'static str, &'d str, &'static str), Span>,
    findings: &'f mut Findings,
}

impl<'d> Said<'d, '_> {
    fn tell(
        &mut self,
        noun: &'static str,
        name: &'d Text,
        field: &'static str,
        span: Option<Span>,
    ) {
        let Some(span) = span else { return };
        let first = *self.first.entry((noun, &name.value, field)).or_insert(span);
        if first == span {
            return;
        }
        let message = format!(
            "{noun} {} says `{field}` twice",
            phrase::backticked(&name.value)
        );
        self.findings.push(
            Diagnostic::new(&DUPLICATE_SERVICE, span, message)
                .label("said again here")
                .related(first, "first said here")
                .help(format!("say `{field}` in one place only, or rename one of the two {noun}s if they are different ones")),
        );
    }
}
