//! The first step of a connection, spoken directly: what the server asks for, without a password to give.
//! Much faster than a psql, and it tells trust from a password that is not needed.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use super::postgres::Cluster;

/// The server's first answer (manual, "Message Formats").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// In, without a question.
    Accepted,
    /// A password is asked for, in clear.
    AsksClear,
    /// A password is asked for, as MD5.
    AsksMd5,
    /// A password is asked for, with SCRAM.
    AsksScram,
    /// A rule of method `reject`.
    Rejected,
    /// No rule.
    NoRule,
    /// A method that found the wrong user.
    Failed(String),
    /// Anything else.
    Other(String),
}

/// Connects through the socket, or to `host` over TCP without encryption.
pub fn start(
    cluster: &Cluster,
    host: Option<&str>,
    database: &str,
    user: &str,
    replication: bool,
) -> Answer {
    let answer = match host {
        None => {
            let path = cluster.socket.join(format!(".s.PGSQL.{}", cluster.port));
            UnixStream::connect(path).and_then(|stream| ask(stream, database, user, replication))
        }
        Some(host) => TcpStream::connect((host, cluster.port))
            .and_then(|stream| ask(stream, database, user, replication)),
    };
    answer.unwrap_or_else(|error| Answer::Other(error.to_string()))
}

fn ask(
    mut stream: impl Read + Write,
    database: &str,
    user: &str,
    replication: bool,
) -> io::Result<Answer> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    let mut pairs = vec![("user", user), ("database", database)];
    if replication {
        pairs.push(("replication", "true"));
    }
    for (name, value) in pairs {
        body.extend_from_slice(format!("{name}\0{value}\0").as_bytes());
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).unwrap();
    stream.write_all(&[&length.to_be_bytes()[..], &body].concat())?;
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let [kind, length @ ..] = head;
    let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
    stream.read_exact(&mut body)?;
    Ok(match (kind, body.as_slice()) {
        (b'R', [0, 0, 0, 0]) => Answer::Accepted,
        (b'R', [0, 0, 0, 3]) => Answer::AsksClear,
        (b'R', [0, 0, 0, 5, ..]) => Answer::AsksMd5,
        (b'R', [0, 0, 0, 10, ..]) => Answer::AsksScram,
        _ => refusal(&String::from_utf8_lossy(&body)),
    })
}

fn refusal(body: &str) -> Answer {
    let message = body
        .split('\0')
        .find_map(|field| field.strip_prefix('M'))
        .unwrap_or(body)
        .to_owned();
    if message.starts_with("no pg_hba.conf entry") {
        Answer::NoRule
    } else if message.starts_with("pg_hba.conf rejects") {
        Answer::Rejected
    } else if message.contains("authentication failed") {
        Answer::Failed(message)
    } else {
        Answer::Other(message)
    }
}
