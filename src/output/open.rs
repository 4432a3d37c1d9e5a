//! Opens the files that the output options name, and makes the printer.

use std::io::IsTerminal;
use std::path::Path;

use terminal_size::{Width, terminal_size_of};

use super::destination::{is_descriptor, is_stdout};
use super::rendering::{self, Target};
use super::{Meta, Options, Output, Printer, SharedPrinter, Which};
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

/// A file that an option names, if the option is given.
type Named<'a> = (&'static str, Option<&'a Path>);

/// Opens the files that the run writes to, before the run does anything else.
///
/// `live` says that the answer is printed while it arrives. `inputs` are files that must
/// still exist after the run, each with its option. An output must not be one of them.
///
/// The printer is returned even if a file cannot be opened, so that it can report this.
pub fn open(
    command: &'static str,
    live: bool,
    kind: Kind,
    args: &OutputArgs,
    inputs: &[Named<'_>],
) -> (SharedPrinter, Result<(), Failure>) {
    let standard = args.output.as_deref().is_none_or(is_stdout);
    // The first one is reported.
    let mut failures = Vec::new();
    let conflict = conflict(inputs, args, standard).map(|(option, failure)| {
        failures.push(failure);
        option
    });
    let out = match conflict {
        Some(option) if option != "--meta" => Output::Closed,
        _ => open_output(args, kind).unwrap_or_else(|failure| {
            failures.push(failure);
            Output::Closed
        }),
    };
    let meta = args.meta.clone().filter(|_| conflict.is_none());
    let meta = meta.and_then(|path| {
        Meta::open(path)
            .map_err(|failure| failures.push(failure))
            .ok()
    });
    let for_people = args.format() == Format::Text
        && !matches!(command, "json" | "batch")
        && !matches!(kind, Kind::Results { .. });
    failures.extend(misplaced(args, for_people));
    let terminal = out.is_terminal();
    let target = Target {
        is_stdout: standard,
        is_terminal: terminal,
        width: terminal_size_of(std::io::stdout()).map(|(Width(width), _)| width.into()),
    };
    let options = Options {
        format: args.format(),
        command,
        live,
        extract: args.extract.as_deref().map(Which::parse),
        render: (for_people && args.extract.is_none())
            .then(|| rendering::options(args.render(), target, |name| std::env::var_os(name)))
            .flatten(),
        meta,
        usage: args.usage,
        reasoning: args.reasoning,
        quiet: args.quiet,
        verbose: args.verbose,
        progress: std::io::stderr().is_terminal(),
        many: kind != Kind::Answer,
        // A results file is put in order at the end of the run.
        ordered: matches!(kind, Kind::Results { ordered: true, .. })
            && !matches!(out, Output::Results(_)),
    };
    let printer = Printer::new(options, out, terminal, std::io::stderr());
    let result = failures.into_iter().next().map_or(Ok(()), Err);
    (SharedPrinter::new(printer), result)
}

/// Opens the file of `--output`, or standard output.
fn open_output(args: &OutputArgs, kind: Kind) -> Result<Output, Failure> {
    let resume = match kind {
        Kind::Results { resume, .. } => Some(resume),
        Kind::Answer | Kind::Items => None,
    };
    match &args.output {
        // A name for standard output means the same as no -o.
        Some(path) if is_stdout(path) && resume == Some(true) => Err(Failure::usage(
            "--resume continues a file: name it with -o FILE",
        )),
        Some(path) if !is_stdout(path) => match resume.filter(|_| args.dry_run.is_none()) {
            Some(resume) => Output::results(path, resume),
            None => Output::file(path),
        },
        _ => Output::stdout(),
    }
}

/// Refuses an output that is one of `inputs`, or the same file as another output.
/// Returns the output's option, too.
fn conflict(
    inputs: &[Named<'_>],
    args: &OutputArgs,
    standard: bool,
) -> Option<(&'static str, Failure)> {
    let output = args.output.as_deref().filter(|_| !standard);
    let stdout = standard.then_some(Path::new("/dev/stdout"));
    let outputs: [Named<'_>; 3] = [
        ("--output", output),
        ("--meta", args.meta.as_deref()),
        ("standard output", stdout),
    ];
    for (at, (option, path)) in outputs.into_iter().enumerate() {
        let Some(path) = path else { continue };
        let clashes = |other: &Path| {
            let both_open = is_descriptor(path) && is_descriptor(other);
            !both_open && is_file(path) && same_file(path, other)
        };
        let mut others = inputs.iter().chain(&outputs[..at]);
        let other =
            others.find_map(|(other, name)| Some((other, name.filter(|name| clashes(name))?)));
        if let Some((other, name)) = other {
            let what = format!("{other} {} and {option} are the same file", name.display());
            let failure = Failure::usage(what).hint("name another file, or this one would be lost");
            return Some((option, failure));
        }
    }
    None
}

/// Whether a path names a regular file, or does not exist yet.
fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file()) || !path.exists()
}

/// Refuses options that apply only to the text of an answer. `for_people`: the run prints
/// such a text.
fn misplaced(args: &OutputArgs, for_people: bool) -> Option<Failure> {
    let always = args.render() == Render::Always;
    match (for_people, args.extract.is_some(), always) {
        (false, true, _) => Some(Failure::usage(
            "--extract is for the text of chat, stream and tools",
        )),
        (false, false, true) => Some(Failure::usage(
            "--render always is for the text of chat, stream and tools",
        )),
        (true, true, true) => Some(
            Failure::usage("--render always and --extract exclude each other")
                .hint("--extract prints code as it is"),
        ),
        _ => None,
    }
}

/// Prints a text that is not an answer from a model, and returns the exit status.
pub fn print(out: Output, text: &str) -> u8 {
    let options = Options::bare(Format::Text, "");
    let terminal = out.is_terminal();
    Printer::new(options, out, terminal, std::io::stderr()).print(&mut text.as_bytes())
}
