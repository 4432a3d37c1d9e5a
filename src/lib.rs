//! airx: one request of a chat-completions server from a shell script, with an
//! exit code that tells the truth.
//!
//! arguments → settings → input → plan → drive → exchange → transport; events
//! flow back into the printer. This file finds the command; converse.rs joins the
//! stages of those that ask a model.

pub mod answer;
pub mod api;
mod children;
pub mod cli;
pub mod commands;
pub mod config;
mod converse;
pub mod drive;
pub mod error;
pub mod event;
pub mod exchange;
pub mod exit;
pub mod input;
mod install;
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

use clap::error::ErrorKind;
use cli::Command;
use request::Task;
use config::Config;
use prologue::{batch, converse};
use error::Failure;
use exit::Class;
use output::Output;

const VERSION: &str = concat!("airx ", env!("CARGO_PKG_VERSION"), "\n");

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
        print(VERSION)
    } else {
        match cli::Cli::from_env() {
            Ok(cli) => command(cli.command),
            Err(error) if error.use_stderr() => refuse(&cli::refusal(&error)),
            // A command's is the program's.
            Err(error) if error.kind() == ErrorKind::DisplayVersion => print(VERSION),
            Err(error) => {
                let arguments: Vec<_> = std::env::args_os().skip(1).collect();
                print(&request::print::help_flag(&error.to_string(), &arguments))
            }
        }
    };
    std::process::exit(code.into())
}

fn command(mut command: Command) -> u8 {
    let config = Config::below(&mut command);
    match command {
        Command::Chat(args) => {
            let each = Some(args.each);
            converse("chat", args.common, each, Task::Answer, config)
        }
        Command::Stream(args) => converse("stream", args.common, None, Task::Answer, config),
        Command::Tools(args) => {
            let task = Task::Tools(args.offer, args.run);
            converse("tools", args.common, Some(args.each), task, config)
        }
        Command::Json(args) => {
            let task = Task::Json(args.answer);
            converse("json", args.common, Some(args.each), task, config)
        }
        Command::Batch(args) => batch(args.action, config),
        Command::Mock(args) => match stdout().and_then(|mut out| mock::run(&args, &mut out)) {
            Ok(status) => status,
            Err(failure) => refuse(&failure),
        },
        Command::Models(args) => match Config::load(&args.file) {
            Ok(_) => print(&request::print::models(args.format)),
            Err(failure) => refuse(&failure),
        },
        Command::Config(args) => {
            let (text, result) = request::config::run(*args);
            let printed = print(&text);
            match result {
                Err(failure) if printed == 0 => refuse(&failure),
                _ => printed,
            }
        }
        Command::Completions(args) => {
            let script = request::print::completions(args.shell);
            let told = match args {
                args if args.install => shell_install::install(args.shell, script),
                args if args.uninstall => shell_install::uninstall(args.shell, script),
                _ => return print(script),
            };
            told.map_or_else(|failure| refuse(&failure), |text| print(&text))
        }
        Command::Help(args) => match request::print::help(&args.subject) {
            Ok(text) => print(&text),
            Err(failure) => refuse(&failure),
        },
    }
}

/// Tells of a failure before there is a printer.
fn refuse(failure: &Failure) -> u8 {
    let keys = settings::of_environment();
    output::refuse(&mut std::io::stderr(), failure, &keys);
    failure.exit()
}

/// Prints a text that is no answer.
fn print(text: &str) -> u8 {
    match stdout() {
        Ok(out) => output::print(out, text),
        Err(failure) => refuse(&failure),
    }
}

fn stdout() -> Result<Output, Failure> {
    if startup::stdout_was_closed() {
        return Err(Failure::new(Class::Internal, "standard output is not open"));
    }
    Output::stdout().map_err(Failure::from)
}
