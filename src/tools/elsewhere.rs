//! Where there are no process groups no server is run.

use super::Toolbox;
use crate::error::Failure;

impl Toolbox {
    /// Refuses a server.
    pub(super) fn add_server(&mut self, _: &str, _: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        Err(Failure::usage(
            "--mcp: programs are run on Linux and macOS only",
        ))
    }
}
