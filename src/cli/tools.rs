//! `airx tools`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Common, EachArgs, duration};

/// Offer tools and print the calls that the model wants, or run them
///
/// In text, one call a line: {"id","name","arguments"}, and `invalid` with what
/// is wrong where the arguments do not fit the tool's schema (exit 10). Prose
/// beside calls, and that of an answer that was cut, goes to standard error; an
/// answer without calls is printed as text. Nothing is run unless --run is given:
/// then the calls of each answer are run and their results sent back until the
/// model answers without one.
#[derive(Debug, Args)]
pub struct ToolsArgs {
    #[command(flatten)]
    pub offer: OfferArgs,
    #[command(flatten)]
    pub run: RunArgs,
    #[command(flatten)]
    pub each: EachArgs,
    #[command(flatten)]
    pub common: Common,
}

/// What the model is offered.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Tools")]
pub struct OfferArgs {
    /// Tools: a JSON array, object or NDJSON; `-` is standard input (repeat)
    ///
    /// API tools, `{"type":"function","function":{…}}`, or bare function objects,
    /// `{"name","description","parameters"}`. Tools of Anthropic (`input_schema`),
    /// of MCP (`inputSchema`) and of OpenAI's Responses API are converted. Names and
    /// schemas are checked before anything is sent. `"command": ["PROGRAM", "ARG"]`
    /// next to the name is what --run runs; it is never sent.
    #[arg(short, long, value_name = "FILE", action = clap::ArgAction::Append)]
    pub tools: Vec<PathBuf>,

    /// Tools: the executables of a folder, each asked for itself (repeat)
    ///
    /// Each is run with --tool-schema and prints its function object,
    /// `{"name","description","parameters"}`, within 10 seconds. Hidden files
    /// are passed over.
    #[arg(long, value_name = "DIR", action = clap::ArgAction::Append)]
    pub tools_dir: Vec<PathBuf>,

    /// Tools of a Model Context Protocol server, spoken to over stdio (repeat)
    ///
    /// The command is split like a shell would, and no shell is started. The
    /// server runs as long as airx does. What its tools' names have beside
    /// letters, digits, _ and - is sent as _.
    #[arg(long, value_name = "COMMAND", action = clap::ArgAction::Append)]
    pub mcp: Vec<String>,

    /// Offer only this tool of --tools, --tools-dir and --mcp (repeat)
    #[arg(long, value_name = "NAME", action = clap::ArgAction::Append)]
    pub only: Vec<String>,

    /// Let the provider look into this knowledge base
    #[arg(long, value_name = "KNOWLEDGE_ID")]
    pub retrieval: Option<String>,

    /// How --retrieval puts what it found: a text with {{knowledge}} and {{question}}
    #[arg(long, value_name = "TEXT", requires = "retrieval")]
    pub retrieval_prompt: Option<String>,

    /// Exit 11 where the model makes no call
    #[arg(long)]
    pub require_call: bool,

    /// Have the answer streamed: its text is printed as it is generated
    ///
    /// Calls follow when the answer is complete. What the model says before a
    /// call is then on standard output too.
    #[arg(long)]
    pub stream: bool,
}

/// How calls are run.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Running tools")]
pub struct RunArgs {
    /// Run the calls, send the results back, print the final answer
    ///
    /// The arguments, checked against the tool's schema, are JSON on the
    /// command's standard input; its standard output is the result. Calls are
    /// run one after the other. Each is shown and asked for on the terminal;
    /// without one, --yes is needed. Commands get no variable that holds a key.
    #[arg(long)]
    pub run: bool,

    /// Command that a tool's calls run (repeat)
    ///
    /// Split like a shell would, and no shell is started. It comes before the
    /// tool's own command.
    #[arg(long, value_name = "NAME=COMMAND", action = clap::ArgAction::Append)]
    pub exec: Vec<String>,

    /// Run every call without asking
    #[arg(long, requires = "run")]
    pub yes: bool,

    /// Most requests in all; calls in the last one's answer are exit 11 [default: 8]
    #[arg(long, value_name = "N", requires = "run", value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: Option<u32>,

    /// Longest time for one call; then its process group is killed [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub tool_timeout: Option<Duration>,

    /// Longest result in bytes; what is longer is cut, with a mark [default: 65536]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub tool_max_bytes: Option<u64>,
}
