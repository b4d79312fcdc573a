//! Text for a person: what is wrong, with what was said, why, and how to mend it.

use std::fmt::Write;

use super::{Checked, Failure, Login, Problem, Report, Status, Tried};
use crate::diagnostic::color::{Paint, Tone};
use crate::diagnostic::phrase::{backticked, count};
use crate::diagnostic::{visible, visible_lines};

/// The whole report.
pub fn render(report: &Report, paint: Paint) -> String {
    let mut page = Page {
        out: String::new(),
        paint,
    };
    page.server(report);
    for (noun, checked) in [("role", &report.roles), ("database", &report.databases)] {
        page.objects(noun, checked);
    }
    for login in &report.logins {
        page.login(login);
    }
    page.line(0, &summary(report));
    page.out
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

struct Page {
    out: String,
    paint: Paint,
}

impl Page {
    fn server(&mut self, report: &Report) {
        let server = &report.server;
        let asked = match (&server.release, &server.user) {
            (Some(release), Some(user)) => {
                format!("PostgreSQL {release}, asked as {}", backticked(user))
            }
            _ => "not asked".to_owned(),
        };
        let place = backticked(&server.socket_directory);
        self.toned(
            0,
            Tone::Strong,
            "server:",
            &format!(
                " {asked}; the socket is in {place}, the port is {}",
                server.port
            ),
        );
        for problem in &server.problems {
            self.toned(2, Tone::Bad, "no", "");
            self.problem(4, problem);
        }
        for note in &server.notes {
            self.line(2, &format!("note: {note}"));
        }
    }

    fn objects(&mut self, noun: &str, objects: &[Checked]) {
        let wrong = objects.iter().filter(|object| !object.problems.is_empty());
        for object in wrong {
            let heading = format!("{noun} {}", backticked(&object.name));
            self.toned(0, Tone::Strong, &heading, "");
            for problem in &object.problems {
                self.toned(2, Tone::Bad, "no", "");
                self.problem(4, problem);
            }
        }
        let right = |object: &&Checked| object.checked && object.problems.is_empty();
        match objects.iter().filter(right).count() {
            0 => {}
            number => self.line(0, &format!("{} as declared", count(number, noun))),
        }
        match objects.iter().filter(|object| !object.checked).count() {
            0 => {}
            number => self.line(0, &format!("{} not compared", count(number, noun))),
        }
    }

    fn login(&mut self, login: &Login) {
        let unix_user = login.unix_user.as_ref().map(|user| backticked(user));
        let unix_user = unix_user.map_or(String::new(), |user| format!(" (Unix user {user})"));
        let names = (backticked(&login.database), backticked(&login.user));
        let heading = format!("{} as {}", names.0, names.1);
        self.toned(0, Tone::Strong, &heading, &unix_user);
        for tried in &login.routes {
            self.route(tried);
        }
    }

    fn route(&mut self, tried: &Tried) {
        let (word, tone) = match tried.status {
            Status::Ok => ("yes", Tone::Good),
            Status::Refused => ("no", Tone::Bad),
            Status::NotTried => ("not tried", Tone::Warn),
            Status::NotDeclared => ("not declared", Tone::Quiet),
        };
        let is_without_rule = tried
            .problem
            .as_ref()
            .is_some_and(|problem| problem.code == Failure::NoRule.code());
        let rule = match tried.rule.as_deref() {
            None if is_without_rule => "no line matches",
            rule => rule.unwrap_or_default(),
        };
        let word = match rule {
            "" => word.to_owned(),
            _ => format!("{word:12}"),
        };
        let word = self.paint.text(tone, &word);
        // A string takes everything.
        let _ = write!(self.out, "  {:9}  {word}", tried.route.to_string());
        self.line(0, format!("  {rule}").trim_end());
        if let Some(note) = &tried.note {
            self.line(13, note);
        }
        if let Some(problem) = &tried.problem {
            self.problem(13, problem);
        }
    }

    fn problem(&mut self, indent: usize, problem: &Problem) {
        let mut word = "said";
        for text in problem.message.iter().flat_map(|text| visible_lines(text)) {
            self.toned(
                indent,
                Tone::Quiet,
                word,
                &format!("{:pad$}{text}", "", pad = 7 - word.len()),
            );
            word = "";
        }
        self.toned(indent, Tone::Bad, "cause", &format!("  {}", problem.cause));
        self.toned(indent, Tone::Hint, "fix", &format!("    {}", problem.fix));
    }

    fn line(&mut self, indent: usize, text: &str) {
        self.toned(indent, Tone::Strong, "", text);
    }

    /// A line that starts with something in a tone.
    fn toned(&mut self, indent: usize, tone: Tone, start: &str, text: &str) {
        let start = self.paint.text(tone, &visible(start));
        let text = visible(text);
        let _ = writeln!(self.out, "{:indent$}{start}{}", "", text.trim_end());
    }
}
