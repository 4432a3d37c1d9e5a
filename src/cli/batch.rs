//! `airx batch`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{Common, ConnectionArgs, Each, FileArgs, OutputArgs, duration};

/// Have many inputs answered by the provider's own batch engine
///
/// The same requests as those of airx chat --each, for half the price at BigModel
/// and Z.ai and within a day or so: submit uploads them, in one batch or more, and
/// prints the ids; wait waits for their end; fetch prints a `result` for each item,
/// in input order, as --each does. BigModel and Z.ai take some models only in
/// batches; of another submit warns. Any server that has files and batches as
/// OpenAI's does can be asked as well.
#[derive(Debug, Args)]
#[command(subcommand_required = true)]
pub struct BatchArgs {
    /// What to do
    #[command(subcommand)]
    pub action: BatchAction,
}

/// What `batch` does.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum BatchAction {
    /// Upload a request for each item and print the ids of the batches
    Submit(Box<SubmitArgs>),
    /// Print how far batches are, a line each
    Status(Box<StatusArgs>),
    /// Wait until batches have ended
    Wait(Box<WaitArgs>),
    /// Print the results of batches that have ended, in input order
    Fetch(Box<FetchArgs>),
    /// Cancel batches
    Cancel(Box<CancelArgs>),
}

/// Upload a request for each item and print the ids of the batches
///
/// One item a line of standard input, or of --items FILE. PROMPT is the template,
/// as with --each: {} is the item, {name} and {a.b} are members of a JSON item;
/// without such a place the item follows after a blank line. All items are read
/// before anything is uploaded; one that is wrong exits 2. A batch has 50,000 items
/// and 100 MB at most: more items make more batches. Each id is printed when its
/// batch exists. Where a later one fails, those before it go on; the message says
/// which items are left. --timeout bounds each upload and each order.
///
/// A batch that may exist although nobody said so is not ordered a second time.
/// The price is not known before; --param max_tokens and a test with --dry-run
/// tell what an item may take. What an item is called in the batch (custom_id) is
/// airx-INDEX-HASH, with the hash of its `result` in base64url.
#[derive(Debug, Args)]
#[command(
    mut_arg("dry_run", |arg| arg
        .help("Send nothing; print the lines that would be uploaded")
        .hide_possible_values(true)),
    mut_arg("request_id", |arg| arg.help("Ids of the requests: ID-0, ID-1, …")),
    mut_arg("session", |arg| arg.hide(true)),
    mut_arg("accept", |arg| arg.hide(true)),
    mut_arg("allow_empty", |arg| arg.hide(true)),
    mut_arg("extract", |arg| arg.hide(true)),
    mut_arg("render", |arg| arg.hide(true)),
    mut_arg("reasoning", |arg| arg.hide(true)),
    mut_arg("first_token_timeout", |arg| arg.hide(true)),
    mut_arg("idle_timeout", |arg| arg.hide(true)),
    mut_arg("max_in_flight", |arg| arg.hide(true)),
    mut_arg("record", |arg| arg.hide(true)),
    mut_arg("replay", |arg| arg.hide(true)),
)]
pub struct SubmitArgs {
    /// What an item is, as with airx chat --each [default: lines]
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "lines", help_heading = "Many inputs")]
    pub each: Option<Each>,

    /// Read the items from FILE instead of standard input
    #[arg(long, value_name = "FILE", help_heading = "Many inputs")]
    pub items: Option<PathBuf>,

    /// The items are batch requests already: check them and upload them as they are
    ///
    /// Each line is an object with custom_id, url and body (model, messages). All
    /// lines have the same url and model, and each its own custom_id. Options of the
    /// request (-m, --temperature, …) do not apply. Without --raw such a line exits 2.
    #[arg(long, conflicts_with_all = ["each", "prompt", "system", "file", "image", "messages"], help_heading = "Many inputs")]
    pub raw: bool,

    #[command(flatten)]
    pub common: Common,
}

/// The options of what is done with batches that exist.
#[derive(Debug, Args)]
#[command(
    mut_arg("extract", |arg| arg.hide(true)),
    mut_arg("render", |arg| arg.hide(true)),
    mut_arg("reasoning", |arg| arg.hide(true)),
    mut_arg("dry_run", |arg| arg.hide(true)),
    mut_arg("first_token_timeout", |arg| arg.hide(true)),
    mut_arg("idle_timeout", |arg| arg.hide(true)),
    mut_arg("max_in_flight", |arg| arg.hide(true)),
    mut_arg("record", |arg| arg.hide(true)),
    mut_arg("replay", |arg| arg.hide(true)),
)]
pub struct EngineArgs {
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub file: FileArgs,
}

/// Print how far batches are, a line each
///
/// Five columns, separated by tabs: the id, its status (validating, in_progress,
/// finalizing, completed, failed, expired, cancelling, cancelled), and how many
/// items it has, were answered, and failed; `-` where the server has not counted
/// yet. Without an ID all batches are listed as the server has them, newest first,
/// 10,000 at most. --format json prints the server's objects, one a line.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Batches to tell of [default: all]
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,

    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Wait until batches have ended
///
/// Then prints the lines of airx batch status. Exits 0 where all were completed
/// and no item failed, 12 where items failed or a batch expired or was cancelled,
/// 4 where the server refused the items of a batch (failed). --timeout bounds each
/// request, not the wait; once under way, ten rounds in a row may fail for the
/// network's or the server's sake.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// Batches to wait for
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,

    /// Time between two looks [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub poll: Option<Duration>,

    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Print the results of batches that have ended, in input order
///
/// A `result` line for each item, as airx chat --each prints it and airx help
/// events tells it, over all IDs in the order of the items: their `index` goes on
/// from one batch of a submission to the next, and those of another submission
/// begin anew, so fetch that by itself. An item without an answer is a
/// result with an `error`, too. Exits 12 where any failed, 5 where a batch has not
/// ended. With -o FILE, FILE is replaced where all succeeded; else the results are
/// in FILE.partial.
///
/// Requests that airx did not submit have a `custom_id` and no `hash`; their
/// `index` is the place of their line, output files before error files, in the
/// order of the IDs. `cost` is half of the list price, for the models that
/// BigModel and Z.ai take in batches, else null. --format json prints the lines of
/// the server's files.
#[derive(Debug, Args)]
pub struct FetchArgs {
    /// Batches to fetch
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,

    /// Count this finish_reason as a complete answer too (repeat)
    #[arg(long, value_name = "REASON", action = clap::ArgAction::Append)]
    pub accept: Vec<String>,

    /// Accept an answer with neither text nor tool calls
    #[arg(long)]
    pub allow_empty: bool,

    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Cancel batches
///
/// Prints their lines as airx batch status does. What was answered before can be
/// fetched once a batch is cancelled: airx batch wait, then airx batch fetch.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// Batches to cancel
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,

    #[command(flatten)]
    pub engine: EngineArgs,
}

impl BatchAction {
    /// Where the configuration is.
    pub fn file(&self) -> &FileArgs {
        match self {
            Self::Submit(args) => &args.common.file,
            Self::Status(args) => &args.engine.file,
            Self::Wait(args) => &args.engine.file,
            Self::Fetch(args) => &args.engine.file,
            Self::Cancel(args) => &args.engine.file,
        }
    }
}
