//! How far a run is, on a terminal, when it takes long.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use super::say;

/// From then on somebody wonders.
const PATIENCE: Duration = Duration::from_secs(1);

pub struct Progress {
    start: Instant,
    done: usize,
    all: usize,
    wanted: bool,
}

impl Progress {
    /// Of so many parts.
    pub fn new(all: usize) -> Progress {
        Progress {
            start: Instant::now(),
            done: 0,
            all,
            wanted: io::stderr().is_terminal(),
        }
    }

    /// One more part is done.
    pub fn step(&mut self) {
        self.done += 1;
        if self.wanted && self.start.elapsed() > PATIENCE {
            let done = self.done.min(self.all);
            say::progress(&format!("dbgen: {done} of {} parts", self.all));
        }
    }
}
