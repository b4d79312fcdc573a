//! A server that has taken a connection and then answers nobody. What a statement may take, the server itself sees to; but one that is
//! frozen, or cut off, sees to nothing, and psql would wait for it for ever.

use std::env;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::message::is_unanswered;
use super::psql::Psql;

/// How many new clients in a row have to be left without an answer.
const UNANSWERED: usize = 5;

/// The time between two of them, at most, and what one of them may take at least.
const PAUSE: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(60);

/// Does `work`, which ends when the child does; the child, a client of the server, is killed when the server answers nobody any more.
/// What came of it, and whether it was.
pub(super) fn watched<T>(psql: &Psql, child: Pid, work: impl FnOnce() -> T) -> (T, bool) {
    thread::scope(|scope| {
        let (working, done) = mpsc::channel();
        let watcher = scope.spawn(move || watch(psql, child, &done));
        let result = work();
        drop(working);
        (result, watcher.join().unwrap_or(false))
    })
}

fn watch(psql: &Psql, child: Pid, done: &Receiver<()>) -> bool {
    let patience = seconds(psql);
    let mut unanswered = 0;
    while unanswered < UNANSWERED {
        let pause = patience.min(PAUSE);
        if done.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
            return false;
        }
        match answers(psql, LONGEST.max(patience * 2), done) {
            Some(true) => unanswered = 0,
            Some(false) => unanswered += 1,
            None => return false,
        }
    }
    let _ = kill_process(child, Signal::KILL);
    true
}

/// The time that psql is given for a connection.
fn seconds(psql: &Psql) -> Duration {
    let name = "PGCONNECT_TIMEOUT";
    let own = psql.environment.iter().find(|(key, _)| *key == name);
    let said = match own {
        Some((_, value)) => Some(value.clone()),
        None => env::var_os(name).filter(|_| !psql.alone),
    };
    let seconds = said.and_then(|said| said.to_str()?.trim().parse().ok());
    // For libpq 0 is no limit, and 1 is 2.
    match seconds.unwrap_or(0) {
        0 => PAUSE,
        seconds => Duration::from_secs(seconds.clamp(2, 3600)),
    }
}

/// Whether the server says anything at all to one more client, be it a refusal; nothing when that is of no interest any more.
fn answers(psql: &Psql, longest: Duration, done: &Receiver<()>) -> Option<bool> {
    let mut command: Command = psql.command();
    command
        .args(["--command", ""])
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    // What the one that is watched could do is no question of the server.
    let Ok(mut child) = command.spawn() else {
        return Some(true);
    };
    let started = Instant::now();
    let answered = loop {
        match child.try_wait() {
            Ok(None) => {}
            Ok(Some(_)) => {
                let mut told = Vec::new();
                if let Some(mut stderr) = child.stderr.take() {
                    let _ = stderr.read_to_end(&mut told);
                }
                break Some(!is_unanswered(&String::from_utf8_lossy(&told)));
            }
            Err(_) => break Some(true),
        }
        if started.elapsed() > longest {
            break Some(false);
        }
        if done.recv_timeout(Duration::from_millis(20)) != Err(RecvTimeoutError::Timeout) {
            break None;
        }
    };
    let _ = child.kill();
    let _ = child.wait();
    answered
}
