//! `airx mock`: a loopback server that speaks the API. Its arguments in; its
//! address, or the exit status of the command run against it, out.

mod answer;
mod asked;
mod batch;
mod command;
mod decide;
mod dice;
mod example;
mod frames;
mod invent;
mod line;
mod log;
mod models;
mod outcome;
mod playback;
mod prose;
mod reply;
mod route;
mod script;
mod server;
mod stream;
mod tokens;
mod wire;

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::Context;

use crate::cli::MockArgs;
use crate::error::Failure;

/// The key of a command that is run, where none is required.
const KEY: &str = "airx-mock-key";

/// Serves until killed, its base URL as the one line of `out`; or runs a
/// command against the server and returns its exit status.
///
/// # Errors
/// Of class usage, before anything is served: a script, a log or a port that
/// cannot be used, a command that cannot be started.
pub fn run(args: &MockArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let server = server::Server {
        mock: decide::Mock::new(args)?,
        log: args.log.as_deref().map(log::Log::create).transpose()?,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).map_err(|error| {
        Failure::usage(format!("cannot listen on 127.0.0.1:{}: {error}", args.port))
            .hint("--port 0 takes a free one")
    })?;
    let base_url = format!(
        "http://{}/api/paas/v4",
        listener
            .local_addr()
            .context("the mock cannot tell its address")?
    );
    if args.command.is_empty() {
        let told = writeln!(out, "{base_url}").and_then(|()| out.flush());
        told.context("the mock cannot print its base URL")?;
        let Err(failure) = server::serve(listener, server);
        return Err(failure);
    }
    // It ends with the process, as the command has done by then.
    std::thread::Builder::new()
        .spawn(move || server::serve(listener, server))
        .context("the mock's server cannot be started")?;
    let key = args.require_key.as_deref().unwrap_or(KEY);
    command::run(&args.command, &base_url, key)
}
