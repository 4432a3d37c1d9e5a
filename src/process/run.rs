//! Runs a command: writes its input and reads both outputs at the same time, until it
//! exits or its time is up.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionbio;
use rustix::process::Signal;

use super::child::{self, Child};
use super::{CutOutput, Finished, Limits};

/// How often to check whether the command has exited while its outputs are open.
const TICK: Duration = Duration::from_millis(50);
/// How long to read the output of background children after the command has exited.
const LINGER: Duration = Duration::from_secs(1);

/// Runs `command` with `input` on standard input; `None` means an empty one. `on_line` gets each
/// line of standard error as it arrives. A time-out kills the process group.
pub(crate) fn run(
    command: &mut Command,
    input: Option<&[u8]>,
    limits: Limits,
    on_line: &mut dyn FnMut(&str),
) -> std::io::Result<Finished> {
    let stdin = input.map_or_else(Stdio::null, |_| Stdio::piped());
    let mut child = child::start(command.stdin(stdin))?;
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
    for pipe in pipes.open() {
        ioctl_fionbio(pipe, true)?;
    }
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
    /// The open pipes, each with the event to poll for.
    fn open(&self) -> Vec<PollFd<'_>> {
        let stdin = self.stdin.as_ref().map(AsFd::as_fd);
        let stdout = self.stdout.as_ref().map(AsFd::as_fd);
        let stderr = self.stderr.as_ref().map(AsFd::as_fd);
        let flags = [PollFlags::OUT, PollFlags::IN, PollFlags::IN];
        let pipes = [stdin, stdout, stderr].into_iter().zip(flags);
        let open = |(pipe, flags)| Some(PollFd::from_borrowed_fd(pipe?, flags));
        pipes.filter_map(open).collect()
    }

    /// Writes and reads the pipes until both outputs have ended. After the exit, background
    /// children may keep them open; their output is read for at most [`LINGER`]. Returns false if
    /// the deadline passes before the exit.
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
            let end = exited.map(|since| since + LINGER).or(deadline);
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
        let limit = Timespec::try_from(limit).ok();
        match poll(&mut self.open(), limit.as_ref()) {
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
                Err(error) if is_for_later(&error) => return,
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
    match pipe.read(&mut piece) {
        Ok(0) => false,
        Ok(count) => {
            accept(&piece[..count]);
            true
        }
        Err(error) => is_for_later(&error),
    }
}

/// Whether to try again after the next poll.
fn is_for_later(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock)
}

/// Bytes of standard error that are kept.
const TAIL_BYTES: usize = 2000;
/// A longer line is passed on in pieces.
const LINE_BYTES: usize = 8 * 1024;

/// Passes lines on while they arrive and keeps the last of them.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    line: Vec<u8>,
    tail: String,
}

impl Lines {
    pub(crate) fn push(&mut self, piece: &[u8], on_line: &mut dyn FnMut(&str)) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") || self.line.len() >= LINE_BYTES {
                self.pass_on(on_line);
            }
        }
    }

    /// Passes the rest on and returns the last lines.
    pub(crate) fn finish(mut self, on_line: &mut dyn FnMut(&str)) -> String {
        if !self.line.is_empty() {
            self.pass_on(on_line);
        }
        self.tail
    }

    fn pass_on(&mut self, on_line: &mut dyn FnMut(&str)) {
        let line = String::from_utf8_lossy(&self.line);
        on_line(&line);
        self.tail.push_str(&line);
        self.line.clear();
        let excess = self.tail.len().saturating_sub(TAIL_BYTES);
        let is_boundary = |at: &usize| self.tail.is_char_boundary(*at);
        let from = (excess..=self.tail.len()).find(is_boundary);
        self.tail.drain(..from.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_passed_on_complete_and_the_last_are_kept() {
        let mut passed_on = Vec::new();
        let mut lines = Lines::default();
        let mut on_line = |line: &str| passed_on.push(line.to_owned());
        lines.push(b"a\nb", &mut on_line);
        lines.push("é\nc".as_bytes(), &mut on_line);
        let tail = lines.finish(&mut on_line);
        assert_eq!(passed_on, ["a\n", "bé\n", "c"]);
        assert_eq!(tail, "a\nbé\nc");
        let mut lines = Lines::default();
        lines.push("é".repeat(3000).as_bytes(), &mut |_| {});
        assert_eq!(lines.finish(&mut |_| {}).len(), TAIL_BYTES);
    }
}
