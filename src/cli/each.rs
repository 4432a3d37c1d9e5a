//! The options of `--each`, which `chat`, `tools` and `json` share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Tier;

/// Many inputs in one run.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Many inputs")]
pub struct EachArgs {
    /// One request for each line of standard input; =json, =csv, =null, =files
    ///
    /// PROMPT is the template: {} is the item, other braces stay; without {} or
    /// another placeholder the item follows after a blank line. Blank lines are
    /// skipped. =json: each line is a JSON value, {name} and {a.b} are its members.
    /// =csv: the header names the columns, {name} is a field, a record may span
    /// lines. =null: items are separated by NUL bytes, as by find -print0. =files:
    /// each line, or what NUL bytes separate, is a path: {} is the file's text,
    /// {path} its path.
    ///
    /// Each item becomes one line of output, a `result` (airx help events), in input
    /// order and as soon as it is known. An item that cannot be used fails alone, and
    /// nothing is sent for it: not UTF-8, not JSON under =json, larger than 16 MiB or
    /// than the model reads, a file that is empty, binary or unreadable. Exit 12 where
    /// any failed. --dry-run prints the first item's request.
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "lines", conflicts_with = "session")]
    pub each: Option<Each>,

    /// Read the items from FILE instead of standard input
    #[arg(long, value_name = "FILE", requires = "each")]
    pub items: Option<PathBuf>,

    /// Leave the item out of its result
    #[arg(long, requires = "each")]
    pub no_item: bool,

    /// Requests in flight at once [default: the model's number at --tier, else 2]
    ///
    /// Lowered where the server says that it is too many (1302), then raised
    /// again. Such an answer does not count against --retries while others are
    /// in flight.
    #[arg(short, long, value_name = "N", requires = "each", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: Option<u16>,

    /// The account's tier, for --concurrency [default: v0]
    #[arg(
        long,
        value_name = "v0|v1|v2|v3",
        hide_possible_values = true,
        requires = "each"
    )]
    pub tier: Option<Tier>,

    /// Print results as they come, not in input order
    #[arg(long, requires = "each")]
    pub unordered: bool,

    /// Go on with -o FILE: ask only for what it has no answer to
    ///
    /// The items must be those of the run that wrote it, and may be more; one
    /// whose request has changed exits 2.
    #[arg(long, requires_all = ["each", "output"])]
    pub resume: bool,

    /// Start nothing that could cost more than this in all, then exit 12
    ///
    /// In the currency of the model's price (airx models), by which each answer is
    /// reckoned, or of the model that answers where that is dearer. A request
    /// counts as the longest answer it may get until its cost is known, and for
    /// good where the server does not tell its tokens; as much as the dearest
    /// before it, where one went over that.
    #[arg(long, value_name = "AMOUNT", requires = "each")]
    pub max_cost: Option<String>,
}

/// `--each`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Each {
    /// One item a line
    Lines,
    /// One JSON value a line
    Json,
    /// One record of CSV, its columns named by the header
    Csv,
    /// What NUL bytes separate
    Null,
    /// One file, named by a line or between NUL bytes
    Files,
}
