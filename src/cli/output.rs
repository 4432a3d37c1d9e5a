//! The options under "Output": what is printed, and where.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What is printed, and where.
#[derive(Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Output")]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub struct OutputArgs {
    /// Format: text, json or ndjson [default: text]
    ///
    /// text is the answer, json what the server sent, byte for byte, and ndjson one event a
    /// line (airx help events).
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<Format>,

    /// Write to FILE, only if the run succeeds
    ///
    /// A regular file is replaced at the end, in one step. After a failure it is as it was,
    /// and what came is in FILE.partial. A new FILE and FILE.partial have mode 0600; a file
    /// that was there keeps its mode. A pipe or a device is written as the output comes. `-`
    /// is standard output. Under --each, FILE gets each result as soon as it is there.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Show Markdown and LaTeX rendered [default: auto]
    ///
    /// WHEN is auto, always or never. For the text of chat, stream and tools. `auto` renders on a terminal, `always` in pipes
    /// and files too, as in: airx chat --render always "Compare B-trees and LSM trees" | less
    /// -R. `never` prints the answer as it is. NO_COLOR removes the colours, TERM=dumb every
    /// escape sequence, and CLICOLOR_FORCE=1 makes `auto` render into a pipe.
    #[arg(long, value_name = "WHEN", hide_possible_values = true)]
    pub render: Option<Render>,

    /// Print the first code block only
    ///
    /// -x=all prints all blocks, -x=last the last one, and -x=LANGUAGE all in that language.
    /// Without such a block, airx exits 10.
    #[arg(short = 'x', long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "first")]
    pub extract: Option<String>,

    /// Write one JSON object about the run to FILE
    ///
    /// It holds what the `done` or `error` event holds, and is written at every end of the
    /// run. /dev/fd/3 and other pipes work, too.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub meta: Option<PathBuf>,

    /// Print tokens, cost and times on standard error
    #[arg(long)]
    pub usage: bool,

    /// Show the model's reasoning on standard error
    #[arg(long, hide_short_help = true)]
    pub reasoning: bool,

    /// Print the request's body and send nothing
    ///
    /// --dry-run=curl prints a curl command that does the same as this run. With --split,
    /// --dry-run lists the parts and what they cost; --format json or ndjson prints that as
    /// JSON, one object a line, the sums last.
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "body", hide_possible_values = true)]
    pub dry_run: Option<DryRun>,

    /// Print errors only: no notices, warnings or progress
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Show requests, responses, attempts and timings
    ///
    /// Keys are hidden.
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

/// `--format`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The answer
    #[default]
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

/// `--dry-run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// The request's body
    Body,
    /// A command that bash runs as it is
    Curl,
}
