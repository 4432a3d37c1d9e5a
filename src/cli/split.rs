//! The options of `--split`, which `chat`, `stream` and `json` share.

use clap::{Args, ValueEnum};

/// Long input.
#[derive(Debug, Default, Args)]
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
