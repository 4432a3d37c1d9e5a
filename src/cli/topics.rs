//! `airx help` and the texts that help, man pages and README share.

use clap::{Args, ValueEnum};

/// Show help for a command or a topic
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// A command, or one of the topics events and exit-codes
    pub subject: Option<String>,
}

/// Texts that are not about one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Topic {
    /// The events of --format ndjson
    Events,
    /// The exit codes
    ExitCodes,
}

/// Every topic.
pub const TOPICS: &[Topic] = &[Topic::Events, Topic::ExitCodes];

/// An environment variable that airx reads.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub does: &'static str,
}

/// Every environment variable that airx reads.
pub const ENVIRONMENT: &[Variable] = &[];
/// Files, for the man pages.
pub const FILES: &[Variable] = &[];
/// Shell lines, for the man pages, by command.
pub const EXAMPLES: &[(&str, &[&str])] = &[];
