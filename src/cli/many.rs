//! The options of a run that may make several requests: `--each`, `--split`, and how many
//! are in flight.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Tier;

/// The options of every run that may make several requests. `chat` and `json` have all of
/// them, `stream` and `tools` some.
#[derive(Debug, Default, Args)]
#[group(skip)]
pub struct ManyArgs {
    #[command(flatten)]
    pub each: EachArgs,
    #[command(flatten)]
    pub split: SplitArgs,
    #[command(flatten)]
    pub pool: PoolArgs,
}

impl ManyArgs {
    /// The options of `--each`, if it is given.
    pub fn each(&self) -> Option<&EachArgs> {
        Some(&self.each).filter(|each| each.each.is_some())
    }
}

/// Many inputs in one run.
#[derive(Debug, Default, Args)]
#[group(skip)]
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

/// Long input.
#[derive(Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Input")]
pub struct SplitArgs {
    /// Ask in parts if the input is too long
    ///
    /// PROMPT is the instruction; files and standard input are the text. If both fit the
    /// model's context, one request is sent. Else the text is cut into parts that fit, at
    /// natural borders: a diff at files and hunks, lines of JSON at lines, CSV at records (each
    /// part repeats the header), a JSON array at elements, and other text at headings,
    /// paragraphs, lines and sentences. HOW is auto (the default), diff, lines, paragraphs or
    /// json.
    ///
    /// Parts are asked at the same time, as many as --concurrency says. If one fails, the run
    /// fails and prints nothing. If the server finds a part too long, airx cuts
    /// that part in two. --dry-run shows the parts and what they cost; --format json or ndjson
    /// makes that JSON.
    #[arg(
        long,
        value_name = "HOW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "auto",
        conflicts_with_all = ["session", "messages", "image"],
        group = "many",
        hide_possible_values = true
    )]
    pub split: Option<Split>,

    /// Merge the answers to the parts by this PROMPT, or `concat` them
    ///
    /// Without this option, a request merges them into one answer to the prompt, in steps where
    /// they do not fit the context together. `concat` prints them in order with a blank line
    /// between them; for `json` it joins their arrays, which is the default where the schema is
    /// an array.
    #[arg(
        long,
        value_name = "PROMPT|concat",
        requires = "split",
        hide_short_help = true
    )]
    pub merge: Option<String>,
}

/// `--split`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Split {
    /// By what the text looks like
    Auto,
    /// At the files and hunks of a unified diff
    Diff,
    /// At lines
    Lines,
    /// At headings, paragraphs, lines and sentences
    Paragraphs,
    /// At the elements of a JSON array
    Json,
}

/// Several requests in flight.
#[derive(Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Many inputs")]
pub struct PoolArgs {
    /// Send N requests at once [default: by --tier, else 2]
    ///
    /// The default is the model's number for the account's tier (airx models). airx lowers it
    /// when the server says that it is too many (1302), and raises it again. Such an answer
    /// does not count against --retries while other requests are in flight.
    #[arg(short, long, value_name = "N", requires = "many", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: Option<u16>,

    /// Tier of the account, for --concurrency [default: v0]
    #[arg(
        long,
        value_name = "v0|v1|v2|v3",
        hide_possible_values = true,
        hide_short_help = true,
        requires = "many"
    )]
    pub tier: Option<Tier>,

    /// Start no request that could raise the total cost above AMOUNT
    ///
    /// The amount is in the currency of the model's price at the provider: CNY at BigModel,
    /// USD at Z.ai (airx models). Until its cost is known, a request counts as the longest answer that it may get; if the server does not
    /// report its tokens, it stays so. A run that is stopped by this limit exits 12.
    #[arg(long, value_name = "AMOUNT", requires = "many", hide_short_help = true)]
    pub max_cost: Option<String>,
}
