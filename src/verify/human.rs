//! Text for a person: what is wrong, with what was said, why, and how to mend it.

use std::fmt::Write;

use super::{Checked, Failure, Login, Problem, Report, Status, Tried};
use crate::diagnostic::phrase::{backticked, count};
use crate::diagnostic::{visible, visible_lines};

/// The whole report.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    server(&mut out, report);
    for (noun, checked) in [("role", &report.roles), ("database", &report.databases)] {
        objects(&mut out, noun, checked);
    }
    for login in &report.logins {
        self::login(&mut out, login);
    }
    line(&mut out, 0, &summary(report));
    out
}

/// The last line.
fn summary(report: &Report) -> String {
    let ok = report.count(Status::Ok);
    let mut parts = vec![format!("{} let in", count(ok, "login"))];
    for (status, words) in [
        (Status::Refused, "refused"),
        (Status::NotTried, "not tried"),
        (Status::NotDeclared, "not declared"),
    ] {
        match report.count(status) {
            0 => {}
            number => parts.push(format!("{number} {words}")),
        }
    }
    let verdict = match report.problems().count() {
        0 if report.server.asked => "as declared".to_owned(),
        0 => "not everything could be looked at".to_owned(),
        problems => count(problems, "problem"),
    };
    format!("{verdict}: {}", parts.join(", "))
}

fn server(out: &mut String, report: &Report) {
    let server = &report.server;
    let asked = match (&server.release, &server.user) {
        (Some(release), Some(user)) => {
            format!("PostgreSQL {release}, asked as {}", backticked(user))
        }
        _ => "not asked".to_owned(),
    };
    let place = backticked(&server.socket_directory);
    line(
        out,
        0,
        &format!(
            "server: {asked}; the socket is in {place}, the port is {}",
            server.port
        ),
    );
    for problem in &server.problems {
        line(out, 2, "no");
        self::problem(out, 4, problem);
    }
    for note in &server.notes {
        line(out, 2, &format!("note: {note}"));
    }
}

fn objects(out: &mut String, noun: &str, objects: &[Checked]) {
    let wrong = objects.iter().filter(|object| !object.problems.is_empty());
    for object in wrong {
        line(out, 0, &format!("{noun} {}", backticked(&object.name)));
        for problem in &object.problems {
            line(out, 2, "no");
            self::problem(out, 4, problem);
        }
    }
    let right = |object: &&Checked| object.checked && object.problems.is_empty();
    match objects.iter().filter(right).count() {
        0 => {}
        number => line(out, 0, &format!("{} as declared", count(number, noun))),
    }
    match objects.iter().filter(|object| !object.checked).count() {
        0 => {}
        number => line(out, 0, &format!("{} not compared", count(number, noun))),
    }
}

fn login(out: &mut String, login: &Login) {
    let unix_user = login.unix_user.as_ref().map(|user| backticked(user));
    let unix_user = unix_user.map_or(String::new(), |user| format!(" (Unix user {user})"));
    let names = (backticked(&login.database), backticked(&login.user));
    line(out, 0, &format!("{} as {}{unix_user}", names.0, names.1));
    for tried in &login.routes {
        route(out, tried);
    }
}

fn route(out: &mut String, tried: &Tried) {
    let word = match tried.status {
        Status::Ok => "yes",
        Status::Refused => "no",
        Status::NotTried => "not tried",
        Status::NotDeclared => "not declared",
    };
    let is_without_rule = tried
        .problem
        .as_ref()
        .is_some_and(|problem| problem.code == Failure::NoRule.code());
    let rule = match tried.rule.as_deref() {
        None if is_without_rule => "no line matches",
        rule => rule.unwrap_or_default(),
    };
    line(
        out,
        2,
        format!("{:9}  {word:12}  {rule}", tried.route).trim_end(),
    );
    if let Some(note) = &tried.note {
        line(out, 13, note);
    }
    if let Some(problem) = &tried.problem {
        self::problem(out, 13, problem);
    }
}

fn problem(out: &mut String, indent: usize, problem: &Problem) {
    let mut word = "said";
    for text in problem.message.iter().flat_map(|text| visible_lines(text)) {
        line(out, indent, &format!("{word:5}  {text}"));
        word = "";
    }
    line(out, indent, &format!("cause  {}", problem.cause));
    line(out, indent, &format!("fix    {}", problem.fix));
}

fn line(out: &mut String, indent: usize, text: &str) {
    let text = visible(text);
    // A string takes everything.
    let _ = writeln!(out, "{:indent$}{}", "", text.trim_end());
}
