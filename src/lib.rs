//! airx: one request of a chat-completions server from a shell script, with an
//! exit code that tells the truth.
//!
//! arguments → settings → input → plan → drive → exchange → transport; events
//! flow back into the printer. This file joins the stages and does nothing else.

pub mod answer;
pub mod api;
pub mod cli;
pub mod commands;
pub mod drive;
pub mod error;
pub mod event;
pub mod exchange;
pub mod exit;
pub mod input;
pub mod mock;
pub mod model;
pub mod printer;
mod progress;
pub mod secret;
pub mod settings;
#[cfg(unix)]
mod signals;
pub mod sse;
mod startup;
pub mod structured;
pub mod toolbox;
pub mod transport;

use std::io::{IsTerminal, Stderr};
use std::path::{Path, PathBuf};

use cli::{Command, Common, Format};
use commands::{Expect, Plan};
use error::Failure;
use event::{Level, Sink};
use exit::Class;
use printer::{Done, Options, Output, Printer, Shared, Which};
use secret::Scrubber;
use toolbox::Toolbox;
use transport::Transport;

/// Runs the process's command line and ends the process.
pub fn run() -> ! {
    let mut arguments = std::env::args_os().skip(1);
    let only = arguments.next().filter(|_| arguments.next().is_none());
    // Answered before the command line is even described: it is asked a lot.
    let code = if only.is_some_and(|only| only == "--version" || only == "-V") {
        print(concat!("airx ", env!("CARGO_PKG_VERSION"), "\n"))
    } else {
        match cli::Cli::from_env() {
            Ok(cli) => command(cli.command),
            Err(error) if error.use_stderr() => refuse(&cli::refusal(&error)),
            Err(error) => {
                let arguments: Vec<_> = std::env::args_os().skip(1).collect();
                print(&commands::print::help_flag(&error.to_string(), &arguments))
            }
        }
    };
    std::process::exit(code.into())
}

fn command(command: Command) -> u8 {
    match command {
        Command::Chat(args) => converse("chat", args.common, Expect::Answer, &[]),
        Command::Stream(args) => converse("stream", args.common, Expect::Answer, &[]),
        Command::Tools(args) => {
            let expect = Expect::Calls {
                required: args.require_call,
            };
            converse("tools", args.common, expect, &args.tools)
        }
        Command::Json(args) => {
            let expect = Expect::Json {
                pretty: args.pretty,
                select: args.select,
            };
            converse("json", args.common, expect, &[])
        }
        Command::Mock(args) => match stdout().and_then(|mut out| mock::run(&args, &mut out)) {
            Ok(status) => status,
            Err(failure) => refuse(&failure),
        },
        Command::Models(args) => print(&commands::print::models(args.format)),
        Command::Completions(args) => print(commands::print::completions(args.shell)),
        Command::Help(args) => match commands::print::help(args.subject.as_deref()) {
            Ok(text) => print(&text),
            Err(failure) => refuse(&failure),
        },
    }
}

/// Tells of a failure before there is a printer.
fn refuse(failure: &Failure) -> u8 {
    printer::refuse(&mut std::io::stderr(), failure);
    failure.exit()
}

/// Prints a text that is no answer.
fn print(text: &str) -> u8 {
    let options = Options {
        format: Format::Text,
        command: "",
        live: false,
        extract: None,
        meta: None,
        usage: false,
        reasoning: false,
        quiet: false,
        verbose: false,
        progress: false,
    };
    match stdout() {
        Ok(out) => Printer::new(options, out, false, std::io::stderr()).print(text.as_bytes()),
        Err(failure) => refuse(&failure),
    }
}

fn stdout() -> Result<Output, Failure> {
    if startup::stdout_was_closed() {
        return Err(Failure::new(Class::Internal, "standard output is not open"));
    }
    Output::stdout().map_err(Failure::from)
}

