//! Reads standard input into a buffer. It must not hang a script, and must not lose data
//! silently: if it is unclear whether the input is meant for airx, the run exits with 2.
#![cfg_attr(
    not(unix),
    allow(dead_code, reason = "other systems only detect a terminal")
)]

use std::time::Duration;

use super::bytes::{LIMIT, STDIN};
use crate::error::Failure;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as system;

/// Silence after which a notice is printed.
const NOTICE_AFTER: Duration = Duration::from_secs(2);

/// The kind of standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Terminal,
    /// A pipe or a socket: the only kinds that can block forever.
    Stream,
    /// A regular file, with its current offset.
    File {
        offset: u64,
    },
    /// Another device, a directory, or closed.
    Nothing,
}

/// How long to wait for silent input.
struct Patience<'a> {
    /// The line to show, once, after a silence of `notice_after`.
    waiting: Option<&'static str>,
    notice: &'a mut dyn FnMut(&str),
    notice_after: Duration,
    /// The maximum silence; each byte restarts the time.
    limit: Option<Duration>,
}

/// How a read ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    /// At the end of the input, or one byte past [`LIMIT`].
    Done,
    /// Silence longer than the limit.
    Silent,
    /// The descriptor is closed: there is no input at all.
    Closed,
}

/// Standard input.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stdin<'a> {
    input: system::Input<'a>,
    /// The maximum silence if the input was not requested by name; zero means no limit.
    wait: Duration,
    notice_after: Duration,
}

impl Stdin<'_> {
    /// The standard input of the process.
    pub(super) fn new(wait: Duration) -> Self {
        Self {
            input: system::Input::process(),
            wait,
            notice_after: NOTICE_AFTER,
        }
    }

    /// Reads input that was requested by name (`-`): to the end, without a time limit, and
    /// with a notice if it is a terminal. Closed input is an error.
    pub(super) fn to_the_end(
        self,
        into: &mut Vec<u8>,
        notice: &mut dyn FnMut(&str),
    ) -> Result<(), Failure> {
        if self.input.kind() == Kind::Terminal {
            notice("reading standard input from the terminal: end it with Ctrl-D");
        }
        match self.read(into, None, notice, None)? {
            Ended::Closed => Err(Failure::usage("standard input is closed, but `-` reads it")
                .hint("leave out the `-`, or write < /dev/null for an empty part")),
            Ended::Done | Ended::Silent => Ok(()),
        }
    }

    /// Reads the prompt if the command line has none. A terminal is an error, because the
    /// run would wait silently.
    pub(super) fn as_prompt(
        self,
        into: &mut Vec<u8>,
        notice: &mut dyn FnMut(&str),
    ) -> Result<(), Failure> {
        if self.input.kind() == Kind::Terminal {
            return Err(
                Failure::usage("no prompt was given, and standard input is a terminal").hint(
                    "write airx chat \"question\", or pipe the prompt in; usage: airx help chat",
                ),
            );
        }
        let waiting = "waiting for the prompt on standard input";
        self.read(into, Some(waiting), notice, None).map(drop)
    }

    /// Reads input in addition to a prompt, from a pipe, a socket or a file. Returns false
    /// for any other kind.
    pub(super) fn if_given(
        self,
        into: &mut Vec<u8>,
        notice: &mut dyn FnMut(&str),
    ) -> Result<bool, Failure> {
        match self.input.kind() {
            Kind::Terminal | Kind::Nothing => return Ok(false),
            Kind::File { offset } if offset != 0 => {
                let what = format!(
                    "standard input is a file that another command has started to read (offset {offset})"
                );
                return Err(undecided(&what).hint("inside a `while read` loop write -n"));
            }
            Kind::Stream | Kind::File { .. } => {}
        }
        let waiting = "waiting for standard input; -n ignores it";
        let limit = (!self.wait.is_zero()).then_some(self.wait);
        match self.read(into, Some(waiting), notice, limit)? {
            Ended::Done => Ok(true),
            Ended::Closed => Ok(false),
            Ended::Silent => Err(undecided(&format!(
                "standard input has sent neither data nor its end for {:?}",
                self.wait
            ))
            .hint("inside a `while read` loop write -n; AIRX_STDIN_WAIT sets how long to wait")),
        }
    }

    fn read(
        self,
        into: &mut Vec<u8>,
        waiting: Option<&'static str>,
        notice: &mut dyn FnMut(&str),
        limit: Option<Duration>,
    ) -> Result<Ended, Failure> {
        let patience = Patience {
            waiting,
            notice,
            notice_after: self.notice_after,
            limit,
        };
        self.input
            .read_to_end(into, patience)
            .map_err(|error| Failure::usage(format!("{STDIN} cannot be read: {error}")))
    }
}

/// The failure if it is unclear whether standard input is meant for this run.
fn undecided(what: &str) -> Failure {
    Failure::usage(format!(
        "{what}: add `-` to the prompt to read it to its end, or -n (--no-stdin) to ignore it"
    ))
}

/// Standard input on systems without `poll`. A wait has no time limit there.
#[cfg(not(unix))]
mod system {
    use std::io::{self, IsTerminal, Read};
    use std::marker::PhantomData;

    use super::{Ended, Kind, LIMIT, Patience};

    /// The process's standard input.
    #[derive(Debug, Clone, Copy)]
    pub(in crate::prompt) struct Input<'a>(PhantomData<&'a ()>);

    #[allow(clippy::unused_self, reason = "the Unix one reads its descriptor")]
    impl Input<'_> {
        pub(super) fn process() -> Self {
            Self(PhantomData)
        }

        pub(super) fn kind(self) -> Kind {
            if io::stdin().is_terminal() {
                Kind::Terminal
            } else {
                Kind::Stream
            }
        }

        pub(super) fn read_to_end(self, into: &mut Vec<u8>, _: Patience<'_>) -> io::Result<Ended> {
            let room = (LIMIT + 1).saturating_sub(into.len());
            io::stdin().lock().take(room as u64).read_to_end(into)?;
            Ok(Ended::Done)
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
pub(super) mod tests;
