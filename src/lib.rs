//! airx: one request of a chat-completions server from a shell script, with an
//! exit code that tells the truth.
//!
//! arguments → settings → input → plan → drive → exchange → transport; events
//! flow back into the printer. This file joins the stages and does nothing else.

pub mod answer;
pub mod api;
mod children;
pub mod cli;
pub mod commands;
pub mod drive;
pub mod error;
pub mod event;
pub mod exchange;
pub mod exit;
pub mod input;
mod leftovers;
mod links;
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

use std::io::Stderr;
use std::path::Path;

use cli::{Command, Common, JsonAnswer, OfferArgs, RunArgs};
use commands::{Plan, Purpose};
use error::Failure;
use event::{Level, Sink};
use exit::Class;
use printer::{Done, Output, Shared};
use secret::Scrubber;
use structured::{Show, Wanted};
use toolbox::{Approval, Sources, Terminal, Toolbox};
use transport::Transport;

/// [`run`] in a process that Rust's runtime has not prepared.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn run_bare() -> ! {
    startup::prepare();
    run()
}

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
        Command::Chat(args) => converse("chat", args.common, Task::Answer),
        Command::Stream(args) => converse("stream", args.common, Task::Answer),
        Command::Tools(args) => converse("tools", args.common, Task::Tools(args.offer, args.run)),
        Command::Json(args) => converse("json", args.common, Task::Json(args.answer)),
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
    match stdout() {
        Ok(out) => printer::print(out, text),
        Err(failure) => refuse(&failure),
    }
}

fn stdout() -> Result<Output, Failure> {
    if startup::stdout_was_closed() {
        return Err(Failure::new(Class::Internal, "standard output is not open"));
    }
    Output::stdout().map_err(Failure::from)
}

/// What a command asks a model for, by its own options.
enum Task {
    Answer,
    Tools(OfferArgs, RunArgs),
    Json(JsonAnswer),
}

impl Task {
    /// The files that it will read, each with its option for messages.
    fn files(&self) -> Vec<(&'static str, &Path)> {
        match self {
            Self::Answer => Vec::new(),
            Self::Tools(offer, _) => {
                let files = offer.tools.iter();
                files.map(|file| ("`-t -`", &**file)).collect()
            }
            Self::Json(answer) => {
                let schema = answer.schema.iter();
                schema
                    .map(|file| ("`--schema -`", Path::new(file)))
                    .collect()
            }
        }
    }
}

/// One of the commands that ask a model.
fn converse(command: &'static str, mut common: Common, task: Task) -> u8 {
    let live = match &task {
        Task::Answer => command == "stream",
        Task::Tools(offer, _) => offer.stream,
        Task::Json(_) => false,
    };
    let (printer, opened) = printer::open(command, live, &mut common.output, stdout);
    #[cfg(unix)]
    signals::install(printer.clone());
    let result = opened.and_then(|()| plan(command, &mut common, task, &printer));
    let result = match result {
        Ok(Planned::Print(bytes)) => return printer.lock().print(&bytes),
        Ok(Planned::Ask(asked)) => ask(*asked, &printer),
        Err(failure) => Err(failure),
    };
    printer.lock().finish(result)
}

/// What is to be done, everything read that it needs.
enum Planned {
    Print(Vec<u8>),
    Ask(Box<Asked>),
}

struct Asked {
    plan: Plan,
    approval: Approval,
    session: Option<input::Session>,
    transport: Transport,
}

fn plan(
    command: &'static str,
    common: &mut Common,
    task: Task,
    printer: &Shared<Output, Stderr>,
) -> Result<Planned, Failure> {
    let mut scrubber = Scrubber::default();
    let settings = settings::resolve(common, &task.files(), &mut scrubber);
    printer.lock().hide(scrubber.clone());
    let mut settings = settings?;
    let (lossy, dry) = (common.input.lossy, common.output.dry_run.is_some());
    let read = |path: &Path| input::read_text(path, lossy);
    let mut tools = Tools::default();
    let purpose = match task {
        Task::Answer => Purpose::Answer,
        Task::Json(answer) => Purpose::Json(Box::new(Wanted::load(wanted(answer), read)?)),
        Task::Tools(offer, run) => {
            let purpose = Purpose::Calls {
                required: offer.require_call,
                streamed: offer.stream,
                rounds: run.run.then_some(run.rounds),
            };
            tools.load(commands::sources(offer, run), read, dry)?;
            purpose
        }
    };
    let mut sink = printer.clone();
    let prompt = input::read(&settings.sources, &mut |notice| {
        sink.note(Level::Warning, notice);
    })?;
    if tools.starts_programs() && !dry {
        // No program is started for a request that cannot be sent.
        settings.keyless.take().map_or(Ok(()), Err)?;
    }
    tools.gather(&scrubber)?;
    let (toolbox, approval) = (tools.toolbox, tools.approval);
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
        (plan, None) => Ok(Planned::Ask(Box::new(Asked {
            plan,
            approval,
            session: prompt.session,
            transport: Transport::new(settings.connection),
        }))),
    }
}

/// The tools of a run, where they come from, and who allows their calls.
#[derive(Default)]
struct Tools {
    sources: Option<Sources>,
    toolbox: Toolbox,
    approval: Approval,
}

impl Tools {
    /// Reads the tool files; a terminal that is to be asked is opened first.
    fn load(
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

    fn starts_programs(&self) -> bool {
        self.sources.as_ref().is_some_and(Sources::start_programs)
    }

    /// Asks programs and servers for theirs.
    fn gather(&mut self, scrubber: &Scrubber) -> Result<(), Failure> {
        match &self.sources {
            Some(sources) => self.toolbox.gather(sources, scrubber),
            None => Ok(()),
        }
    }
}

fn wanted(args: JsonAnswer) -> structured::Options {
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

fn ask(asked: Asked, printer: &Shared<Output, Stderr>) -> Result<Done, Failure> {
    let Asked {
        plan,
        approval,
        session,
        mut transport,
    } = asked;
    let (way, mut sink) = (&mut transport, printer.clone());
    let answer = match plan {
        Plan::Once(job, expect) => drive::once(&job, &expect, session, way, &mut sink),
        Plan::Reask(job, wanted) => drive::reask(&job, &wanted, session, way, &mut sink),
        Plan::Rounds(job, rounds) => {
            drive::rounds(*job, rounds, &approval, session, way, &mut sink)
        }
        Plan::Print(_) => return Ok(Done::default()),
    }?;
    Ok(Done {
        finish_reason: answer.finish_reason,
        model: answer.model,
        id: answer.id,
        request_id: answer.request_id,
    })
}
