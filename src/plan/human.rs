//! Text for a person, by scope.

use super::json::Mode;
use super::{Kind, Plan, Scope, ScopeName, Step};
use crate::diagnostic::color::{Paint, Tone};
use crate::diagnostic::{phrase, visible, visible_lines};

/// The line above a scope's steps.
pub fn heading(name: &ScopeName, paint: Paint) -> String {
    let name = visible(&name.to_string());
    format!("{}\n", paint.text(Tone::Strong, &name))
}

/// The steps of a scope.
pub fn steps(scope: &Scope, mode: Mode, paint: Paint) -> String {
    let mut out = String::new();
    for step in scope.grouped() {
        let mut word = word(step, mode);
        for (line, tone) in lines(step) {
            let line = match tone {
                Some(tone) => paint.text(tone, line.trim_end()),
                None => line.trim_end().to_owned(),
            };
            let start = format!("{word:8}");
            let start = match word {
                "" => start,
                _ => paint.text(tone_of(step.kind), &start),
            };
            out.push_str(format!("  {start} {line}").trim_end());
            out.push('\n');
            word = "";
        }
    }
    out
}

fn tone_of(kind: Kind) -> Tone {
    match kind {
        Kind::Change => Tone::Good,
        Kind::Record => Tone::Quiet,
        Kind::Failed | Kind::Blocked => Tone::Bad,
        Kind::Pending | Kind::Found => Tone::Warn,
    }
}

fn word(step: &Step, mode: Mode) -> &'static str {
    match (step.kind, mode) {
        (Kind::Change, Mode::Apply) => "done",
        (kind, _) => kind.as_str(),
    }
}

/// What is said of a step; what is beside the statement or the object has a tone.
fn lines(step: &Step) -> Vec<(String, Option<Tone>)> {
    let why = visible(&step.why);
    let sql = step.sql.iter().flat_map(|sql| visible_lines(sql));
    let sql: Vec<(String, Option<Tone>)> = sql.map(|line| (line, None)).collect();
    let comment = |text: String| vec![(format!("-- {text}"), Some(Tone::Quiet))];
    match step.kind {
        Kind::Change | Kind::Record | Kind::Failed if !sql.is_empty() => {
            [sql, comment(why)].concat()
        }
        kind => {
            let mut lines = vec![(format!("{}: {why}", visible(&step.object)), None)];
            let about = match kind {
                Kind::Found => "to remove it: ",
                Kind::Pending => "once it exists: ",
                _ => "",
            };
            let sql = sql.into_iter();
            lines.extend(sql.map(|(line, _)| (format!("{about}{line}"), Some(Tone::Hint))));
            lines
        }
    }
}

/// All scopes that have steps, and the summary.
pub fn render(plan: &Plan, mode: Mode, paint: Paint) -> String {
    let differing = plan.scopes.iter().filter(|scope| !scope.steps.is_empty());
    let mut out: String = differing
        .map(|scope| heading(&scope.name, paint) + &steps(scope, mode, paint))
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
