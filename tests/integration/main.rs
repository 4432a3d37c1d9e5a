//! The binary from outside: exit code, all of standard output, all of standard
//! error. One file a feature; a test's name is what a user sees.

#![allow(
    unreachable_pub,
    reason = "the harness is a module of one binary, read like a library"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has said what it had to say"
)]

mod answers;
mod commands;
#[cfg(unix)]
mod extract;
mod format;
mod harness;
mod input_files;
mod input_images;
mod input_messages;
#[cfg(unix)]
mod input_session;
#[cfg(unix)]
mod input_stdin;
mod json;
mod limits;
#[cfg(unix)]
mod meta;
#[cfg(unix)]
mod output_file;
#[cfg(unix)]
mod pipes;
#[cfg(unix)]
mod request;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod terminal;
mod tools;
mod usage;
#[cfg(unix)]
mod watch;
