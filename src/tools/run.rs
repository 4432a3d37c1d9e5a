//! A call whose arguments have been checked → its result, in words for the
//! model.

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::program::Program;
use super::{Action, Toolbox};
use crate::error::Failure;
use crate::exit::Class;
use crate::process::{self, Ended};

/// What became of a call.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The status of the command, 128 + n where a signal n ended it; of a
    /// server's tool 0, or 1 for an error; none where nothing ran to its end.
    pub exit_status: Option<i32>,
    /// What the model is told.
    pub content: String,
    /// How long it took.
    pub elapsed: Duration,
}

impl Outcome {
    /// Nothing was run, and why.
    pub fn refused(why: impl Into<String>) -> Self {
        Self {
            exit_status: None,
            content: format!("error: {}", why.into()),
            elapsed: Duration::ZERO,
        }
    }
}

impl Toolbox {
    /// Runs a call of this function. Lines on the command's standard error go
    /// to `say` as they come.
    ///
    /// # Errors
    /// Its command cannot be started, or its server has ended: exit 11.
    pub fn call(
        &self,
        name: &str,
        arguments: &Value,
        say: &mut dyn FnMut(&str),
    ) -> Result<Outcome, Failure> {
        let started = Instant::now();
        let action = self
            .function(name)
            .and_then(|function| function.action.as_ref());
        let (exit_status, content) = match action {
            Some(Action::Run(program)) => self.run(name, program, arguments, say)?,
            #[cfg(unix)]
            Some(Action::Ask(server, tool)) => {
                self.servers.call(*server, tool, arguments, self.limits)?
            }
            None => (None, format!("error: the tool {name} has no command")),
        };
        Ok(Outcome {
            exit_status,
            content,
            elapsed: started.elapsed(),
        })
    }

    /// What a call of this function runs, for people to read.
    pub fn runs(&self, name: &str) -> Option<String> {
        match self.function(name)?.action.as_ref()? {
            Action::Run(program) => Some(program.words()),
            #[cfg(unix)]
            Action::Ask(server, tool) => Some(format!("{tool} of {}", self.servers.name(*server))),
        }
    }

    fn run(
        &self,
        name: &str,
        program: &Program,
        arguments: &Value,
        say: &mut dyn FnMut(&str),
    ) -> Result<(Option<i32>, String), Failure> {
        let mut command = program.command(&self.surroundings);
        let input = arguments.to_string();
        let ended = process::run(&mut command, Some(input.as_bytes()), self.limits, say);
        let ended = ended.map_err(|why| {
            let words = program.words();
            Failure::new(
                Class::Tool,
                format!("the command of the tool {name} cannot be started: {words}: {why}"),
            )
        })?;
        let content = match ended.status {
            Some(0) => ended.stdout.text(),
            Some(status) => wrong(&format!("it ended with exit status {status}"), &ended),
            None => {
                let limit = self.limits.timeout.unwrap_or_default().as_secs_f64();
                wrong(
                    &format!("it took longer than {limit} s and was killed"),
                    &ended,
                )
            }
        };
        Ok((ended.status, content))
    }
}

/// What the model is told of a command that went wrong.
fn wrong(what: &str, ended: &Ended) -> String {
    let mut content = format!("error: {what}");
    let stdout = ended.stdout.text();
    for (name, text) in [
        ("standard error", ended.errors.trim_end()),
        ("standard output", stdout.trim_end()),
    ] {
        if !text.is_empty() {
            // Into a string: cannot fail.
            let _ = write!(content, "\n{name}:\n{text}");
        }
    }
    content
}
