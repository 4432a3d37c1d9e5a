//! A program and all that it starts, in a process group of its own; a list of
//! those that run, for whatever ends the run.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// The leaders of the groups that run. Who holds the lock can be sure that each
/// number is still theirs: none is reaped without it.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A program that was started, and whatever it starts itself. Dropped before it
/// is reaped it is killed.
#[derive(Debug)]
pub(crate) struct Child {
    process: std::process::Child,
    group: Pid,
    reaped: bool,
}

/// Starts `command`.
///
/// # Errors
/// It cannot be started.
pub(crate) fn start(command: &mut Command) -> io::Result<Child> {
    // Started under the lock: a signal finds it in the list, or finds no child.
    let mut running = running();
    let process = command.process_group(0).spawn()?;
    let group = Pid::from_child(&process);
    running.push(group);
    Ok(Child {
        process,
        group,
        reaped: false,
    })
}

impl Child {
    /// Its ends of the pipes that were asked for.
    pub(crate) fn pipes(
        &mut self,
    ) -> (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>) {
        let process = &mut self.process;
        (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        )
    }

    /// Whether it has ended; what it started may go on.
    pub(crate) fn has_ended(&self) -> bool {
        self.reaped || has_ended(self.group)
    }

    /// Waits for its end, `limit` at most, and tells whether it has come.
    pub(crate) fn ends_within(&self, limit: Duration) -> bool {
        ends_by(Instant::now() + limit, || self.has_ended())
    }

    /// Sends a signal to the group.
    pub(crate) fn signal(&self, signal: Signal) {
        if !self.reaped {
            // A group that has gone needs no signal.
            let _ = kill_process_group(self.group, signal);
        }
    }

    /// Its status, waited for.
    ///
    /// # Errors
    /// The system does not tell it.
    pub(crate) fn reap(&mut self) -> io::Result<ExitStatus> {
        // Waited for without the lock: a signal must not have to wait too.
        let exited = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(self.group), exited).err() == Some(Errno::INTR) {}
        let mut running = running();
        let status = self.process.wait();
        running.retain(|group| *group != self.group);
        self.reaped = true;
        status
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            self.signal(Signal::KILL);
            let _ = self.reap();
        }
    }
}

fn has_ended(leader: Pid) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    !matches!(waitid(WaitId::Pid(leader), look), Ok(None))
}

/// Looks ever more rarely: most children end at once, the others take their time.
fn ends_by(end: Instant, has_ended: impl Fn() -> bool) -> bool {
    let mut pause = Duration::from_micros(200);
    loop {
        if has_ended() {
            return true;
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// The children of a run that is about to end. No other is started or reaped
/// from now on: whoever tries waits for ever.
#[derive(Debug)]
pub(crate) struct Last(Vec<Pid>);

/// Passes a signal that ends the run on to every child.
pub(crate) fn pass_on(signal: i32) -> Last {
    let running = running();
    let groups = running.clone();
    std::mem::forget(running);
    if let Some(signal) = Signal::from_named_raw(signal) {
        for group in &groups {
            let _ = kill_process_group(*group, signal);
        }
    }
    Last(groups)
}

impl Last {
    /// Leaves them until `last` to end, then kills what is left.
    pub(crate) fn end(self, last: Instant) {
        ends_by(last, || self.0.iter().all(|leader| has_ended(*leader)));
        for group in self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
