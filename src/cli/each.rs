//! The options of `--each`, which `chat`, `tools` and `json` share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Many inputs in one run.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Many inputs")]
pub struct EachArgs {
    /// Send one request for each line of standard input
    ///
    /// PROMPT is the template: {} is the item, and other braces stay as they are. Without a
    /// placeholder the item follows the prompt after a blank line. Blank lines are skipped.
    /// =json: each line is a JSON value; {name} and {a.b} are its members. =csv: the header
    /// names the columns, {name} is a field, and a record may span lines. =null: NUL bytes
    /// separate the items, as in find -print0. =files: each line, or what NUL bytes separate,
    /// is a path; {} is the file's text, and {path} its path.
    ///
    /// Each item becomes one line of output, a `result` event (airx help events), in input
    /// order and as soon as possible. An item that cannot be used fails without a request: not
    /// UTF-8, not JSON under =json, larger than 16 MiB or than the model's context, a file that
    /// is empty, binary or unreadable. If any item failed, airx exits 12. --dry-run prints the
    /// request of the first item.
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "lines", conflicts_with = "session", group = "many", hide_possible_values = true)]
    pub each: Option<Each>,

    /// Read the items from FILE instead of standard input
    #[arg(long, value_name = "FILE", requires = "each", hide_short_help = true)]
    pub items: Option<PathBuf>,

    /// Leave the item out of its result
    #[arg(long, requires = "each", hide_short_help = true)]
    pub no_item: bool,

    /// Print results as they come, not in input order
    #[arg(long, requires = "each", hide_short_help = true)]
    pub unordered: bool,

    /// Continue an interrupted run: skip items already answered in -o FILE
    ///
    /// The items must be those of the earlier run; more may follow. An item whose request has
    /// changed exits 2.
    #[arg(long, requires_all = ["each", "output"], hide_short_help = true)]
    pub resume: bool,
}

/// `--each`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Each {
    /// One item a line
    Lines,
    /// One JSON value a line
    Json,
    /// One record of CSV; the header names its columns
    Csv,
    /// What NUL bytes separate
    Null,
    /// One file, named by a line or between NUL bytes
    Files,
}
