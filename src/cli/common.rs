//! The options that `chat`, `stream`, `tools` and `json` share.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{FileArgs, duration};

/// The prompt and every shared option.
#[derive(Debug, Default, Args)]
pub struct Common {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub request: RequestArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub file: FileArgs,
}

/// What the messages are made of.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// The prompt: words joined by one space
    ///
    /// The user message is built from the words, then each --file, then
    /// standard input, parts separated by a blank line. A pipe, socket or file
    /// on standard input is read and added; a terminal is not. One that stays
    /// silent is given up after 60s (AIRX_STDIN_WAIT) and nothing is sent. `-`
    /// among the words puts standard input there and waits for it as long as it
    /// takes.
    #[arg(value_name = "PROMPT")]
    pub prompt: Vec<OsString>,

    /// System message; `@FILE` reads it from a file, `@@` is a literal `@`
    #[arg(short, long, value_name = "TEXT|@FILE")]
    pub system: Option<OsString>,

    /// Text file added to the message; `-` is standard input (repeat)
    ///
    /// Where there are two or more files, each is headed by its name.
    #[arg(short, long, value_name = "FILE", action = clap::ArgAction::Append)]
    pub file: Vec<PathBuf>,

    /// Image for a vision model: a file, a URL or `-` (repeat)
    ///
    /// Files (PNG, JPEG, GIF, WebP, BMP) are sent as data URLs.
    #[arg(short, long, value_name = "FILE|URL|-", action = clap::ArgAction::Append)]
    pub image: Vec<PathBuf>,

    /// Earlier turns: a JSON array or NDJSON of messages; `-` is standard input
    ///
    /// The prompt is the last turn. Where the last message is the user's or a
    /// tool's the conversation is complete: no prompt is needed and standard
    /// input is not touched. --system takes the place of a leading system
    /// message.
    #[arg(long, value_name = "FILE", conflicts_with = "session")]
    pub messages: Option<PathBuf>,

    /// Conversation kept in a file, read and, on success, extended
    ///
    /// NDJSON of messages, made new with the --system text and mode 0600. The
    /// file is locked from read to write; a failed run leaves it untouched.
    #[arg(long, value_name = "FILE")]
    pub session: Option<PathBuf>,

    /// Never touch standard input
    ///
    /// Needed inside a `while read` loop over a pipe: there airx would read the
    /// loop's own lines, and nothing can tell that pipe from one that is meant
    /// for it. AIRX_NO_STDIN=1 does the same. (--each takes all lines in one run.)
    #[arg(short, long)]
    pub no_stdin: bool,

    /// Replace bytes that are not UTF-8 instead of refusing the input
    ///
    /// In files, standard input, the prompt, --system and --stop. Binary data is
    /// refused all the same.
    #[arg(long)]
    pub lossy: bool,

    /// Accept empty input that was asked for by name: `-`, -f, @FILE, --messages
    ///
    /// Without it such input exits 2 and nothing is sent: the command that should
    /// have made it has probably failed. It also silences the warning about a pipe
    /// on standard input that turned out to be empty.
    #[arg(long)]
    pub allow_empty_input: bool,
}

/// Members of the request body.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Request")]
pub struct RequestArgs {
    /// Model to ask [default: glm-4-airx; AIRX_MODEL]
    #[arg(short, long, value_name = "NAME")]
    pub model: Option<String>,

    /// Sampling temperature; 0 also turns sampling off at BigModel and Z.ai
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub temperature: Option<f64>,

    /// Nucleus sampling: the probability mass to choose from
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub top_p: Option<f64>,

    /// Longest answer, in tokens; one that is cut exits 9
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<u64>,

    /// Text that ends the answer (repeat, as far as the model allows)
    #[arg(long, value_name = "TEXT", action = clap::ArgAction::Append)]
    pub stop: Vec<OsString>,

    /// The end user's id, 6 to 128 characters
    #[arg(long, value_name = "ID")]
    pub user_id: Option<String>,

    /// This request's id; a retry sends ID-2, ID-3
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,

    /// No sampling: always the likeliest token (do_sample false)
    #[arg(long)]
    pub greedy: bool,

    /// Thinking, for models that have it
    #[arg(long, value_name = "on|off", hide_possible_values = true)]
    pub thinking: Option<OnOff>,

    /// Any other body member as JSON; wins over the flags (repeat)
    ///
    /// The value is JSON: --param seed=7, --param 'meta={"a":1}',
    /// --param 'tool_choice="none"'. `model`, `messages` and `stream` are refused.
    #[arg(long, value_name = "KEY=JSON", action = clap::ArgAction::Append)]
    pub param: Vec<String>,

    /// Let the provider search the web [default engine: search_std]
    #[arg(long, value_name = "ENGINE", num_args = 0..=1, require_equals = true, default_missing_value = "search_std")]
    pub web_search: Option<String>,

    /// Count this finish_reason as a complete answer too (repeat)
    #[arg(long, value_name = "REASON", action = clap::ArgAction::Append)]
    pub accept: Vec<String>,

    /// Accept an answer with neither text nor tool calls
    ///
    /// Without it such an answer is asked for again, twice at most, and ends with
    /// exit code 7. `json` accepts none in any case.
    #[arg(long)]
    pub allow_empty: bool,
}

