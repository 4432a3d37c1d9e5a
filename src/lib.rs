//! airx: one request of a chat-completions server from a shell script, with an
//! exit code that tells the truth.

pub mod api;
pub mod cli;
pub mod error;
pub mod event;
pub mod exit;
pub mod mock;
pub mod model;
pub mod secret;
pub mod sse;

/// Runs the process's command line and ends the process.
pub fn run() -> ! {
    let code = match cli::Cli::from_env() {
        Ok(cli::Cli {
            command: cli::Command::Mock(args),
        }) => match mock::run(&args, &mut std::io::stdout()) {
            Ok(status) => i32::from(status),
            Err(failure) => {
                use std::io::Write;
                let _ = writeln!(std::io::stderr(), "airx: {failure}");
                i32::from(failure.exit())
            }
        },
        Ok(_) => 0,
        Err(error) => i32::from(error.print().is_err()) + 2,
    };
    std::process::exit(code)
}
