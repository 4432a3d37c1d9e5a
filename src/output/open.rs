//! The output options → a printer on what they name.

use std::io::{IsTerminal, Stderr};

use super::atomic_file::meta;
use super::descriptor::is_stdout;
use super::{Options, Output, Printer, Shared, Which};
use crate::cli::{Format, OutputArgs, Render};
use crate::error::Failure;

/// What a run prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One answer, or what is told in its place.
    Answer,
    /// Results of `--each`, each to be kept at once.
    Results {
        /// Those of an earlier run are taken up again.
        resume: bool,
    },
    /// What became of items elsewhere, to be had again at any time.
    Items,
}

/// Opens what the run writes to, before anything else is done.
///
/// There is a printer even where something cannot be opened, to tell of it.
pub fn open(
    command: &'static str,
    live: bool,
    args: &mut OutputArgs,
    kind: Kind,
    stdout: impl Fn() -> Result<Output, Failure>,
) -> (Shared<Output, Stderr>, Result<(), Failure>) {
    let results = match kind {
        Kind::Results { resume } => Some(resume),
        Kind::Answer | Kind::Items => None,
    };
    let standard = args.output.as_deref().is_none_or(is_stdout);
    let opened = match args.output.take() {
        // By name it is what it is without -o, closed or not.
        Some(path) if is_stdout(&path) && results == Some(true) => Err(Failure::usage(
            "--resume goes on with a file: name it with -o FILE",
        )),
        Some(path) if is_stdout(&path) => stdout(),
        Some(path) => match results.filter(|_| args.dry_run.is_none()) {
            Some(resume) => Output::results(&path, resume),
            None => Output::file(&path),
        },
        None => stdout(),
    };
    let meta = args
        .meta
        .take()
        .map(|path| meta(&path).map(|file| (path, file)))
        .transpose();
    let extract = args.extract.take().map(|which| Which::parse(&which));
    let prose = !matches!(command, "json" | "batch") && results.is_none();
    let text = args.format == Format::Text && prose;
    let misplaced = misplaced(args, extract.is_some(), text);
    let (out, mut result) = match opened {
        Ok(out) => (out, Ok(())),
        Err(failure) => (Output::Closed, Err(failure)),
    };
    let meta = meta.unwrap_or_else(|failure| {
        result = result.clone().and(Err(failure));
        None
    });
    result = result.and(misplaced);
    let terminal = out.is_terminal();
    let render = if text && extract.is_none() {
        super::when::paint(args.render, standard, terminal, |name| {
            std::env::var_os(name)
        })
    } else {
        None
    };
    let options = Options {
        format: args.format,
        command,
        live,
        extract,
        render,
        meta,
        usage: args.usage,
        reasoning: args.reasoning,
        quiet: args.quiet,
        verbose: args.verbose,
        progress: std::io::stderr().is_terminal(),
        many: kind != Kind::Answer,
    };
    (
        Shared::new(Printer::new(options, out, terminal, std::io::stderr())),
        result,
    )
}

/// Refuses what means something for the text of an answer alone.
fn misplaced(args: &OutputArgs, extract: bool, text: bool) -> Result<(), Failure> {
    let always = args.render == Render::Always;
    match (text, extract, always) {
        (false, true, _) => Err(Failure::usage(
            "--extract is for the text of chat, stream and tools",
        )),
        (false, false, true) => Err(Failure::usage(
            "--render always is for the text of chat, stream and tools",
        )),
        (true, true, true) => Err(Failure::usage(
            "--render always and --extract exclude each other",
        )
        .hint("--extract prints code as it is")),
        _ => Ok(()),
    }
}

/// Prints a text that is no answer, and returns the exit status.
pub fn print(out: Output, text: &str) -> u8 {
    let options = Options::bare(Format::Text, "");
    Printer::new(options, out, false, std::io::stderr()).print(text.as_bytes())
}
