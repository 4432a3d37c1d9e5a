//! A child process with its process group, and the list of those that are running.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// The leaders of the running process groups. A process is reaped only under this lock, so that the
/// kernel cannot reuse one of these ids for another process.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A child process. Dropping it kills its process group.
#[derive(Debug)]
pub(crate) struct Child {
    process: std::process::Child,
    group: Pid,
    reaped: bool,
}

/// Starts `command` in its own process group, with pipes for its outputs.
pub(crate) fn start(command: &mut Command) -> io::Result<Child> {
    // Hold the lock, so that a signal finds the child in the list or no child at all.
    let mut running = running();
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let process = command.process_group(0).spawn()?;
    let group = Pid::from_child(&process);
    running.push(group);
    Ok(Child {
        process,
        group,
        reaped: false,
    })
}

type Pipes = (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>);

impl Child {
    /// Takes the pipes. There is one for standard input if the command asked for it.
    pub(crate) fn take_pipes(&mut self) -> Pipes {
        let process = &mut self.process;
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        (stdin, stdout, process.stderr.take())
    }

    /// Whether the process has exited. Its own children may still run.
    pub(crate) fn has_exited(&self) -> bool {
        self.reaped || has_exited(self.group)
    }

    /// Waits up to `limit`; returns whether the process has exited.
    pub(crate) fn wait_for(&self, limit: Duration) -> bool {
        wait_until(Instant::now() + limit, || self.has_exited())
    }

    /// Sends a signal to the process group.
    pub(crate) fn signal(&self, signal: Signal) {
        if !self.reaped {
            // This fails if the group has ended already.
            let _ = kill_process_group(self.group, signal);
        }
    }

    /// Waits for the exit status.
    pub(crate) fn reap(&mut self) -> io::Result<ExitStatus> {
        // Waits without the lock, so that a signal is handled at once.
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

fn has_exited(leader: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    !matches!(waitid(WaitId::Pid(leader), options), Ok(None))
}

/// Polls with growing pauses: most children exit at once, the others later.
fn wait_until(deadline: Instant, is_over: impl Fn() -> bool) -> bool {
    let mut pause = Duration::from_micros(200);
    loop {
        if is_over() {
            return true;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// The process groups that still run when airx is about to exit.
#[derive(Debug)]
pub(crate) struct Remaining(Vec<Pid>);

/// Sends the signal that ends the run to every child. From now on no child is started
/// or reaped: other threads that try block until the process ends.
pub(crate) fn forward_signal(signal: i32) -> Remaining {
    let running = running();
    let groups = running.clone();
    std::mem::forget(running);
    if let Some(signal) = Signal::from_named_raw(signal) {
        for group in &groups {
            let _ = kill_process_group(*group, signal);
        }
    }
    Remaining(groups)
}

impl Remaining {
    /// Waits until `deadline` for the children to exit, then kills the rest.
    pub(crate) fn kill_after(self, deadline: Instant) {
        wait_until(deadline, || self.0.iter().all(|leader| has_exited(*leader)));
        for group in self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
