//! Where there are no process groups no program is run.

use std::io::{Error, ErrorKind};
use std::process::Command;

use super::{Ended, Limits};

pub(crate) fn run(
    _: &mut Command,
    _: Option<&[u8]>,
    _: Limits,
    _: &mut dyn FnMut(&str),
) -> std::io::Result<Ended> {
    let why = "programs are run on Linux and macOS only";
    Err(Error::new(ErrorKind::Unsupported, why))
}
