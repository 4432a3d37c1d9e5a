//! The command line: clap types only. Doc comments become `--help`, the man
//! pages and the completions; reading a flag does nothing.
#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    rustdoc::broken_intra_doc_links,
    reason = "the doc comments are read as help, where Markdown's marks would stand as they are"
)]

mod batch;
mod chat;
mod common;
mod completions;
mod config;
mod each;
mod help;
mod json;
mod mock;
mod models;
mod parse_error;
mod presets;
mod stream;
mod tools;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use batch::{
    BatchAction, BatchArgs, CancelArgs, EngineArgs, FetchArgs, StatusArgs, SubmitArgs, WaitArgs,
};
pub use chat::ChatArgs;
pub use common::{
    Common, ConnectionArgs, DryRun, Format, InputArgs, OnOff, OutputArgs, Render, RequestArgs,
    duration,
};
pub use completions::{CompletionsArgs, Shell};
pub use config::{ConfigAction, ConfigArgs, FileArgs};
pub use each::{Each, EachArgs};
pub use help::HelpArgs;
pub use json::{JsonAnswer, JsonArgs};
pub use mock::{Fault, FaultKind, MockArgs, Place, Tier};
pub use models::{ModelsArgs, ModelsFormat};
pub use parse_error::parse_error;
pub use presets::Preset;
pub use stream::StreamArgs;
pub use tools::{OfferArgs, RunArgs, ToolsArgs};

/// Ask a GLM model from a shell script, and trust the exit code
///
/// Each command makes one request of a chat-completions server: BigModel, Z.ai,
/// or any other that speaks `POST {base}/chat/completions`. Standard output
/// carries the answer and nothing else; the exit code says whether it is
/// complete and, if not, who can fix it.
#[derive(Debug, Parser)]
#[command(
    name = "airx",
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    infer_long_args = false,
    args_override_self = true,
    subcommand_required = true,
    arg_required_else_help = true,
    help_expected = true,
    max_term_width = 100,
    after_help = "Exit codes: airx help exit-codes. Events of --format ndjson: airx help events."
)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands. Each is built only when it is the one being run.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Print the answer when it is complete
    Chat(Box<ChatArgs>),
    /// Print the answer as it is generated
    Stream(Box<StreamArgs>),
    /// Offer tools and print the calls that the model wants, or run them
    Tools(Box<ToolsArgs>),
    /// Ask for JSON and print nothing but valid JSON
    Json(Box<JsonArgs>),
    /// Have many inputs answered by the provider's own batch engine
    Batch(BatchArgs),
    /// Run a loopback server that speaks the API, for trying and testing scripts offline
    Mock(MockArgs),
    /// List known models: context, output limit, price and its date, concurrency
    Models(ModelsArgs),
    /// Show each setting and where it comes from, or check the configuration file
    Config(Box<ConfigArgs>),
    /// Print a shell's completion script, or install it
    Completions(CompletionsArgs),
    /// Show help for a command or a topic
    Help(HelpArgs),
}

impl Command {
    /// Where the configuration is, of the commands that make requests.
    pub fn file(&self) -> Option<&FileArgs> {
        match self {
            Self::Chat(args) => Some(&args.common.file),
            Self::Stream(args) => Some(&args.common.file),
            Self::Tools(args) => Some(&args.common.file),
            Self::Json(args) => Some(&args.common.file),
            Self::Batch(args) => Some(args.action.file()),
            _ => None,
        }
    }
}

impl Cli {
    /// Reads the process's arguments.
    ///
    /// # Errors
    /// Clap's, for `--help` and `--version` too.
    pub fn from_env() -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let mut matches = command.try_get_matches_from_mut(std::env::args_os())?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
    }
}

/// The process's arguments, without the program's name.
pub fn arguments() -> Vec<OsString> {
    std::env::args_os().skip(1).collect()
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    /// What clap says of a line with these words.
    fn refused(words: &[&str]) -> Option<ErrorKind> {
        let words = ["airx"].iter().chain(words);
        let error = Cli::command().try_get_matches_from(words).err()?;
        Some(error.kind())
    }

    #[test]
    fn an_option_given_twice_is_read_like_one_given_once() {
        let values = [
            "1", "30s", "a: b", "/a", "text", "on", "v0", "500", "always",
        ];
        let invalid = [
            Some(ErrorKind::InvalidValue),
            Some(ErrorKind::ValueValidation),
        ];
        let mut program = Cli::command();
        program.build();
        for command in program.get_subcommands().filter(|it| !it.has_subcommands()) {
            for long in command.get_arguments().filter_map(clap::Arg::get_long) {
                let takes = |option: &str| refused(&[command.get_name(), option]);
                let option = values
                    .iter()
                    .map(|value| format!("--{long}={value}"))
                    .chain([format!("--{long}")])
                    .find(|option| {
                        takes(option) != Some(ErrorKind::TooManyValues)
                            && !invalid.contains(&takes(option))
                    });
                let option = option.unwrap_or_else(|| panic!("--{long} takes no value"));
                let twice = refused(&[command.get_name(), &option, &option]);
                assert_eq!(twice, takes(&option), "{} {option}", command.get_name());
            }
        }
    }
}
