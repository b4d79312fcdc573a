//! Text for a person, by scope.

use super::json::Mode;
use super::{Kind, Plan, Scope, ScopeName, Step};
use crate::diagnostic::{phrase, visible, visible_lines};

/// The line above a scope's steps.
pub fn heading(name: &ScopeName) -> String {
    format!("{}\n", visible(&name.to_string()))
}

/// The steps of a scope.
pub fn steps(scope: &Scope, mode: Mode) -> String {
    let mut out = String::new();
    for step in scope.grouped() {
        let mut word = word(step, mode);
        for line in lines(step) {
            out.push_str(format!("  {word:8} {line}").trim_end());
            out.push('\n');
            word = "";
        }
    }
    out
}

fn word(step: &Step, mode: Mode) -> &'static str {
    match (step.kind, mode) {
        (Kind::Change, Mode::Apply) if step.outside => "run",
        (Kind::Change, Mode::Apply) => "done",
        (kind, _) => kind.as_str(),
    }
}

fn lines(step: &Step) -> Vec<String> {
    let why = visible(&step.why);
    let sql: Vec<String> = step.sql.iter().flat_map(|sql| visible_lines(sql)).collect();
    let comment = |text: String| vec![format!("-- {text}")];
    match step.kind {
        Kind::Change | Kind::Record | Kind::Failed if !sql.is_empty() => {
            [sql, comment(why)].concat()
        }
        kind => {
            let mut lines = vec![format!("{}: {why}", visible(&step.object))];
            let about = match kind {
                Kind::Found => "to remove it: ",
                Kind::Pending => "once it exists: ",
                _ => "",
            };
            lines.extend(sql.into_iter().map(|line| format!("{about}{line}")));
            lines
        }
    }
}

/// All scopes that have steps, and the summary.
pub fn render(plan: &Plan, mode: Mode) -> String {
    let differing = plan.scopes.iter().filter(|scope| !scope.steps.is_empty());
    let mut out: String = differing
        .map(|scope| heading(&scope.name) + &steps(scope, mode))
        .collect();
    out.push_str(&summary(plan, mode));
    out
}

/// The last line.
pub fn summary(plan: &Plan, mode: Mode) -> String {
    let counts = plan.counts();
    let databases = plan
        .scopes
        .iter()
        .filter(|scope| matches!(scope.name, ScopeName::Contents(_)))
        .count();
    let mut parts = Vec::new();
    match (counts.change, mode) {
        (0, _) => {}
        (changes, Mode::Plan) => parts.push(phrase::count(changes, "change")),
        (changes, Mode::Apply) => {
            parts.push(format!("{} executed", phrase::count(changes, "change")))
        }
    }
    for (number, word) in [
        (counts.failed, "failed"),
        (counts.blocked, "blocked"),
        (counts.pending, "pending"),
        (counts.found, "found but not declared"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {word}"));
        }
    }
    let failed = plan.not_done().into_iter().map(|name| visible(&name));
    let failed: Vec<String> = failed.collect();
    if counts.change + counts.blocked == 0 && failed.is_empty() {
        parts.insert(0, "nothing to do".into());
    }
    if !failed.is_empty() {
        parts.push(format!("not done: {}", failed.join(", ")));
    }
    let mut out = parts.join(", ");
    out.push_str(&format!(" ({})", phrase::count(databases, "database")));
    out.push('\n');
    out
}
