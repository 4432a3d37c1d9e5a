//! The binary from outside: exit code, all of standard output, all of standard
//! error. One file a feature; a test's name is what a user sees.

#![allow(
    unreachable_pub,
    reason = "the harness is a module of one binary, read like a library"
)]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod answers;
mod batch_fetch;
mod batch_mock;
mod batch_status;
mod batch_submit;
mod bounds;
mod broken_answers;
mod commands;
mod completions_install;
mod config;
mod config_aside;
mod config_keys;
mod config_show;
mod each;
mod each_costs;
#[cfg(unix)]
mod each_file;
#[cfg(unix)]
mod each_flow;
mod each_lines;
mod each_refused;
#[cfg(unix)]
mod each_signals;
mod endpoint;
mod error_classes;
mod errors;
#[cfg(unix)]
mod exit_codes;
#[cfg(unix)]
mod extract;
#[cfg(unix)]
mod flush;
mod format;
mod harness;
mod headers;
mod input_files;
mod input_images;
mod input_messages;
#[cfg(unix)]
mod input_session;
#[cfg(unix)]
mod input_stdin;
mod items;
mod json;
mod json_fields;
mod json_lines;
mod json_reask;
mod json_schema;
mod keys;
#[cfg(unix)]
mod killed;
mod limits;
#[cfg(unix)]
mod matrix;
#[cfg(unix)]
mod meta;
mod mock_batches;
mod mock_files;
#[cfg(unix)]
mod output_file;
#[cfg(unix)]
mod pipes;
#[cfg(unix)]
mod planted;
mod proxy;
mod record;
#[cfg(unix)]
mod render;
mod replay;
#[cfg(unix)]
mod request;
mod retries;
mod scrub;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod slots;
#[cfg(unix)]
mod stdin_readers;
mod stream;
mod stream_calls;
mod stream_ends;
mod stream_repeats;
#[cfg(unix)]
mod terminal;
mod timeouts;
mod tls;
#[cfg(unix)]
mod toolbench;
mod tools;
#[cfg(unix)]
mod tools_approval;
#[cfg(unix)]
mod tools_check;
#[cfg(unix)]
mod tools_child;
#[cfg(unix)]
mod tools_mcp;
#[cfg(unix)]
mod tools_run;
#[cfg(unix)]
mod tools_sources;
mod usage;
mod verbose;
mod waits;
#[cfg(unix)]
mod watch;
#[cfg(unix)]
mod whereabouts;
