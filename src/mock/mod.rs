//! `airx mock`: a loopback server that speaks the API.
//!
//! `server` reads requests and sends replies, `router` decides what to reply, `generate`
//! makes answers up, `fault` spoils them, `chat_reply` puts them into the API's form.

mod answer;
mod batch_json;
mod batches;
mod chat_reply;
mod chat_request;
mod command;
mod example;
mod fault;
mod files;
mod generate;
mod reply;
mod rng;
mod router;
mod script;
mod server;

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::Context;

use crate::cli::MockArgs;
use crate::error::Failure;

/// The key that the command gets, unless `--require-key` sets one.
const KEY: &str = "airx-mock-key";

/// Prints the base URL to `out` and serves until the process ends; or runs a command
/// against the server and returns its exit status.
///
/// # Errors
/// Class usage: the script, the log, the port or the command cannot be used.
pub fn run(args: &MockArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let server = server::Server {
        mock: router::Mock::new(args)?,
        log: args.log.as_deref().map(server::Log::create).transpose()?,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).map_err(|error| {
        Failure::usage(format!("cannot listen on 127.0.0.1:{}: {error}", args.port))
            .hint("use --port 0 for a free port")
    })?;
    let base_url = format!(
        "http://{}/api/paas/v4",
        listener
            .local_addr()
            .context("the mock does not know its address")?
    );
    if args.command.is_empty() {
        let printed = writeln!(out, "{base_url}").and_then(|()| out.flush());
        printed.context("the mock cannot print its base URL")?;
        let Err(failure) = server::serve(listener, server);
        return Err(failure);
    }
    // The server runs until the process ends, after the command.
    std::thread::Builder::new()
        .spawn(move || server::serve(listener, server))
        .context("the mock's server cannot be started")?;
    let key = args.require_key.as_deref().unwrap_or(KEY);
    command::run(&args.command, &base_url, key)
}
