//! The tools of a run in the making: where they come from, what has come of
//! that, and who allows their calls.

use std::path::Path;

use super::{Approval, Sources, Terminal, Toolbox};
use crate::error::Failure;
use crate::secret::Scrubber;

/// The tools of a run, where they come from, and who allows their calls.
#[derive(Debug, Default)]
pub struct Tools {
    sources: Option<Sources>,
    /// What the model is offered.
    pub toolbox: Toolbox,
    /// Who allows its calls.
    pub approval: Approval,
}

impl Tools {
    /// Reads the tool files; a terminal that is to be asked is opened first.
    ///
    /// # Errors
    /// A file or the terminal cannot be read.
    pub fn load(
        &mut self,
        sources: Sources,
        read: impl Fn(&Path) -> Result<String, Failure>,
        dry: bool,
    ) -> Result<(), Failure> {
        self.toolbox.load(&sources, read)?;
        if sources.asks && !dry {
            self.approval = Approval::Asked(Terminal::open()?);
        }
        self.sources = Some(sources);
        Ok(())
    }

    /// Whether to gather them starts programs.
    pub fn starts_programs(&self) -> bool {
        self.sources.as_ref().is_some_and(Sources::start_programs)
    }

    /// Asks programs and servers for theirs.
    ///
    /// # Errors
    /// One cannot be asked, or has none that can be offered.
    pub fn gather(
        &mut self,
        scrubber: &Scrubber,
        warn: &mut dyn FnMut(&str),
    ) -> Result<(), Failure> {
        match &self.sources {
            Some(sources) => self.toolbox.gather(sources, scrubber, warn),
            None => Ok(()),
        }
    }
}
