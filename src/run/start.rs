//! The first and last steps of every command that makes requests: it opens the output,
//! resolves the settings, reads the prompt, and ends with an exit status.

use std::path::Path;

use crate::answer::Answer;
use crate::api::request::Message;
use crate::cli::{Common, EachArgs};
use crate::error::Failure;
use crate::event::{Level, Sink};
use crate::output;
pub(super) use crate::output::{Done, Kind, SharedPrinter as Printer};
use crate::prompt::{self, Prompt, Sources};
use crate::request::{self, PreparedRequest};
use crate::secret::Scrubber;
use crate::settings::{self, Merged, Settings, With};
#[cfg(unix)]
use crate::signals;
use crate::tools::Toolbox;

/// The command of a run, and how it prints.
pub(super) struct Start {
    pub(super) command: &'static str,
    /// The answer is printed while it arrives.
    pub(super) live: bool,
    pub(super) kind: Kind,
}

/// A run in progress.
pub(super) struct Run {
    pub(super) command: &'static str,
    pub(super) printer: Printer,
    pub(super) merged: Merged,
    /// Every secret of the settings.
    pub(super) scrubber: Scrubber,
}

/// How a successful run ended.
pub(super) enum Ended {
    /// With an answer, or all items answered.
    Done(Done),
    /// By printing this instead of sending a request.
    Print(Vec<u8>),
    /// With this status, after something else was printed.
    Printed(u8),
}

impl Start {
    /// Opens the output, installs the signal handlers, does the `work` of the command, and
    /// reports how it ended. Returns the exit status, unless a signal ended the run.
    /// `allowed` says whether the options fit together.
    pub(super) fn run(
        self,
        mut common: Common,
        merged: Result<Merged, Failure>,
        allowed: Result<(), Failure>,
        work: impl FnOnce(&mut Run, &mut Common) -> Result<Ended, Failure>,
    ) -> u8 {
        let Self {
            command,
            live,
            kind,
        } = self;
        let inputs = [
            ("--session", common.input.session.as_deref()),
            ("--key-file", common.connection.key_file.as_deref()),
        ];
        let (printer, opened) = output::open(command, live, kind, &common.output, &inputs);
        #[cfg(unix)]
        signals::install(printer.clone());
        let (merged, read) = match merged {
            Ok(merged) => (merged, Ok(())),
            Err(failure) => (Merged::default(), Err(failure)),
        };
        let mut run = Run {
            command,
            printer,
            merged,
            scrubber: Scrubber::default(),
        };
        let result = match allowed.and(opened).and(read) {
            Ok(()) => work(&mut run, &mut common),
            Err(failure) => {
                run.printer.lock().hide(settings::of_environment());
                Err(failure)
            }
        };
        run.finish(result)
    }
}

impl Run {
    /// Resolves the settings and hides their secrets. `files` are the files that the command's own
    /// options name.
    pub(super) fn settings(
        &mut self,
        common: &mut Common,
        each: Option<&EachArgs>,
        files: &[(&'static str, &Path)],
    ) -> Result<Settings, Failure> {
        let mut sink = self.printer.clone();
        let mut say = |line: &str| sink.note(Level::Always, &line);
        let with = With {
            merged: &self.merged,
            scrubber: &mut self.scrubber,
            say: match common.output.dry_run {
                None => Some(&mut say),
                Some(_) => None,
            },
        };
        let settings = settings::resolve(common, each, files, with);
        self.printer.lock().hide(self.scrubber.clone());
        let settings = settings?;
        if let Some(config) = &self.merged.config {
            self.printer
                .lock()
                .note(Level::Verbose, &config.description());
        }
        Ok(settings)
    }

    /// Reads the words, files and standard input.
    pub(super) fn read_prompt(&self, sources: &Sources) -> Result<Prompt, Failure> {
        Prompt::read(sources, &mut |notice| self.warn(notice))
    }

    /// Reads a file that an option of the command names.
    pub(super) fn read_file(&self, path: &Path, lossy: bool) -> Result<String, Failure> {
        prompt::read_text(path, lossy, &mut |notice| self.warn(notice))
    }

    /// Prepares the request for these messages, and prints the warnings of the settings.
    pub(super) fn prepare(
        &self,
        stream: bool,
        common: &mut Common,
        settings: &mut Settings,
        messages: Vec<Message>,
        toolbox: Toolbox,
    ) -> Result<PreparedRequest, Failure> {
        let request = request::prepare(self.command, stream, common, settings, messages, toolbox);
        self.warn_all(settings);
        request
    }

    pub(super) fn warn(&self, warning: &str) {
        self.printer.lock().note(Level::Warning, &warning);
    }

    pub(super) fn warn_all(&self, settings: &Settings) {
        settings.warnings.iter().for_each(|text| self.warn(text));
    }

    fn finish(self, result: Result<Ended, Failure>) -> u8 {
        let result = match result {
            Ok(Ended::Print(bytes)) => return self.printer.lock().print(&mut bytes.as_slice()),
            Ok(Ended::Printed(status)) => return status,
            Ok(Ended::Done(done)) => Ok(done),
            Err(failure) => Err(self.merged.place(failure)),
        };
        #[cfg(unix)]
        let signal = result.as_ref().err().and_then(|failure| failure.signal);
        let status = self.printer.lock().finish(result);
        #[cfg(unix)]
        if let Some(signal) = signal {
            signals::die(signal);
        }
        status
    }
}

/// The end of a run with this answer.
impl From<Answer> for Done {
    fn from(answer: Answer) -> Self {
        Self {
            finish_reason: answer.finish_reason,
            model: answer.model,
            id: answer.id,
            request_id: answer.request_id,
        }
    }
}
