//! Programs that the run starts, each in a process group of its own: what ends
//! the run ends them too, and none is left behind. Imports nothing of the crate.

#[cfg(unix)]
mod group;
mod pieces;
#[cfg(unix)]
mod run;
#[cfg(not(unix))]
#[path = "elsewhere.rs"]
mod run;

use std::time::Duration;

#[cfg(unix)]
pub(crate) use group::{Child, pass_on, start};
pub(crate) use pieces::{CutOutput, Lines};
pub(crate) use run::run;

/// Bounds of one program's run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// Longest time; none is for ever.
    pub timeout: Option<Duration>,
    /// Longest output that is kept, in bytes.
    pub bytes: usize,
    /// Once the program has exited, its first line is enough: nothing more is waited
    /// for.
    pub first_line: bool,
}

/// What is left of a process.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its status, 128 + n where a signal n ended it; none where its time was up.
    pub(crate) status: Option<i32>,
    /// Standard output.
    pub(crate) stdout: CutOutput,
    /// The last lines of standard error.
    pub(crate) errors: String,
}
