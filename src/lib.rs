//! airx: a chat-completions request from a shell script, with an exit code that
//! says whether the answer is complete.
//!
//! command line → settings → prompt → request → run → client → http or cassette;
//! the bytes come back as sse → answer → events → output. [`run`] parses the command
//! line and dispatches to `run/`.

pub mod answer;
pub mod api;
pub mod cassette;
pub mod cli;
pub mod client;
pub mod config;
pub mod error;
pub mod event;
pub mod exit;
pub mod help;
pub mod http;
pub mod markdown;
pub mod mock;
pub mod models;
pub mod output;
mod process;
pub mod prompt;
pub mod request;
pub mod run;
mod safe_path;
pub mod schema;
pub mod secret;
pub mod settings;
mod shell_install;
#[cfg(unix)]
mod signals;
pub mod sse;
mod suggest;
pub mod table;
mod temp_files;
mod terminal;
pub mod tools;

use clap::error::ErrorKind;
use cli::Command;
use config::Config;
use error::Failure;
use output::Output;
use request::Task;
use run::prologue::{batch, converse};
use std::io::IsTerminal;
use table::Medium;

const VERSION: &str = concat!("airx ", env!("CARGO_PKG_VERSION"), "\n");

/// Runs the process's command line and ends the process.
pub fn run() -> ! {
    #[cfg(unix)]
    signals::survive_file_size_limit();
    let mut arguments = std::env::args_os().skip(1);
    let only = arguments.next().filter(|_| arguments.next().is_none());
    // Answered before the command line is even described: it is asked a lot.
    let code = if only.is_some_and(|only| only == "--version" || only == "-V") {
        print(VERSION)
    } else {
        match cli::Cli::from_env() {
            Ok(cli) => command(cli.command),
            Err(error) if error.use_stderr() => {
                refuse(&cli::parse_error(&error, &cli::arguments()))
            }
            // A command's is the program's.
            Err(error) if error.kind() == ErrorKind::DisplayVersion => print(VERSION),
            Err(error) => {
                let arguments: Vec<_> = std::env::args_os().skip(1).collect();
                print(&run::print::help_flag(&error.to_string(), &arguments))
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
            Ok(_) => print(&run::print::models(args.format, medium())),
            Err(failure) => refuse(&failure),
        },
        Command::Config(args) => {
            let (text, result) = run::config::run(*args, medium());
            let printed = print(&text);
            match result {
                Err(failure) if printed == 0 => refuse(&failure),
                _ => printed,
            }
        }
        Command::Completions(args) => {
            let script = run::print::completions(args.shell);
            let told = match args {
                args if args.install => shell_install::install(args.shell, script),
                args if args.uninstall => shell_install::uninstall(args.shell, script),
                _ => return print(script),
            };
            told.map_or_else(|failure| refuse(&failure), |text| print(&text))
        }
        Command::Help(args) => match run::print::help(&args.subject) {
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

/// What standard output is, for tables.
fn medium() -> Medium {
    match terminal_size::terminal_size_of(std::io::stdout()) {
        Some((terminal_size::Width(width), _)) if width > 0 => Medium::Terminal(width),
        _ if std::io::stdout().is_terminal() => Medium::Terminal(80),
        _ => Medium::Pipe,
    }
}

fn stdout() -> Result<Output, Failure> {
    Output::stdout().map_err(Failure::from)
}
