//! `airx tools`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::common::ordered_args;
use super::{Common, EachArgs, PoolArgs, duration};

/// The arguments of `tools`.
#[derive(Debug)]
pub struct ToolsArgs {
    pub offer: OfferArgs,
    pub run: RunArgs,
    pub each: EachArgs,
    pub pool: PoolArgs,
    pub common: Common,
}

ordered_args!(
    ToolsArgs {
        offer: OfferArgs,
        run: RunArgs,
        each: EachArgs,
        pool: PoolArgs
    },
    "Offer tools and print the calls that the model wants, or run them",
    "Print one call a line: {\"id\",\"name\",\"arguments\"}. If the arguments do not fit the \
     tool's schema, the line has `invalid` with the errors, and airx exits 10. Prose next to \
     calls goes to standard error; an answer without calls is printed as text. airx runs \
     nothing unless you give --run: then it runs the calls of each answer and sends the results \
     back until the model answers without a call.",
    short_help_without: [
        "image", "temperature", "extract", "render", "usage", "each", "concurrency",
        "dry_run"
    ],
    hide: []
);

/// What the model is offered.
#[derive(Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Tools")]
pub struct OfferArgs {
    /// Offer the tools in FILE (repeat)
    ///
    /// A JSON array, an object, or NDJSON; `-` is standard input. A tool is an API tool,
    /// `{"type":"function","function":{…}}`, a bare function object,
    /// `{"name","description","parameters"}`, or a tool in the form of Anthropic
    /// (`input_schema`), MCP (`inputSchema`) or OpenAI's Responses API. Names and schemas are
    /// checked before anything is sent. `"command": ["PROGRAM", "ARG"]` next to the name is
    /// what --run runs; it is never sent.
    #[arg(short, long, value_name = "FILE")]
    pub tools: Vec<PathBuf>,

    /// Offer the executables in DIR as tools (repeat)
    ///
    /// Each is run with --tool-schema and must print its function object,
    /// `{"name","description","parameters"}`, within 10 seconds. Hidden files are skipped.
    #[arg(long, value_name = "DIR")]
    pub tools_dir: Vec<PathBuf>,

    /// Offer the tools of this MCP server (repeat)
    ///
    /// The command is split like a shell would split it, but no shell is started. The server
    /// speaks the Model Context Protocol over stdio and runs as long as airx does. Characters
    /// of tool names other than letters, digits, _ and - are sent as _.
    #[arg(long, value_name = "COMMAND")]
    pub mcp: Vec<String>,

    /// Offer only this one of the tools (repeat)
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub only: Vec<String>,

    /// Let the provider search this knowledge base
    #[arg(long, value_name = "KNOWLEDGE_ID", hide_short_help = true)]
    pub retrieval: Option<String>,

    /// Text with {{knowledge}} and {{question}} for --retrieval
    #[arg(
        long,
        value_name = "TEXT",
        requires = "retrieval",
        hide_short_help = true
    )]
    pub retrieval_prompt: Option<String>,

    /// Exit 11 if the model makes no call
    #[arg(long, hide_short_help = true)]
    pub require_call: bool,

    /// Print the answer's text as it is generated
    ///
    /// Calls follow when the answer is complete. Prose before a call is then on standard
    /// output, too.
    #[arg(long, hide_short_help = true)]
    pub stream: bool,
}

/// How calls are run.
#[derive(Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Running tools")]
pub struct RunArgs {
    /// Run the calls, send the results back, print the final answer
    ///
    /// A command gets the arguments as JSON on standard input, after they were checked against
    /// the tool's schema; its standard output is the result. Calls are run one after the
    /// other. Each is shown on the terminal and needs your consent; without a terminal, --yes
    /// is needed. Commands do not get variables that hold a key.
    #[arg(long)]
    pub run: bool,

    /// Run COMMAND for the calls of tool NAME (repeat)
    ///
    /// The command is split like a shell would split it, but no shell is started. It replaces
    /// the tool's own command.
    #[arg(long, value_name = "NAME=COMMAND")]
    pub exec: Vec<String>,

    /// Run every call without asking
    #[arg(long, requires = "run")]
    pub yes: bool,

    /// Send N requests at most [default: 8]
    ///
    /// If the last answer still has calls, airx exits 11.
    #[arg(long, value_name = "N", requires = "run", value_parser = clap::value_parser!(u32).range(1..), hide_short_help = true)]
    pub rounds: Option<u32>,

    /// Limit the time of one call [default: 60s]
    ///
    /// After it the command's process group is killed.
    #[arg(long, value_name = "DURATION", value_parser = duration, hide_short_help = true)]
    pub tool_timeout: Option<Duration>,

    /// Cut a result after N bytes, with a mark [default: 65536]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), hide_short_help = true)]
    pub tool_max_bytes: Option<u64>,
}
