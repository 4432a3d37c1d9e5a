//! airx: a chat-completions request from a shell script, with an exit code that
//! says whether the answer is complete.
//!
//! command line → settings → prompt → request → run → client → http or cassette;
//! the bytes come back as sse → answer → events → output. [`run()`] parses the command
//! line and dispatches to `run/`.

pub mod answer;
pub mod api;
pub mod cassette;
pub mod cli;
pub mod client;
pub mod completion;
pub mod config;
pub mod digest;
pub mod error;
pub mod event;
pub mod exit;
pub mod help;
pub mod http;
pub mod markdown;
pub mod material;
pub mod math;
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
pub mod shell_install;
#[cfg(unix)]
mod signals;
pub mod sse;
mod suggest;
pub mod table;
mod temp_files;
mod terminal;
pub mod tokens;
pub mod tools;

use cli::{Command, ManyArgs, Parsed};
use config::Config;
use error::Failure;
use exit::Class;
use output::Output;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use table::Medium;

const VERSION: &str = concat!("airx ", env!("CARGO_PKG_VERSION"), "\n");

/// Runs the process's command line and ends the process.
pub fn run() -> ! {
    #[cfg(unix)]
    signals::survive_file_size_limit();
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if std::env::var_os(completion::VARIABLE).is_some() {
        std::process::exit(complete(&arguments).into());
    }
    if let [only] = arguments.as_slice()
        && (only == "--version" || only == "-V")
    {
        // Scripts ask for the version often, so this does not build the parser first.
        std::process::exit(print(VERSION).into());
    }
    let mut program = cli::program();
    let code = match cli::parse(&mut program, &arguments) {
        Parsed::Run(command) => dispatch(command),
        Parsed::Version => print(VERSION),
        Parsed::Help(text) => print(&help::page::help_flag(&text, &arguments)),
        Parsed::Nothing(help) => {
            // If standard error is closed, there is nowhere to report the failure.
            let _ = std::io::stderr().write_all(help.as_bytes());
            Class::Usage.code()
        }
        Parsed::Refused(failure) => refuse(&failure),
    };
    client::settle_all();
    std::process::exit(code.into())
}

/// Answers a completion script, which shows no errors.
fn complete(arguments: &[OsString]) -> u8 {
    let shell = std::env::var_os(completion::VARIABLE).unwrap_or_default();
    match completion::answer(&shell, arguments) {
        Ok(answer) => {
            let _ = std::io::stdout().write_all(&answer);
            Class::Ok.code()
        }
        Err(failure) => refuse(&failure),
    }
}

fn dispatch(mut command: Command) -> u8 {
    let merged = settings::merge(&mut command);
    match command {
        Command::Chat(args) => run::chat("chat", args.common, &args.many, merged),
        Command::Stream(args) => {
            let (split, pool) = (args.split, args.pool);
            let many = ManyArgs {
                split,
                pool,
                ..ManyArgs::default()
            };
            run::chat("stream", args.common, &many, merged)
        }
        Command::Tools(args) => {
            let (each, pool) = (args.each, args.pool);
            let many = ManyArgs {
                each,
                pool,
                ..ManyArgs::default()
            };
            run::tools(args.common, &many, args.offer, args.run, merged)
        }
        Command::Json(args) => run::json(args.common, &args.many, args.answer, merged),
        Command::Batch(args) => run::batch(args.action, merged, medium()),
        Command::Mock(args) => {
            match Output::stdout().and_then(|mut out| mock::run(&args, &mut out)) {
                Ok(status) => status,
                Err(failure) => refuse(&failure),
            }
        }
        Command::Models(args) => {
            let loaded = Config::load(&args.file);
            print_or_refuse(loaded.map(|_| run::models::print(args.format, medium())))
        }
        Command::Budget(args) => print_or_refuse(run::budget::print(&args, merged, medium())),
        Command::Config(args) => {
            let (text, result) = run::config::run(*args, medium());
            let printed = print(&text);
            match result {
                Err(failure) if printed == 0 => refuse(&failure),
                _ => printed,
            }
        }
        Command::Completions(args) => {
            let done = match &args {
                args if args.install => shell_install::install(args.shell),
                args if args.uninstall => shell_install::uninstall(args.shell),
                _ => shell_install::script(args.shell).map(str::to_owned),
            };
            print_or_refuse(done)
        }
        Command::Help(args) => print_or_refuse(help::page::help(&args.subject)),
    }
}

/// Reports a failure before a printer exists.
fn refuse(failure: &Failure) -> u8 {
    output::refuse(failure, settings::of_environment());
    failure.exit()
}

/// Prints the text of a command that makes no requests, or reports why there is none.
fn print_or_refuse(text: Result<String, Failure>) -> u8 {
    text.map_or_else(|failure| refuse(&failure), |text| print(&text))
}

/// Prints a text that is not an answer from a model.
fn print(text: &str) -> u8 {
    match Output::stdout() {
        Ok(out) => output::print(out, text),
        Err(failure) => refuse(&failure),
    }
}

/// The kind of standard output, which decides how tables are printed.
fn medium() -> Medium {
    match terminal_size::terminal_size_of(std::io::stdout()) {
        Some((terminal_size::Width(width), _)) if width > 0 => Medium::Terminal(width),
        _ if std::io::stdout().is_terminal() => Medium::Terminal(80),
        _ => Medium::Pipe,
    }
}
