//! airx: one request of a chat-completions server from a shell script, with an
//! exit code that tells the truth.
//!
//! arguments → settings → input → plan → drive → exchange → transport; events
//! flow back into the printer. This file joins the stages and does nothing else.

pub mod answer;
pub mod api;
#[cfg(unix)]
mod children;
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
mod sanitize;
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
use std::path::Path;

use cli::{Command, Common, Format};
use commands::{Expect, Plan, Purpose};
use error::Failure;
use event::{Level, Sink};
use exit::Class;
use printer::{Done, Options, Output, Printer, Shared, Which};
use secret::Scrubber;
use structured::{Show, Wanted};
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
        Command::Chat(args) => converse("chat", false, args.common, any_answer),
        Command::Stream(args) => converse("stream", true, args.common, any_answer),
        Command::Tools(args) => {
            let live = args.offer.stream;
            let dry = args.common.output.dry_run.is_some();
            let (purpose, sources) = commands::tools(args.offer, args.run, dry);
            converse("tools", live, args.common, |read| {
                Ok((purpose, Toolbox::load(sources, read)?))
            })
        }
        Command::Json(args) => {
            let options = json_options(args.answer);
            converse("json", false, args.common, |read| {
                let wanted = Wanted::load(options, read)?;
                Ok((Purpose::Json(Box::new(wanted)), Toolbox::default()))
            })
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

/// What a run is for, and the tools it offers, from files that it can read.
type Load<'a> = &'a dyn Fn(&Path) -> Result<String, Failure>;

#[allow(
    clippy::unnecessary_wraps,
    reason = "it stands beside those that can fail"
)]
fn any_answer(_: Load<'_>) -> Result<(Purpose, Toolbox), Failure> {
    Ok((Purpose::Answer(Expect::Answer), Toolbox::default()))
}

fn json_options(args: cli::JsonAnswer) -> structured::Options {
    let show = match args {
        _ if args.pretty => Show::Pretty,
        _ if args.lines => Show::Lines,
        _ if args.select.is_empty() => Show::Compact,
        _ => Show::Select(args.select),
    };
    structured::Options {
        schema: args.schema,
        fields: args.fields,
        show,
        stream: args.stream,
        tries: args.tries.unwrap_or(structured::TRIES),
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
fn converse(
    command: &'static str,
    live: bool,
    mut common: Common,
    load: impl FnOnce(Load<'_>) -> Result<(Purpose, Toolbox), Failure>,
) -> u8 {
    let (printer, opened) = open(command, live, &mut common);
    #[cfg(unix)]
    signals::install(printer.clone());
    let result = opened.and_then(|()| plan(command, &mut common, load, &printer));
    let result = match result {
        Ok(Planned::Print(bytes)) => return printer.lock().print(&bytes),
        Ok(Planned::Ask(asked)) => ask(*asked, &printer),
        Err(failure) => Err(failure),
    };
    printer.lock().finish(result)
}

/// Opens what the run writes to, before anything else is done.
fn open(
    command: &'static str,
    live: bool,
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
        live,
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
    Ask(Box<Ask>),
}

struct Ask {
    plan: Plan,
    session: Option<input::Session>,
    transport: Transport,
}

fn plan(
    command: &'static str,
    common: &mut Common,
    load: impl FnOnce(Load<'_>) -> Result<(Purpose, Toolbox), Failure>,
    printer: &Shared<Output, Stderr>,
) -> Result<Planned, Failure> {
    let mut scrubber = Scrubber::default();
    let settings = settings::resolve(common, &mut scrubber);
    printer.lock().hide(scrubber.clone());
    let mut settings = settings?;
    let mut sink = printer.clone();
    let lossy = common.input.lossy;
    let (purpose, mut toolbox) = load(&|path: &Path| input::read_text(path, lossy))?;
    let prompt = input::read(&settings.sources, &mut |notice| {
        sink.note(Level::Warning, notice);
    })?;
    // No program is started for a run that cannot ask anyway.
    let starts = toolbox.starts_programs() && common.output.dry_run.is_none();
    if let Some(keyless) = settings.keyless.take_if(|_| starts) {
        return Err(keyless);
    }
    toolbox.gather(&scrubber)?;
    let plan = commands::plan(
        command,
        common,
        purpose,
        &mut settings,
        prompt.messages,
        toolbox,
    );
    for warning in &settings.warnings {
        printer.lock().note(Level::Warning, warning);
    }
    match (plan?, settings.keyless) {
        (Plan::Print(bytes), _) => Ok(Planned::Print(bytes)),
        (_, Some(keyless)) => Err(keyless),
        (plan, None) => Ok(Planned::Ask(Box::new(Ask {
            plan,
            session: prompt.session,
            transport: Transport::new(settings.connection),
        }))),
    }
}

fn ask(ask: Ask, printer: &Shared<Output, Stderr>) -> Result<Done, Failure> {
    let mut sink = printer.clone();
    let Ask {
        plan,
        session,
        mut transport,
    } = ask;
    let answer = match plan {
        Plan::Once(job, expect) => drive::once(&job, &expect, session, &mut transport, &mut sink),
        Plan::Rounds(job, rounds) => {
            drive::rounds(*job, rounds, session, &mut transport, &mut sink)
        }
        Plan::Reask(job, wanted) => drive::reask(&job, &wanted, session, &mut transport, &mut sink),
        Plan::Print(_) => return Ok(Done::default()),
    }?;
    Ok(Done {
        finish_reason: answer.finish_reason,
        model: answer.model,
        id: answer.id,
        request_id: answer.request_id,
    })
}
