//! A rule with a user name map that has no lines.

use std::collections::BTreeSet;

use super::{Findings, Scope, unread};
use crate::catalog::access::MAP;
use crate::diagnostic::phrase::Comparisons;
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds rules whose option `map` names a map without a line in `identMap`. The map `dbgen` is made of the declared
    /// Unix users.
    ///
    /// ## Why is this bad?
    /// A map without lines maps nobody: every login that the rule decides is refused.
    ///
    /// ## Example
    /// ```toml
    /// [instances.main]
    /// identMap = [{ map = "admins", systemUser = "root", databaseUser = "postgres" }]
    ///
    /// [[instances.main.authentication]]
    /// type = "local"
    /// databases = "all"
    /// users = ["postgres"]
    /// method = "peer"
    /// options = { map = "admin" }
    /// ```
    /// Use instead:
    /// ```toml
    /// options = { map = "admins" }
    /// ```
    pub UNKNOWN_MAP = "unknown-map", Error
}

/// Applies the rule.
pub fn check(scope: &Scope, findings: &mut Findings) {
    if unread::may_hide_a_file(findings) {
        return;
    }
    let instances = &scope.declarations.instances;
    let mut maps: BTreeSet<&str> = instances
        .iter()
        .flat_map(|instance| &instance.ident_map)
        .map(|ident| &*ident.map.value)
        .collect();
    maps.insert(MAP);
    let names: Vec<&str> = maps.iter().copied().collect();
    let mut comparisons = Comparisons::default();
    let rules = instances
        .iter()
        .flat_map(|instance| &instance.authentication);
    for (_, map) in rules
        .flat_map(|rule| &rule.options)
        .filter(|(name, _)| &*name.value == "map")
    {
        if maps.contains(&*map.value) {
            continue;
        }
        let names = comparisons.with(&names);
        let message = format!(
            "the user name map {} has no lines",
            phrase::backticked(&map.value)
        );
        let finding = Diagnostic::new(&UNKNOWN_MAP, map.span, message);
        findings.push(match phrase::did_you_mean(names.iter().copied(), &map.value) {
            Some(near) => finding.label(format!("did you mean {}?", phrase::backticked(near))),
            None => {
                let example = format!(
                    "[instances.main]\nidentMap = [{{ map = {}, systemUser = \"root\", databaseUser = \"postgres\" }}]",
                    toml::Value::String(map.value.to_string())
                );
                finding.label("would map nobody").help("say who may log in as whom:").example(scope.example(map.span, &example))
            }
        });
    }
}
