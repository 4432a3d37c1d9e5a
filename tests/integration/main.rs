//! Tests of the binary from outside: exit code, standard output and standard error. There
//! is one file per feature; a test's name says what a user sees.

#![allow(
    unreachable_pub,
    reason = "the harness is a module of one binary, read like a library"
)]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::too_many_lines, reason = "a list of cases is as long as it is")]

mod api_key;
mod batch_fetch;
mod batch_mock;
mod batch_status;
mod batch_submit;
mod broken_answers;
#[cfg(unix)]
mod budget;
#[cfg(unix)]
mod budget_race;
mod cache;
#[cfg(unix)]
mod cache_answers;
#[cfg(unix)]
mod cache_dir;
#[cfg(unix)]
mod cache_keys;
#[cfg(unix)]
mod cache_processes;
mod command_line;
mod complete_answers;
#[cfg(unix)]
mod completions;
mod completions_install;
mod config;
mod config_ignored;
mod config_keys;
mod config_show;
#[cfg(unix)]
mod descriptors;
mod each;
#[cfg(unix)]
mod each_concurrency;
mod each_costs;
#[cfg(unix)]
mod each_disturbed;
#[cfg(unix)]
mod each_file;
mod each_lines;
mod each_refused;
#[cfg(unix)]
mod each_signals;
mod endpoint;
mod error_classes;
#[cfg(unix)]
mod exit_codes;
#[cfg(unix)]
mod extract;
#[cfg(unix)]
mod fallback;
#[cfg(unix)]
mod fallback_each;
#[cfg(unix)]
mod fallback_files;
mod fallback_matrix;
#[cfg(unix)]
mod flush;
mod format;
mod harness;
mod headers;
#[cfg(unix)]
mod hint_locations;
mod input_files;
mod input_images;
mod input_messages;
#[cfg(unix)]
mod input_session;
#[cfg(unix)]
mod input_stdin;
mod json;
mod json_constrain;
mod json_fields;
mod json_lines;
mod json_reask;
mod json_schema;
#[cfg(unix)]
mod links_and_owners;
mod masking;
#[cfg(unix)]
mod matrix;
#[cfg(unix)]
mod meta;
mod mock_batches;
mod mock_chat;
mod mock_files;
mod model_limits;
#[cfg(unix)]
mod named_pipes;
#[cfg(unix)]
mod output_file;
#[cfg(unix)]
mod output_leftovers;
#[cfg(unix)]
mod output_refused;
#[cfg(unix)]
mod pipes;
#[cfg(target_os = "linux")]
mod process_one;
mod proxy;
mod record;
#[cfg(unix)]
mod render;
#[cfg(unix)]
mod render_widths;
mod replay;
#[cfg(unix)]
mod request;
mod retries;
mod retry_after;
#[cfg(unix)]
mod same_file;
mod server_errors;
#[cfg(unix)]
mod signal_exit;
#[cfg(unix)]
mod signals;
mod size_limits;
#[cfg(unix)]
mod slots;
mod split;
mod split_failures;
mod split_json;
mod split_merge;
#[cfg(unix)]
mod stdin_readers;
#[cfg(unix)]
mod stopped_process;
mod stream;
mod stream_calls;
mod stream_ends;
mod stream_repeats;
#[cfg(unix)]
mod terminal;
mod timeouts;
mod tls;
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
mod tools_mcp_faults;
#[cfg(unix)]
mod tools_run;
#[cfg(unix)]
mod tools_sources;
#[cfg(unix)]
mod tools_turns;
mod usage;
mod verbose;
