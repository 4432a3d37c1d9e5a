//! The binary from outside: exit code, all of standard output, all of standard
//! error. One file a feature; a test's name is what a user sees.

#![allow(
    unreachable_pub,
    reason = "the harness is a module of one binary, read like a library"
)]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod answers;
mod bounds;
mod broken_answers;
mod endpoint;
mod error_classes;
mod errors;
#[cfg(unix)]
mod exit_codes;
#[cfg(unix)]
mod flush;
mod harness;
mod headers;
mod keys;
#[cfg(unix)]
mod killed;
mod proxy;
mod retries;
mod scrub;
mod stream;
mod stream_calls;
mod stream_ends;
mod timeouts;
mod tls;
mod verbose;
mod waits;
