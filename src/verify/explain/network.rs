//! Nobody listens, or nobody answers.

use super::Case;
use crate::catalog::reach::Route;
use crate::diagnostic::phrase::backticked;
use crate::verify::{Failure, Problem};

const STATUS: &str = "`systemctl status postgresql` and `journalctl -u postgresql` tell whether it runs, and why not";

impl Case<'_> {
    pub(super) fn network(&self, failure: Failure) -> Problem {
        let port = self.judge.place.port;
        let (cause, fix) = match failure {
            Failure::NoListener => return self.no_listener(),
            Failure::SocketDenied => (
                format!(
                    "the Unix user that runs this may not use the socket in {} (unix_socket_permissions, unix_socket_group, or a folder above it)",
                    backticked(&self.judge.place.socket_directory)
                ),
                "let the service's user in: its group, or unix_socket_permissions of the server".to_owned(),
            ),
            Failure::NoAddress => (
                format!("this host has no address {}: IPv6 may be switched off", self.route),
                "switch it on (on NixOS networking.enableIPv6), or let the service use the socket or 127.0.0.1, and declare `loopback = false`"
                    .to_owned(),
            ),
            Failure::Unreachable => (
                format!("no answer came from {} port {port}: a firewall, or a server that hangs", self.route),
                STATUS.to_owned(),
            ),
            Failure::StartingUp => (
                "the server is starting up or recovering, and lets nobody in yet".to_owned(),
                "let the service wait for it (After= and Requires= of its unit), and run this again".to_owned(),
            ),
            Failure::ShuttingDown => (
                "the server is shutting down".to_owned(),
                "start it again: `systemctl start postgresql`".to_owned(),
            ),
            _ => (
                format!("whoever listens on port {port} is no PostgreSQL server, or ended while it was asked"),
                format!("`ss -lptn 'sport = :{port}'` tells who listens; {STATUS}"),
            ),
        };
        Problem::new(failure.code(), cause, fix)
    }

    fn no_listener(&self) -> Problem {
        let place = &self.judge.place;
        let (cause, fix) = match (self.judge.facts, self.route) {
            (None, Route::Socket) => (
                format!(
                    "no server has a socket for port {} in {}: it does not run, or its unix_socket_directories or port are others",
                    place.port,
                    backticked(&place.socket_directory)
                ),
                STATUS.to_owned(),
            ),
            (Some(_), Route::Socket) => (
                format!(
                    "the server runs, and has no socket for port {} in {}",
                    place.port,
                    backticked(&place.socket_directory)
                ),
                "declare the directory that it has (`socketDirectory`), or add this one to unix_socket_directories and restart the server"
                    .to_owned(),
            ),
            (None, route) => (
                format!("no server listens on {route} port {}: it does not run, or its listen_addresses or port are others", place.port),
                STATUS.to_owned(),
            ),
            (Some(facts), route) => (
                format!(
                    "the server runs, and does not listen on {route}: listen_addresses is '{}'{}",
                    facts.listen_addresses,
                    match route {
                        Route::Ipv6 => "; libpq tries ::1 first for `localhost`, and 127.0.0.1 only then",
                        _ => "",
                    }
                ),
                format!(
                    "add {route} to listen_addresses (on NixOS services.postgresql.settings.listen_addresses) and restart the server, a reload \
                     is not enough; or declare `loopback = false` if only the socket is used"
                ),
            ),
        };
        Problem::new(Failure::NoListener.code(), cause, fix)
    }
}
