//! Lines for the textfile collector of Prometheus' node exporter.

use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Report, Status};

/// The lines. Without a report, verification could not run. A login that could not be tried has no line: neither number would be true.
pub fn render(report: Option<&Report>) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    at(report, now.unwrap_or(Duration::ZERO))
}

fn at(report: Option<&Report>, now: Duration) -> String {
    let mut out = String::from(
        "# HELP dbgen_verify_login_ok Whether the server let a declared login in over a route.\n\
         # TYPE dbgen_verify_login_ok gauge\n",
    );
    for login in report.iter().flat_map(|report| &report.logins) {
        for tried in &login.routes {
            let value = match tried.status {
                Status::Ok => 1,
                Status::Refused => 0,
                Status::NotTried | Status::NotDeclared => continue,
            };
            // A string takes everything.
            let _ = writeln!(
                out,
                "dbgen_verify_login_ok{{database=\"{}\",user=\"{}\",route=\"{}\"}} {value}",
                escaped(&login.database),
                escaped(&login.user),
                tried.route
            );
        }
    }
    let success = report.is_some_and(|report| report.problems().next().is_none());
    let _ = write!(
        out,
        "# HELP dbgen_verify_success Whether everything was as declared.\n\
         # TYPE dbgen_verify_success gauge\n\
         dbgen_verify_success {}\n\
         # HELP dbgen_verify_timestamp_seconds When the server was verified last.\n\
         # TYPE dbgen_verify_timestamp_seconds gauge\n\
         dbgen_verify_timestamp_seconds {}\n",
        u8::from(success),
        now.as_secs()
    );
    out
}

fn escaped(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    value.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::reach::Route;
    use crate::verify::{Login, Problem, Server, Tried};

    fn tried(route: Route, status: Status) -> Tried {
        Tried {
            route,
            status,
            method: None,
            rule: None,
            note: None,
            problem: (status == Status::Refused).then(|| Problem::new("no-rule", "", "")),
        }
    }

    #[test]
    fn only_what_was_tried_has_a_line() {
        let report = Report {
            server: Server::default(),
            roles: Vec::new(),
            databases: Vec::new(),
            logins: vec![Login {
                database: "a\"b\\c".into(),
                user: "u".into(),
                unix_user: None,
                routes: vec![
                    tried(Route::Socket, Status::NotTried),
                    tried(Route::Ipv4, Status::Ok),
                    tried(Route::Ipv6, Status::Refused),
                ],
            }],
        };
        let text = at(Some(&report), Duration::from_secs(7));
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                r#"dbgen_verify_login_ok{database="a\"b\\c",user="u",route="127.0.0.1"} 1"#,
                r#"dbgen_verify_login_ok{database="a\"b\\c",user="u",route="::1"} 0"#,
                "dbgen_verify_success 0",
                "dbgen_verify_timestamp_seconds 7",
            ]
        );
        assert!(at(None, Duration::ZERO).contains("dbgen_verify_success 0\n"));
    }
}
