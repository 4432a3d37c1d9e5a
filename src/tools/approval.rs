//! Whether a call may run: asked on the terminal, whatever standard input and
//! output are.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};

use serde_json::Value;

use crate::error::Failure;
use crate::terminal::one_line;

/// Who allows calls.
#[derive(Debug, Default)]
pub enum Approval {
    /// All are allowed: `--yes`.
    #[default]
    Given,
    /// The person at the terminal is asked.
    Asked(Terminal),
}

/// The controlling terminal.
#[derive(Debug)]
pub struct Terminal {
    file: File,
}

impl Terminal {
    /// The terminal that the run belongs to.
    ///
    /// # Errors
    /// There is none: exit 2.
    pub fn open() -> Result<Self, Failure> {
        let opened = OpenOptions::new().read(true).write(true).open("/dev/tty");
        let file = opened.map_err(|_| {
            Failure::usage("--run: there is no terminal to ask for each call on")
                .hint("--yes runs them without asking")
        })?;
        Ok(Self { file })
    }

    /// Shows a call and reads the answer; whatever is not a yes is a no.
    fn ask(&self, name: &str, arguments: &Value, runs: &str) -> std::io::Result<bool> {
        let arguments = arguments.to_string();
        // The name again behind the arguments: those may fill the screen.
        let text = format!(
            "airx: the model calls {name}\n  {}\n  runs: {}\nrun {name}? [y/N] ",
            one_line(&arguments),
            one_line(runs),
            name = one_line(name),
        );
        // What was typed before the question is no answer to it.
        #[cfg(unix)]
        rustix::termios::tcflush(&self.file, rustix::termios::QueueSelector::IFlush)?;
        (&self.file).write_all(text.as_bytes())?;
        let mut answer = String::new();
        BufReader::new(&self.file).read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }
}

impl Approval {
    /// Whether this call may run; `runs` tells what it would run.
    ///
    /// # Errors
    /// The terminal has gone: exit 1.
    pub fn allows(&self, name: &str, arguments: &Value, runs: &str) -> Result<bool, Failure> {
        match self {
            Self::Given => Ok(true),
            Self::Asked(terminal) => Ok(terminal.ask(name, arguments, runs)?),
        }
    }
}
