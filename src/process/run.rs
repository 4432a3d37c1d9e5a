//! Runs a command: writes its input and reads both outputs at the same time, until it
//! exits or its time is up.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionbio;
use rustix::process::Signal;

use super::child::{self, Child};
use super::output::{CutOutput, Lines};
use super::{Finished, Limits};

/// How often to check whether the command has exited while its outputs are open.
const TICK: Duration = Duration::from_millis(50);
/// How long to read the output of background children after the command has exited.
const LINGER: Duration = Duration::from_secs(1);

/// Runs `command` with `input` on standard input, or with an empty one. `on_line` gets
/// each line of standard error as it arrives. A time-out kills the process group.
pub(crate) fn run(
    command: &mut Command,
    input: Option<&[u8]>,
    limits: Limits,
    on_line: &mut dyn FnMut(&str),
) -> std::io::Result<Finished> {
    command.stdin(if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    let mut child = child::start(command)?;
    let deadline = limits.timeout.map(|limit| Instant::now() + limit);
    let (stdin, stdout, stderr) = child.take_pipes();
    let mut pipes = Pipes {
        input: input.unwrap_or_default(),
        stdin,
        stdout,
        stderr,
        output: CutOutput::new(limits.bytes),
        lines: Lines::default(),
    };
    pipes.set_nonblocking()?;
    let in_time = pipes.serve(&child, limits, deadline, on_line)?
        && deadline.is_none_or(|end| child.wait_for(end.saturating_duration_since(Instant::now())));
    if !in_time {
        child.signal(Signal::KILL);
    }
    let status = child.reap()?;
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    Ok(Finished {
        status: code.filter(|_| in_time),
        stdout: pipes.output,
        stderr: pipes.lines.finish(on_line),
    })
}

/// The pipes of a command, and the data read from them.
struct Pipes<'a> {
    input: &'a [u8],
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    output: CutOutput,
    lines: Lines,
}

impl Pipes<'_> {
    fn set_nonblocking(&self) -> std::io::Result<()> {
        let stdin = self.stdin.as_ref().map(AsFd::as_fd);
        let stdout = self.stdout.as_ref().map(AsFd::as_fd);
        let stderr = self.stderr.as_ref().map(AsFd::as_fd);
        for pipe in [stdin, stdout, stderr].into_iter().flatten() {
            ioctl_fionbio(pipe, true)?;
        }
        Ok(())
    }

    /// Serves the pipes until both outputs have ended. After the exit, background
    /// children may keep them open; their output is read for at most [`LINGER`].
    /// Returns false if the time was up before the exit.
    fn serve(
        &mut self,
        child: &Child,
        limits: Limits,
        deadline: Option<Instant>,
        on_line: &mut dyn FnMut(&str),
    ) -> std::io::Result<bool> {
        let mut exited: Option<Instant> = None;
        while self.stdout.is_some() || self.stderr.is_some() {
            let now = Instant::now();
            if exited.is_none() && child.has_exited() {
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
                self.read(on_line);
            }
            let has_line = limits.first_line && self.output.bytes.contains(&b'\n');
            if exited.is_some() && has_line {
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// Waits up to `limit`; returns whether one of the pipes is ready.
    fn wait(&self, limit: Duration) -> std::io::Result<bool> {
        fn watch(pipe: BorrowedFd<'_>, flags: PollFlags) -> PollFd<'_> {
            PollFd::from_borrowed_fd(pipe, flags)
        }
        let stdin = self.stdin.as_ref().map(AsFd::as_fd);
        let stdout = self.stdout.as_ref().map(AsFd::as_fd);
        let stderr = self.stderr.as_ref().map(AsFd::as_fd);
        let mut pipes = Vec::with_capacity(3);
        pipes.extend(stdin.map(|pipe| watch(pipe, PollFlags::OUT)));
        pipes.extend(stdout.map(|pipe| watch(pipe, PollFlags::IN)));
        pipes.extend(stderr.map(|pipe| watch(pipe, PollFlags::IN)));
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
                // A command may exit without reading its input.
                Err(_) => break,
            }
        }
        self.stdin = None;
    }

    fn read(&mut self, on_line: &mut dyn FnMut(&str)) {
        if let Some(pipe) = &mut self.stdout
            && !read_piece(pipe, |bytes| self.output.push(bytes))
        {
            self.stdout = None;
        }
        if let Some(pipe) = &mut self.stderr
            && !read_piece(pipe, |bytes| self.lines.push(bytes, on_line))
        {
            self.stderr = None;
        }
    }
}

/// Reads the available bytes, up to a bound. Returns false at the end of the pipe.
fn read_piece(pipe: &mut impl Read, mut accept: impl FnMut(&[u8])) -> bool {
    let mut piece = [0; 16 * 1024];
    loop {
        match pipe.read(&mut piece) {
            Ok(0) => return false,
            Ok(count) => {
                accept(&piece[..count]);
                return true;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}
