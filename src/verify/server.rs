//! The server itself: where it is, whether it could be asked, whether its files for authentication are in force.

use regex_lite::Regex;

use super::ask::{Asked, Facts};
use super::attempt::Place;
use super::rules::{Rules, Source};
use super::{Failure, Problem, Server};
use crate::catalog::Instance;
use crate::diagnostic::phrase::{backticked, count};
use crate::server::ask::other_version;

const RELOAD: &str =
    "SELECT pg_reload_conf(), or `systemctl reload postgresql`: nobody loses a connection";

/// Where the logins are tried: at the server that was asked, if it is on this host.
pub(super) fn place(asked: &Asked, instance: &Instance) -> Place {
    let (host, port) = match asked {
        Asked::Answered(facts) => (Some(facts.host.clone()), facts.port.parse().ok()),
        Asked::Refused(message) => said_place(message),
    };
    let port = port.unwrap_or(instance.port);
    let declared = instance.socket_directory.to_string();
    let (socket_directory, elsewhere) = match host {
        Some(host) if host.starts_with('/') => (host, None),
        Some(host) if !is_here(&host) => (declared, Some(host)),
        _ => (declared, None),
    };
    Place {
        socket_directory,
        port,
        elsewhere,
    }
}

fn is_here(host: &str) -> bool {
    host.is_empty()
        || host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// Where libpq says that it was refused.
fn said_place(message: &str) -> (Option<String>, Option<u16>) {
    let found = |pattern: &str| {
        let found = Regex::new(pattern).ok()?.captures(message)?;
        Some((
            found.get(1)?.as_str().to_owned(),
            found.get(2)?.as_str().parse().ok(),
        ))
    };
    let socket = found(r#"on socket "(/.*)/\.s\.PGSQL\.([0-9]+)" failed"#);
    let tcp = || found(r#"at "([^"]*)"(?: \([^)]*\))?, port ([0-9]+) failed"#);
    match socket.or_else(tcp) {
        Some((host, port)) => (Some(host), port),
        None => (None, None),
    }
}

/// What is wrong with the server.
pub(super) fn check(
    facts: Option<&Facts>,
    refused: Option<&str>,
    rules: Option<&Rules>,
    place: &Place,
    instance: &Instance,
) -> Server {
    let mut server = Server {
        asked: facts.is_some(),
        user: facts.map(|facts| facts.user.clone()),
        release: facts.map(|facts| facts.release.clone()),
        socket_directory: place.socket_directory.clone(),
        port: place.port,
        ..Server::default()
    };
    if let Some(message) = refused {
        server.problems.push(not_asked(message));
    }
    let Some(facts) = facts else {
        return server;
    };
    if let Some(rules) = rules {
        server.problems.extend(file("pg_hba.conf", &rules.hba));
        server.problems.extend(file("pg_ident.conf", &rules.ident));
    } else {
        server.notes.push(format!(
            "{} may not read the server's pg_hba.conf: which line matches is not known; connect as a superuser to see it",
            backticked(&facts.user)
        ));
    }
    if facts.passwords.is_none() {
        server.notes.push(format!(
            "{} may not read pg_catalog.pg_authid: why a password is refused can't be told",
            backticked(&facts.user)
        ));
    }
    server
        .notes
        .extend(other_version(instance.version, facts.version));
    if facts.recovery {
        server
            .notes
            .push("the server is a standby in recovery: logins can only read".into());
    }
    if let Some(host) = &place.elsewhere {
        server.notes.push(format!(
            "the server is on {}: its socket, 127.0.0.1 and ::1 can be tried only there",
            backticked(host)
        ));
    } else if place.port != instance.port {
        server.notes.push(format!(
            "the server was asked on port {}, and {} is declared: the logins are tried on port {}",
            place.port, instance.port, place.port
        ));
    }
    let free = facts.max_connections - facts.reserved - facts.connections;
    if free <= 0 {
        server.problems.push(Problem::new(
            Failure::ServerLimit.code(),
            format!(
                "the server has {} of max_connections = {}, and keeps {} for superusers and reserved roles: it lets in no other",
                count(usize::try_from(facts.connections).unwrap_or(0), "connection"),
                facts.max_connections,
                facts.reserved
            ),
            "let services keep fewer connections open, or raise max_connections (services.postgresql.settings) and restart the server",
        ));
    }
    server
}

fn not_asked(message: &str) -> Problem {
    let failure = Failure::of(message);
    let (cause, fix) = match failure {
        Failure::NoListener | Failure::Unreachable | Failure::NoAddress => (
            "nobody listens where dbgen asked: the server does not run, or it is elsewhere",
            "`systemctl status postgresql` and its journal tell whether it runs; --connect names another place",
        ),
        Failure::StartingUp => (
            "the server is starting up or recovering",
            "wait, and run this again; its journal tells how far it is",
        ),
        Failure::ShuttingDown => (
            "the server is shutting down",
            "start it again: `systemctl start postgresql`",
        ),
        Failure::NoServer => (
            "whoever listens where dbgen asked is no PostgreSQL server, or ended while it was asked",
            "`ss -lptn` tells who listens on the port; --connect names another place",
        ),
        _ => (
            "the server does not answer the role that dbgen connects as: roles, databases and files are not compared",
            "connect as one that gets in, best a superuser: `sudo -u postgres dbgen verify`, or --connect 'user=...'",
        ),
    };
    Problem::new(failure.code(), cause, fix).said(message)
}

fn file(name: &str, source: &Source) -> Vec<Problem> {
    let path = backticked(&source.path);
    let broken = source.errors.iter().map(|error| {
        Problem::new(
            "file-error",
            format!("the server can't read {path}, so that nothing in it is in force: what it read before still is, and a restart fails"),
            format!("mend the line, then {RELOAD}"),
        )
        .said(error)
    });
    let mut problems: Vec<Problem> = broken.collect();
    if problems.is_empty() && source.changed {
        problems.push(Problem::new(
            "file-not-loaded",
            format!("{path} was changed after the server read its configuration: what {name} says now is not in force"),
            RELOAD,
        ));
    }
    problems
}
