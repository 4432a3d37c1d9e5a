//! Opens the files that the output options name, and makes the printer.

use std::io::{IsTerminal, Stderr};
use std::path::{Path, PathBuf};

use terminal_size::{Width, terminal_size_of};

use super::destination::{is_descriptor, is_stdout};
use super::rendering::{self, Target};
use super::{Meta, Options, Output, Printer, Shared, Which};
use crate::cli::{Format, OutputArgs, Render};
use crate::error::Failure;
use crate::safe_path::same_file;

/// What a run prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One answer, or another text that is printed once.
    Answer,
    /// Results of `--each`. Each is written as soon as it arrives.
    Results {
        /// Continue the results of an earlier run.
        resume: bool,
        /// Print the results in input order.
        ordered: bool,
    },
    /// Results that the server keeps, such as a batch's, and that can be fetched again.
    Items,
}

/// Opens the files that the run writes to, before the run does anything else.
///
/// `inputs` are files that must still exist after the run, each with its option. An
/// output must not be one of them.
///
/// The printer is returned even if a file cannot be opened, so that it can report this.
pub fn open(
    command: &'static str,
    live: bool,
    args: &mut OutputArgs,
    kind: Kind,
    inputs: &[(&str, &Path)],
    stdout: impl Fn() -> Result<Output, Failure>,
) -> (Shared<Output, Stderr>, Result<(), Failure>) {
    let standard = args.output.as_deref().is_none_or(is_stdout);
    let conflict = conflict(inputs, args, standard);
    let (output, meta) = (args.output.take(), args.meta.take());
    let opened = match &conflict {
        Err(Conflict::Answer(_)) => Ok(Output::Closed),
        _ => open_output(output, args.dry_run.is_some(), kind, stdout),
    };
    let meta = meta
        .filter(|_| conflict.is_ok())
        .map(Meta::open)
        .transpose();
    let (out, mut result) = match opened {
        Ok(out) => (out, Ok(())),
        Err(failure) => (Output::Closed, Err(failure)),
    };
    let meta = meta.unwrap_or_else(|failure| {
        result = result.clone().and(Err(failure));
        None
    });
    if let Err(Conflict::Answer(failure) | Conflict::Meta(failure)) = conflict {
        result = Err(failure);
    }
    let (options, misplaced) = options(command, live, args, kind, &out, standard);
    let options = Options { meta, ..options };
    let terminal = out.is_terminal();
    let printer = Printer::new(options, out, terminal, std::io::stderr());
    (Shared::new(printer), result.and(misplaced))
}

/// Opens the file of `--output`, or standard output.
fn open_output(
    output: Option<PathBuf>,
    dry_run: bool,
    kind: Kind,
    stdout: impl Fn() -> Result<Output, Failure>,
) -> Result<Output, Failure> {
    let resume = match kind {
        Kind::Results { resume, .. } => Some(resume),
        Kind::Answer | Kind::Items => None,
    };
    match output {
        // A name for standard output means the same as no -o.
        Some(path) if is_stdout(&path) && resume == Some(true) => Err(Failure::usage(
            "--resume continues a file: name it with -o FILE",
        )),
        Some(path) if is_stdout(&path) => stdout(),
        Some(path) => match resume.filter(|_| !dry_run) {
            Some(resume) => Output::results(&path, resume),
            None => Output::file(&path),
        },
        None => stdout(),
    }
}

/// The options of the printer, and a failure if they exclude each other.
fn options(
    command: &'static str,
    live: bool,
    args: &mut OutputArgs,
    kind: Kind,
    out: &Output,
    standard: bool,
) -> (Options, Result<(), Failure>) {
    let many = matches!(kind, Kind::Results { .. });
    let text = args.format() == Format::Text && !matches!(command, "json" | "batch") && !many;
    let extract = args.extract.take().map(|which| Which::parse(&which));
    let misplaced = misplaced(args, extract.is_some(), text);
    let target = Target {
        is_stdout: standard,
        is_terminal: out.is_terminal(),
        width: terminal_size_of(std::io::stdout()).map(|(Width(width), _)| width.into()),
    };
    let render = if text && extract.is_none() {
        rendering::options(args.render(), target, |name| std::env::var_os(name))
    } else {
        None
    };
    let options = Options {
        live,
        extract,
        render,
        usage: args.usage,
        reasoning: args.reasoning,
        quiet: args.quiet,
        verbose: args.verbose,
        progress: std::io::stderr().is_terminal(),
        many: kind != Kind::Answer,
        // A results file is put in order at the end of the run.
        ordered: matches!(kind, Kind::Results { ordered: true, .. })
            && !matches!(out, Output::Results(_)),
        ..Options::bare(args.format(), command)
    };
    (options, misplaced)
}

/// An output that is the same file as an input or another output.
enum Conflict {
    Answer(Failure),
    Meta(Failure),
}

/// Refuses an output that is one of `inputs`, or the same file as another output.
fn conflict(inputs: &[(&str, &Path)], args: &OutputArgs, standard: bool) -> Result<(), Conflict> {
    let output = args.output.as_deref().filter(|_| !standard);
    let stdout = standard.then_some(Path::new("/dev/stdout"));
    let outputs = [
        ("--output", output),
        ("--meta", args.meta.as_deref()),
        ("standard output", stdout),
    ];
    let outputs: Vec<_> = outputs
        .into_iter()
        .filter_map(|(option, path)| Some((option, path?)))
        .collect();
    for (at, (option, path)) in outputs.iter().enumerate() {
        let mut others = inputs.iter().chain(&outputs[..at]);
        let clash = others.find(|(_, other)| {
            let both_open = is_descriptor(path) && is_descriptor(other);
            !both_open && is_file(path) && same_file(path, other)
        });
        if let Some((other, name)) = clash {
            let what = format!("{other} {} and {option} are the same file", name.display());
            let failure = Failure::usage(what).hint("name another file, or this one would be lost");
            return Err(match *option {
                "--meta" => Conflict::Meta(failure),
                _ => Conflict::Answer(failure),
            });
        }
    }
    Ok(())
}

/// Whether a path names a regular file, or does not exist yet.
fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file()) || !path.exists()
}

/// Refuses options that apply only to the text of an answer.
fn misplaced(args: &OutputArgs, extract: bool, text: bool) -> Result<(), Failure> {
    let always = args.render() == Render::Always;
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

/// Prints a text that is not an answer from a model, and returns the exit status.
pub fn print(out: Output, text: &str) -> u8 {
    let options = Options::bare(Format::Text, "");
    let terminal = out.is_terminal();
    Printer::new(options, out, terminal, std::io::stderr()).print(text.as_bytes())
}
