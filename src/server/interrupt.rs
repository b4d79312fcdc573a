//! SIGINT, SIGTERM, SIGQUIT and SIGHUP, which a terminal that is closed sends, end psql before they end dbgen: psql tells the server to cancel the statement, so that nothing goes on there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use std::{fs, io};

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// psql has this long to leave by itself, which it can't while it waits for a connection.
const GRACE: Duration = Duration::from_secs(5);

/// Signals that arrive from now on, and the process that they are passed on to.
#[derive(Clone, Debug)]
pub struct Interrupts(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    child: Option<Pid>,
    signal: Option<i32>,
    held: bool,
}

impl Interrupts {
    /// Starts to listen. While no psql runs, a signal does what it does by default.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn listen() -> io::Result<Interrupts> {
        let interrupts = Interrupts(Arc::default());
        let mut wanted = vec![SIGINT, SIGTERM, SIGQUIT];
        // As under nohup, which wants the run to go on.
        if !is_ignored(SIGHUP) {
            wanted.push(SIGHUP);
        }
        let mut signals = Signals::new(wanted)?;
        let listener = interrupts.clone();
        thread::spawn(move || {
            for signal in signals.forever() {
                listener.arrived(signal);
            }
        });
        Ok(interrupts)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrived(&self, signal: i32) {
        let mut state = self.state();
        let Some(child) = state.child else {
            if state.held && state.signal.replace(signal).is_none() {
                return;
            }
            drop(state);
            die(signal);
            return;
        };
        if state.signal.replace(signal).is_some() {
            let _ = kill_process(child, Signal::KILL);
            return;
        }
        let _ = kill_process(child, Signal::INT);
        drop(state);
        let later = self.clone();
        thread::spawn(move || {
            thread::sleep(GRACE);
            let state = later.state();
            if state.child == Some(child) {
                let _ = kill_process(child, Signal::KILL);
            }
        });
    }

    /// Whether the first signal is only remembered while no psql runs, because something must be put right before the end.
    pub(crate) fn hold(&self, held: bool) {
        self.state().held = held;
    }

    /// This process gets the signals from now on.
    pub(super) fn pass_to(&self, child: Option<Pid>) {
        self.state().child = child;
    }

    /// The signal that arrived, if one did.
    pub fn signal(&self) -> Option<i32> {
        self.state().signal
    }
}

/// Whether the caller has the signal ignored; only Linux says so without unsafe code.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Ends this process as the signal does by default, which the caller's shell can see.
pub fn die(signal: i32) {
    let _ = emulate_default_handler(signal);
}
