//! Child processes, each in its own process group, with a time-out and bounded output.
//! They end when the run ends, also after a signal. Imports nothing of the crate.

#[cfg(unix)]
mod child;
mod output;
#[cfg(unix)]
mod run;

use std::time::Duration;

#[cfg(unix)]
pub(crate) use child::{Child, forward_signal, start};
pub(crate) use output::CutOutput;
#[cfg(unix)]
pub(crate) use output::Lines;
#[cfg(unix)]
pub(crate) use run::run;

/// Bounds of one command.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// Time until the process group is killed; `None` means no limit.
    pub timeout: Option<Duration>,
    /// Bytes of standard output that are kept.
    pub bytes: usize,
    /// Once the first line has arrived, do not wait for background children.
    pub first_line: bool,
}

/// A command that has exited or was killed.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit status, 128 + n if signal n ended it; `None` after a time-out.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: CutOutput,
    /// The last lines of standard error.
    pub(crate) stderr: String,
}

/// Fails: commands need process groups.
#[cfg(not(unix))]
pub(crate) fn run(
    _: &mut std::process::Command,
    _: Option<&[u8]>,
    _: Limits,
    _: &mut dyn FnMut(&str),
) -> std::io::Result<Finished> {
    let why = "commands are run on Linux and macOS only";
    Err(std::io::Error::new(std::io::ErrorKind::Unsupported, why))
}
