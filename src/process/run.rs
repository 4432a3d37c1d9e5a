//! A process: its input fed, its outputs read side by side, under a clock. It
//! goes out with its status, its output as far as it is wanted, and the last of
//! what it said on standard error.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionbio;
use rustix::process::Signal;

use super::group::{self, Child};
use super::pieces::{CutOutput, Lines};
use super::{Ended, Limits};

/// How often to look whether the program has exited while its outputs are open.
const TICK: Duration = Duration::from_millis(50);
/// How long to listen to its background children once it has exited.
const LINGER: Duration = Duration::from_secs(1);

/// Runs `command` to its end, or kills its process group when the time is up.
/// Lines on its standard error go to `say` as they come.
///
/// # Errors
/// It cannot be started.
pub(crate) fn run(
    command: &mut Command,
    input: Option<&[u8]>,
    limits: Limits,
    say: &mut dyn FnMut(&str),
) -> std::io::Result<Ended> {
    command.stdin(if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    let mut child = group::start(command)?;
    let deadline = limits.timeout.map(|limit| Instant::now() + limit);
    let (stdin, stdout, stderr) = child.pipes();
    let mut pipes = Pipes {
        input: input.unwrap_or_default(),
        stdin,
        stdout,
        stderr,
        cut: CutOutput::new(limits.bytes),
        lines: Lines::default(),
    };
    pipes.never_block()?;
    let in_time = pipes.serve(&child, limits, deadline, say)?
        && match deadline {
            Some(end) => child.ends_within(end.saturating_duration_since(Instant::now())),
            None => true,
        };
    if !in_time {
        child.signal(Signal::KILL);
    }
    let status = child.reap()?;
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    Ok(Ended {
        status: code.filter(|_| in_time),
        stdout: pipes.cut,
        errors: pipes.lines.end(say),
    })
}

/// The ends of a process's pipes, and what has gone through them.
struct Pipes<'a> {
    input: &'a [u8],
    stdin: Option<ChildStdin>,
    stdout: Option<std::process::ChildStdout>,
    stderr: Option<std::process::ChildStderr>,
    cut: CutOutput,
    lines: Lines,
}

impl Pipes<'_> {
    fn never_block(&self) -> std::io::Result<()> {
        let stdin = self.stdin.as_ref().map(AsFd::as_fd);
        let stdout = self.stdout.as_ref().map(AsFd::as_fd);
        let stderr = self.stderr.as_ref().map(AsFd::as_fd);
        for pipe in [stdin, stdout, stderr].into_iter().flatten() {
            ioctl_fionbio(pipe, true)?;
        }
        Ok(())
    }

    /// Serves the pipes until both outputs have ended. Once the program has exited,
    /// what it started may hold them open: that is listened to for [`LINGER`] at
    /// most. False where the time was up before the program exited.
    fn serve(
        &mut self,
        child: &Child,
        limits: Limits,
        deadline: Option<Instant>,
        say: &mut dyn FnMut(&str),
    ) -> std::io::Result<bool> {
        let mut exited: Option<Instant> = None;
        while self.stdout.is_some() || self.stderr.is_some() {
            let now = Instant::now();
            if exited.is_none() && child.has_ended() {
                exited = Some(now);
            }
            let end = match exited {
                Some(since) => Some(since + LINGER),
                None => deadline,
            };
            if end.is_some_and(|end| end <= now) {
                return Ok(exited.is_some());
            }
            let tick = end.map_or(TICK, |end| (end - now).min(TICK));
            if self.wait(tick)? {
                self.feed();
                self.read(say);
            }
            if exited.is_some() && limits.first_line && self.cut.bytes.contains(&b'\n') {
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// Whether one of the pipes is ready within `limit`.
    fn wait(&self, limit: Duration) -> std::io::Result<bool> {
        fn watched(pipe: BorrowedFd<'_>, what: PollFlags) -> PollFd<'_> {
            PollFd::from_borrowed_fd(pipe, what)
        }
        let mut pipes = Vec::with_capacity(3);
        pipes.extend(
            self.stdin
                .as_ref()
                .map(|pipe| watched(pipe.as_fd(), PollFlags::OUT)),
        );
        pipes.extend(
            self.stdout
                .as_ref()
                .map(|pipe| watched(pipe.as_fd(), PollFlags::IN)),
        );
        pipes.extend(
            self.stderr
                .as_ref()
                .map(|pipe| watched(pipe.as_fd(), PollFlags::IN)),
        );
        let limit = Timespec::try_from(limit).ok();
        match poll(&mut pipes, limit.as_ref()) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn feed(&mut self) {
        let Some(pipe) = &mut self.stdin else { return };
        while !self.input.is_empty() {
            match pipe.write(self.input) {
                Ok(count) => self.input = &self.input[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // A program need not read what it is given.
                Err(_) => break,
            }
        }
        self.stdin = None;
    }

    fn read(&mut self, say: &mut dyn FnMut(&str)) {
        if let Some(pipe) = &mut self.stdout
            && !drain(pipe, |bytes| self.cut.push(bytes))
        {
            self.stdout = None;
        }
        if let Some(pipe) = &mut self.stderr
            && !drain(pipe, |bytes| self.lines.push(bytes, say))
        {
            self.stderr = None;
        }
    }
}

/// Reads what is there, a piece of it; false at the end.
fn drain(pipe: &mut impl Read, mut take: impl FnMut(&[u8])) -> bool {
    let mut piece = [0; 16 * 1024];
    loop {
        match pipe.read(&mut piece) {
            Ok(0) => return false,
            Ok(count) => {
                take(&piece[..count]);
                return true;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}
