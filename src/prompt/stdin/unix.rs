//! Standard input on Unix: finds its kind with `fstat`, and calls `poll` before each read
//! that could block forever.

use std::io::{self, IsTerminal};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat, tell};
use rustix::io::Errno;

use super::{Ended, Kind, LIMIT, Patience};

/// The capacity of a pipe on Linux, so that one read empties it.
const CHUNK: usize = 64 << 10;

/// A descriptor to read from.
#[derive(Debug, Clone, Copy)]
pub(in crate::prompt) struct Input<'a> {
    pub(super) descriptor: BorrowedFd<'a>,
}

impl Input<'_> {
    /// The process's standard input.
    pub(super) fn process() -> Self {
        Self {
            descriptor: rustix::stdio::stdin(),
        }
    }

    pub(super) fn kind(self) -> Kind {
        let Ok(stat) = fstat(self.descriptor) else {
            return Kind::Nothing;
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Fifo | FileType::Socket => Kind::Stream,
            FileType::RegularFile => Kind::File {
                offset: tell(self.descriptor).unwrap_or_default(),
            },
            _ if self.descriptor.is_terminal() => Kind::Terminal,
            _ => Kind::Nothing,
        }
    }

    /// Appends the input up to its end, or until the buffer is full.
    pub(super) fn read_to_end(
        self,
        into: &mut Vec<u8>,
        mut patience: Patience<'_>,
    ) -> io::Result<Ended> {
        into.reserve(self.expected());
        // Only streams support poll everywhere; macOS refuses devices.
        let may_wait = self.kind() == Kind::Stream;
        let may_end = patience.waiting.is_some() || patience.limit.is_some();
        let mut heard = Instant::now();
        loop {
            if may_wait && may_end && !self.ready(heard, &mut patience)? {
                return Ok(Ended::Silent);
            }
            if into.capacity() == into.len() {
                into.reserve(CHUNK);
            }
            match rustix::io::read(self.descriptor, spare_capacity(into)) {
                Ok(0) => return Ok(Ended::Done),
                Err(Errno::BADF) => return Ok(Ended::Closed),
                Ok(_) if into.len() > LIMIT => return Ok(Ended::Done),
                Ok(_) => heard = Instant::now(),
                Err(Errno::INTR) => {}
                // The descriptor is non-blocking: wait for input.
                Err(Errno::AGAIN) => {
                    if !self.ready(heard, &mut patience)? {
                        return Ok(Ended::Silent);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The bytes to reserve: the rest of a regular file, plus one byte to detect its end.
    fn expected(self) -> usize {
        let (Ok(stat), Kind::File { offset }) = (fstat(self.descriptor), self.kind()) else {
            return CHUNK;
        };
        let size = u64::try_from(stat.st_size).unwrap_or_default();
        let left = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
        left.min(LIMIT) + 1
    }

    /// Waits for a byte or the end. Returns false if the silence since `heard` exceeds the limit.
    fn ready(self, heard: Instant, patience: &mut Patience<'_>) -> io::Result<bool> {
        loop {
            let silent = heard.elapsed();
            let left = patience.limit.map(|limit| limit.saturating_sub(silent));
            let until_notice = patience.waiting;
            let until_notice = until_notice.map(|_| patience.notice_after.saturating_sub(silent));
            let shortest = left.into_iter().chain(until_notice).min();
            if self.poll(shortest)? {
                return Ok(true);
            }
            if patience.limit.is_some_and(|limit| heard.elapsed() >= limit) {
                return Ok(false);
            }
            if heard.elapsed() >= patience.notice_after
                && let Some(line) = patience.waiting.take()
            {
                (patience.notice)(line);
            }
        }
    }

    /// Whether a read would return immediately; false after an interrupt.
    fn poll(self, at_most: Option<Duration>) -> io::Result<bool> {
        let at_most = at_most.and_then(|time| Timespec::try_from(time).ok());
        let mut watched = [PollFd::from_borrowed_fd(self.descriptor, PollFlags::IN)];
        match poll(&mut watched, at_most.as_ref()) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