/// One of the commands that ask a model.
fn converse(command: &'static str, mut common: Common, expect: Expect, tools: &[PathBuf]) -> u8 {
    let (printer, opened) = open(command, &mut common);
    #[cfg(unix)]
    signals::install(printer.clone());
    let result = opened.and_then(|()| plan(command, &mut common, expect, tools, &printer));
    let result = match result {
        Ok(Planned::Print(bytes)) => return printer.lock().print(&bytes),
        Ok(Planned::Once(once)) => ask(*once, &printer),
        Err(failure) => Err(failure),
    };
    printer.lock().finish(result)
}

/// Opens what the run writes to, before anything else is done.
fn open(
    command: &'static str,
    common: &mut Common,
) -> (Shared<Output, Stderr>, Result<(), Failure>) {
    let args = &mut common.output;
    let opened = match args.output.take() {
        // By name it is what it is without -o, closed or not.
        Some(path) if printer::is_stdout(&path) => stdout(),
        Some(path) => Output::file(&path),
        None => stdout(),
    };
    let meta = args
        .meta
        .take()
        .map(|path| printer::meta(&path).map(|file| (path, file)))
        .transpose();
    let extract = args.extract.take().map(|which| Which::parse(&which));
    let misplaced = extract.is_some() && (args.format != Format::Text || command == "json");
    let (out, mut result) = match opened {
        Ok(out) => (out, Ok(())),
        Err(failure) => (Output::Closed, Err(failure)),
    };
    let meta = meta.unwrap_or_else(|failure| {
        result = result.clone().and(Err(failure));
        None
    });
    if misplaced {
        result = result.and(Err(Failure::usage(
            "--extract is for the text of chat, stream and tools",
        )));
    }
    let options = Options {
        format: args.format,
        command,
        live: command == "stream",
        extract,
        meta,
        usage: args.usage,
        reasoning: args.reasoning,
        quiet: args.quiet,
        verbose: args.verbose,
        progress: std::io::stderr().is_terminal(),
    };
    let terminal = out.is_terminal();
    (
        Shared::new(Printer::new(options, out, terminal, std::io::stderr())),
        result,
    )
}

/// What is to be done, everything read that it needs.
enum Planned {
    Print(Vec<u8>),
    Once(Box<Once>),
}

struct Once {
    job: commands::Job,
    session: Option<input::Session>,
    transport: Transport,
}

fn plan(
    command: &'static str,
    common: &mut Common,
    expect: Expect,
    tools: &[PathBuf],
    printer: &Shared<Output, Stderr>,
) -> Result<Planned, Failure> {
    let mut scrubber = Scrubber::default();
    let settings = settings::resolve(common, &mut scrubber);
    printer.lock().hide(scrubber);
    let mut settings = settings?;
    let mut sink = printer.clone();
    let lossy = common.input.lossy;
    let tools = Toolbox::load(tools, |path: &Path| input::read_text(path, lossy))?;
    let prompt = input::read(&settings.sources, &mut |notice| {
        sink.note(Level::Warning, notice);
    })?;
    let plan = commands::plan(
        command,
        common,
        expect,
        &mut settings,
        prompt.messages,
        tools,
    );
    for warning in &settings.warnings {
        printer.lock().note(Level::Warning, warning);
    }
    match (plan?, settings.keyless) {
        (Plan::Print(bytes), _) => Ok(Planned::Print(bytes)),
        (Plan::Once(_), Some(keyless)) => Err(keyless),
        (Plan::Once(job), None) => Ok(Planned::Once(Box::new(Once {
            job: *job,
            session: prompt.session,
            transport: Transport::new(settings.connection),
        }))),
    }
}

fn ask(mut once: Once, printer: &Shared<Output, Stderr>) -> Result<Done, Failure> {
    let mut sink = printer.clone();
    let answer = drive::once(
        &once.job,
        once.session.take(),
        &mut once.transport,
        &mut sink,
    )?;
    Ok(Done {
        finish_reason: answer.finish_reason,
        model: answer.model,
        id: answer.id,
        request_id: answer.request_id,
    })
}