/// What is printed, and where.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Output")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct OutputArgs {
    /// What standard output carries [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,

    /// Write to FILE instead of standard output, only if the run succeeds
    ///
    /// A regular file is replaced at the end, in one step; after a failure it
    /// is as it was and what came is in FILE.partial. A new file has mode 0600, as
    /// has FILE.partial; one that was there keeps its own. Anything else (a pipe,
    /// a device) is written as the output comes. `-` is standard output. Under
    /// --each FILE has each result at once.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Show Markdown and LaTeX as people read them [default: auto]
    ///
    /// For the text of chat, stream and tools. `auto` does it where standard output
    /// is a terminal, `always` in pipes and files too, as in: airx chat --render
    /// always "Compare B-trees and LSM trees" | less -R. `never` prints the answer as
    /// it is. NO_COLOR takes the colours away, TERM=dumb every escape sequence;
    /// CLICOLOR_FORCE=1 makes `auto` render into a pipe.
    #[arg(long, value_name = "auto|always|never", hide_possible_values = true)]
    pub render: Option<Render>,

    /// Print only the first fenced code block, `=all`, `=last`, or of `=LANGUAGE`
    #[arg(short = 'x', long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "first")]
    pub extract: Option<String>,

    /// Write one JSON object about the run's end to FILE (/dev/fd/3 too)
    #[arg(long, value_name = "FILE")]
    pub meta: Option<PathBuf>,

    /// Tell tokens, cost and times on standard error
    #[arg(long)]
    pub usage: bool,

    /// Show the model's thinking on standard error
    #[arg(long)]
    pub reasoning: bool,

    /// Send nothing; print the request body, or with `=curl` a curl command
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "body")]
    pub dry_run: Option<DryRun>,

    /// No notices, warnings or progress; errors stay
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Show request and response heads, attempts and timings; never the key
    #[arg(short, long)]
    pub verbose: bool,
}

impl OutputArgs {
    /// `--format`, or text.
    pub fn format(&self) -> Format {
        self.format.unwrap_or(Format::Text)
    }

    /// `--render`, or auto.
    pub fn render(&self) -> Render {
        self.render.unwrap_or(Render::Auto)
    }
}

/// The way to the server.
///
/// Durations: `90s`, `5m`, `500ms`; a bare number is seconds; `0` is none.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Server to ask, the part before /chat/completions [AIRX_BASE_URL]
    ///
    /// Without it the key chooses: ZHIPUAI_API_KEY and AIRX_API_KEY go to
    /// https://open.bigmodel.cn/api/paas/v4, ZAI_API_KEY to
    /// https://api.z.ai/api/paas/v4.
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,

    /// Read the key from FILE instead of the environment; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,

    /// Further request header; `@FILE` reads one a line, `@-` standard input (repeat)
    #[arg(long, value_name = "NAME: VALUE|@FILE", action = clap::ArgAction::Append)]
    pub header: Vec<String>,

    /// Proxy, in place of HTTPS_PROXY and ALL_PROXY (http, https, socks5, socks5h)
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,

    /// Trust the certificates of this PEM file, in place of the system's
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,

    /// Allow plain http to a host that is not this machine [AIRX_ALLOW_HTTP=1]
    #[arg(long)]
    pub allow_http: bool,

    /// Longest wait for a connection [default: 8s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub connect_timeout: Option<Duration>,

    /// `stream`: longest wait for the first token [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub first_token_timeout: Option<Duration>,

    /// `stream`: longest silence after the first token [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub idle_timeout: Option<Duration>,

    /// Longest time for one answer with its retries [default: 300s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// Further tries while nothing was printed [default: 5]
    ///
    /// The wait before each doubles from 1 to 30 seconds, half of it random: 16 to
    /// 31 seconds in all, unless the server names another. Made when the server is busy, a connection cannot be made or is reset
    /// before the answer, or the answer breaks off. Never for a refused key or
    /// an empty account. Overload of the model (1305, 1312) is not counted.
    #[arg(long, value_name = "N")]
    pub retries: Option<u32>,

    /// Requests in flight at most, over all runs of airx [default: 0, no limit; AIRX_MAX_IN_FLIGHT]
    ///
    /// Counted are the requests of this user with the same host, port, key and
    /// model, so that `xargs -P 50 airx chat` stays inside an account's limit.
    /// Further ones wait for their turn; the wait does not count in --timeout,
    /// and shows under -v. Runs that share the limit must see the same
    /// XDG_RUNTIME_DIR, or none.
    #[arg(long, value_name = "N")]
    pub max_in_flight: Option<u32>,

    /// Keep each exchange with the server in a file of folder DIR [AIRX_RECORD]
    ///
    /// One readable file an exchange, mode 0600, for --replay and fit for
    /// version control: the request, status and some headers, the body or the
    /// pieces of the stream. Without key, ids and host; a key that the server
    /// sends back is masked. A retry is an exchange of its own; one that got no
    /// response is not kept.
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,

    /// Take the answers from folder DIR instead of the network [AIRX_REPLAY]
    ///
    /// Needs no key. Each run begins with the first recording of its request; a
    /// retry takes the next one, without a wait. A request that no recording
    /// fits exits 13 and is told how it differs from the nearest one.
    #[arg(long, value_name = "DIR")]
    pub replay: Option<PathBuf>,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The answer
    Text,
    /// What the server sent, byte for byte
    Json,
    /// One event a line: airx help events
    Ndjson,
}

/// `--render`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Render {
    /// On a terminal
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// `--thinking`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// Think first
    On,
    /// Answer at once
    Off,
}

/// `--dry-run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// The request body
    Body,
    /// A command that bash runs as it stands
    Curl,
}
