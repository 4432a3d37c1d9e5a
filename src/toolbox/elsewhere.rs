//! Where there are no process groups no command is run.

use std::io::{Error, ErrorKind};
use std::process::Command;

use super::pieces::Cut;
use super::{Limits, Toolbox};
use crate::error::Failure;

const WHERE: &str = "commands are run on Linux and macOS only";

/// What would be left of a process.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: Option<i32>,
    pub(super) stdout: Cut,
    pub(super) errors: String,
}

pub(super) fn run(
    _: &mut Command,
    _: Option<&[u8]>,
    _: Limits,
    _: &mut dyn FnMut(&str),
) -> std::io::Result<Ended> {
    Err(Error::new(ErrorKind::Unsupported, WHERE))
}

impl Toolbox {
    /// Refuses a server.
    pub(super) fn add_server(&mut self, _: &str) -> Result<(), Failure> {
        Err(Failure::usage(format!("--mcp: {WHERE}")))
    }
}
