//! airx: one request of a chat-completions server from a shell script, with an
//! exit code that tells the truth.

pub mod api;
pub mod cli;
pub mod commands;
pub mod error;
pub mod event;
pub mod exit;
pub mod model;
pub mod secret;
pub mod sse;

/// Runs the process's command line and ends the process.
pub fn run() -> ! {
    use std::io::Write as _;
    let mut out = std::io::stdout();
    let code = match cli::Cli::from_env().map(|cli| cli.command) {
        Ok(cli::Command::Models(args)) => {
            let text = commands::print::models(args.format);
            i32::from(out.write_all(text.as_bytes()).is_err())
        }
        Ok(cli::Command::Completions(args)) => {
            let text = commands::print::completions(args.shell);
            i32::from(out.write_all(text.as_bytes()).is_err())
        }
        Ok(cli::Command::Help(args)) => match commands::print::help(args.subject.as_deref()) {
            Ok(text) => i32::from(out.write_all(text.as_bytes()).is_err()),
            Err(failure) => {
                let hint = failure.hint.as_deref().unwrap_or_default();
                let _ = writeln!(std::io::stderr(), "airx: {failure}\nhint: {hint}");
                i32::from(failure.exit())
            }
        },
        Ok(_) => 0,
        Err(error) if error.kind() == clap::error::ErrorKind::DisplayHelp => {
            let arguments: Vec<_> = std::env::args_os().skip(1).collect();
            let text = commands::print::help_flag(&error.to_string(), &arguments);
            i32::from(out.write_all(text.as_bytes()).is_err())
        }
        Err(error) => i32::from(error.print().is_err()) + 2,
    };
    std::process::exit(code)
}
