//! The command line: clap types only. Doc comments become `--help`, the man
//! pages and the completions; reading a flag does nothing.
#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    rustdoc::broken_intra_doc_links,
    reason = "the doc comments are read as help, where Markdown's marks would stand as they are"
)]

mod batch;
mod budget;
mod chat;
mod common;
mod completions;
mod config;
mod connection;
mod input;
mod json;
mod many;
mod mock;
mod models;
mod output;
mod parse_error;
mod request;
mod tools;
mod value;

use std::ffi::{OsStr, OsString};
use std::iter;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::error::Failure;
use parse_error::parse_error;

pub use batch::{
    BatchAction, BatchArgs, CancelArgs, EngineArgs, FetchArgs, StatusArgs, SubmitArgs, WaitArgs,
};
pub use budget::BudgetArgs;
pub use chat::{ChatArgs, StreamArgs};
pub use common::Common;
pub use completions::{CompletionsArgs, Shell};
pub use config::{ConfigAction, ConfigArgs, FileArgs};
pub use connection::ConnectionArgs;
pub use input::InputArgs;
pub use json::{Constrain, JsonAnswer, JsonArgs};
pub use many::{Each, EachArgs, ManyArgs, PoolArgs, Split, SplitArgs};
pub use mock::{Fault, FaultKind, MockArgs, Place, Tier};
pub use models::{ModelsArgs, ModelsFormat};
pub use output::{DryRun, Format, OutputArgs, Render};
pub use request::{OnOff, RequestArgs};
pub use tools::{OfferArgs, RunArgs, ToolsArgs};
pub use value::{SettingValue, duration};

/// Ask a GLM model from a shell script, and trust the exit code
///
/// airx sends one request to a chat-completions server: BigModel, Z.ai, or any other that
/// speaks `POST {base}/chat/completions`. Standard output carries the answer and nothing else.
/// The exit code says whether the answer is complete and, if not, who can fix it.
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
    after_help = "More about a command: airx help COMMAND. Exit codes: airx help exit-codes."
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
    #[command(after_help = ALL_OPTIONS)]
    Chat(Box<ChatArgs>),
    /// Print the answer as it is generated
    #[command(after_help = ALL_OPTIONS)]
    Stream(Box<StreamArgs>),
    /// Offer tools and print the calls that the model wants, or run them
    #[command(after_help = ALL_OPTIONS)]
    Tools(Box<ToolsArgs>),
    /// Ask for JSON and print nothing but valid JSON
    #[command(after_help = ALL_OPTIONS)]
    Json(Box<JsonArgs>),
    /// Have many inputs answered by the provider's batch engine
    Batch(BatchArgs),
    /// Run a local server that speaks the API, to test scripts offline
    Mock(MockArgs),
    /// List known models: context, output limit, price, concurrency
    Models(ModelsArgs),
    /// Show what --budget has counted: spent, reserved, free
    Budget(BudgetArgs),
    /// Show the settings and their origin, or check the configuration file
    Config(Box<ConfigArgs>),
    /// Print or install completions for a shell
    Completions(CompletionsArgs),
    /// Show help for a command or a topic
    Help(HelpArgs),
}

/// What ends the short help of a command with many options.
const ALL_OPTIONS: &str = "All options, and examples: --help";

/// Show help for a command or a topic
///
/// Without a subject, show the help of airx itself.
#[derive(Debug, Args)]
#[group(skip)]
pub struct HelpArgs {
    /// A command (chat, batch wait) or a topic (events, exit-codes, config)
    pub subject: Vec<String>,
}

impl Command {
    /// The shared options, of the commands that take a prompt.
    fn common(&mut self) -> Option<&mut Common> {
        match self {
            Self::Chat(args) => Some(&mut args.common),
            Self::Stream(args) => Some(&mut args.common),
            Self::Tools(args) => Some(&mut args.common),
            Self::Json(args) => Some(&mut args.common),
            Self::Batch(args) => match &mut args.action {
                BatchAction::Submit(args) => Some(&mut args.common),
                _ => None,
            },
            _ => None,
        }
    }

    /// Where the configuration is, of the commands whose options it can set.
    pub fn file(&mut self) -> Option<&FileArgs> {
        match self {
            Self::Budget(args) => Some(&args.file),
            Self::Batch(args) => Some(args.action.file()),
            _ => self.common().map(|common| &common.file),
        }
    }
}

/// What the arguments say.
#[derive(Debug)]
pub enum Parsed {
    /// Run this command.
    Run(Command),
    /// Print the version.
    Version,
    /// Print this help.
    Help(String),
    /// There are none: print this help on standard error.
    Nothing(String),
    /// They cannot be understood.
    Refused(Failure),
}

/// The description of the command line.
pub fn program() -> clap::Command {
    Cli::command()
}

/// Reads the arguments, the program's name not among them.
pub fn parse(program: &mut clap::Command, arguments: &[OsString]) -> Parsed {
    let words = iter::once(OsStr::new("airx")).chain(arguments.iter().map(|word| &**word));
    let matches = program.try_get_matches_from_mut(words);
    let cli = matches.and_then(|mut matches| {
        Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(program))
    });
    let error = match cli {
        Ok(mut cli) => {
            if let Some(common) = cli.command.common() {
                common.input.warning = common.input.bare_option_warning(arguments);
            }
            return Parsed::Run(cli.command);
        }
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::DisplayVersion => Parsed::Version,
        _ if arguments.is_empty() => Parsed::Nothing(error.to_string()),
        _ if error.use_stderr() => Parsed::Refused(parse_error(&error, arguments)),
        _ => Parsed::Help(error.to_string()),
    }
}

/// The long help of a command, named by its words, or of the program; none where there is
/// no such command.
pub fn long_help(words: &[&str]) -> Option<String> {
    let mut program = Cli::command();
    if words.is_empty() {
        return Some(program.render_long_help().to_string());
    }
    program.build();
    let mut words = words.iter();
    let command = words.try_fold(&mut program, |command, word| {
        command.find_subcommand_mut(word)
    })?;
    Some(command.render_long_help().to_string())
}

/// The names of the commands.
pub fn command_names() -> Vec<String> {
    let program = Cli::command();
    let commands = program.get_subcommands();
    commands
        .map(|command| command.get_name().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
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
    fn short_help_fits_a_screen_of_45_lines() {
        let mut program = Cli::command().term_width(80);
        program.build();
        for name in ["chat", "stream", "tools", "json"] {
            let command = program.find_subcommand_mut(name).unwrap();
            let help = command.clone().term_width(80).render_help().to_string();
            let lines = help.lines().count();
            assert!(lines <= 45, "{name}: {lines}\n{help}");
            assert!(
                help.lines().all(|line| line.chars().count() <= 80),
                "{help}"
            );
            let headings = help.lines().filter(|line| line.ends_with(':'));
            let all = [
                "Options:",
                "Input:",
                "Request:",
                "Output:",
                "JSON:",
                "Tools:",
                "Running tools:",
                "Many inputs:",
                "Connection:",
                "Configuration:",
            ];
            let mut order = all.iter();
            for heading in headings {
                assert!(order.any(|known| *known == heading), "{name}: {heading}");
            }
            let input = help.split("Input:\n").nth(1).unwrap();
            assert!(input.trim_start().starts_with("[PROMPT]..."), "{help}");
        }
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
