//! Databases that are copies of each other.

use std::collections::{HashMap, HashSet};

use super::{Findings, Scope};
use crate::declaration::Text;
use crate::diagnostic::{Diagnostic, phrase, rule};

rule! {
    /// ## What it does
    /// Finds databases whose `template` is the database itself, or over several templates leads back to it.
    ///
    /// ## Why is this bad?
    /// A template must be there before its copy. None of these databases can be the first, and none is created.
    ///
    /// ## Example
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// template = "immich"
    /// ```
    /// Use instead:
    /// ```toml
    /// [[services.immich.databases]]
    /// type = "postgresql"
    /// name = "immich"
    /// user = "immich"
    /// template = "template0"
    /// ```
    pub TEMPLATE_CYCLE = "template-cycle", Error
}

/// How many names of a circle are shown.
const SHOWN: usize = 8;

/// Applies the rule: one finding for each circle.
pub fn check(scope: &Scope, findings: &mut Findings) {
    let mut templates: HashMap<&str, &Text> = HashMap::new();
    let mut names: Vec<&str> = Vec::new();
    for (_, database) in scope.declarations.databases() {
        if let Some(template) = database
            .creation
            .as_ref()
            .and_then(|creation| creation.template.as_ref())
        {
            // Of a database that is declared twice another rule tells.
            templates.entry(&database.name.value).or_insert_with(|| {
                names.push(&database.name.value);
                template
            });
        }
    }
    let mut done: HashSet<&str> = HashSet::new();
    for start in names {
        let (mut way, mut steps) = (Vec::new(), HashMap::new());
        let mut name = start;
        while let Some(template) = templates.get(name).filter(|_| !done.contains(name)) {
            if let Some(at) = steps.insert(name, way.len()) {
                findings.extend(finding(way.get(at..).unwrap_or_default()));
                break;
            }
            way.push((name, *template));
            name = &template.value;
        }
        done.extend(way.iter().map(|(name, _)| *name));
    }
}

fn finding(circle: &[(&str, &Text)]) -> Option<Diagnostic> {
    let (first, template) = circle.first()?;
    let mut names: Vec<String> = circle
        .iter()
        .take(SHOWN)
        .map(|(name, _)| phrase::backticked(name))
        .collect();
    if circle.len() > SHOWN {
        names.push("...".to_owned());
    }
    names.push(phrase::backticked(first));
    let message = match circle.len() {
        1 => format!("database {} is its own template", phrase::backticked(first)),
        _ => format!(
            "databases are templates of each other: {}",
            names.join(" -> ")
        ),
    };
    let mut finding = Diagnostic::new(&TEMPLATE_CYCLE, template.span, message)
        .label("must be there before its copy")
        .help("copy `template0`, or leave `template` out");
    for (_, template) in circle.iter().skip(1).take(SHOWN) {
        finding = finding.related(template.span, "likewise");
    }
    Some(finding)
}
