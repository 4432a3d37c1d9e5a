//! `airx batch`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Args, Subcommand};

use super::{Common, ConnectionArgs, Each, FileArgs, OutputArgs, duration};

/// Have many inputs answered by the provider's batch engine
///
/// The same requests as airx chat --each, at half the price at BigModel and Z.ai, within a day
/// or so. submit uploads them in one or more batches and prints the ids. wait waits until they
/// have ended. fetch prints a `result` event for each item, in input order. BigModel and Z.ai
/// take only some models in batches; submit warns about others. Any server with the files and
/// batches of OpenAI's API works.
#[derive(Debug, Args)]
#[group(skip)]
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
    /// Print the state of batches, one a line
    Status(Box<StatusArgs>),
    /// Wait until batches have ended
    Wait(Box<WaitArgs>),
    /// Print the results of batches that have ended, in input order
    Fetch(Box<FetchArgs>),
    /// Cancel batches
    Cancel(Box<CancelArgs>),
}

/// The shared options that do not apply to batches.
const NOT_FOR_BATCHES: &[&str] = &[
    "extract",
    "render",
    "reasoning",
    "first_token_timeout",
    "idle_timeout",
    "max_in_flight",
    "budget",
    "cache",
    "cache_ttl",
    "record",
    "replay",
];

/// Hides an option from the help if it is one of `names`.
fn hide(arg: Arg, names: &[&str]) -> Arg {
    if names.contains(&arg.get_id().as_str()) {
        arg.hide(true)
    } else {
        arg
    }
}

/// Upload a request for each item and print the ids of the batches
///
/// Items are lines of standard input or of --items FILE. PROMPT is the template, as with
/// --each: {} is the item, {name} and {a.b} are members of a JSON item; without a placeholder
/// the item follows after a blank line. All items are read before anything is uploaded; a
/// wrong one exits 2. A batch has at most 50,000 items and 100 MB; more items make more
/// batches. Each id is printed as soon as its batch exists. If a later batch fails, the
/// earlier ones go on, and the message says which items are left. --timeout limits each
/// request.
///
/// airx never submits a batch twice, even if the server's answer was lost. The price is not
/// known in advance; --param max_tokens limits it. The custom_id of an item is
/// airx-INDEX-HASH, with the hash of its `result` in base64url.
#[derive(Debug, Args)]
#[group(skip)]
#[command(
    mut_arg("dry_run", |arg| arg
        .help("Send nothing; print the lines that would be uploaded")
        .long_help(None::<&str>)
        .hide_possible_values(true)),
    mut_arg("request_id", |arg| arg.help("Ids of the requests: ID-0, ID-1, …")),
    mut_args(|arg| hide(arg, &["session", "fallback", "accept", "allow_empty"])),
    mut_args(|arg| hide(arg, NOT_FOR_BATCHES)),
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
#[group(skip)]
#[command(mut_args(|arg| hide(arg, NOT_FOR_BATCHES)), mut_arg("dry_run", |arg| arg.hide(true)))]
pub struct EngineArgs {
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub file: FileArgs,
}

/// Print the state of batches, one a line
///
/// The columns, separated by tabs (on a terminal: aligned, with a heading), are the id, the status (validating, in_progress, finalizing,
/// completed, failed, expired, cancelling, cancelled), and how many items it has, were
/// answered, and failed; `-` if the server has not counted yet. Without an ID, all
/// batches are listed, newest first, 10,000 at most. --format json prints the server's
/// objects, one a line.
#[derive(Debug, Args)]
#[group(skip)]
pub struct StatusArgs {
    /// Batches to show [default: all]
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,

    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Wait until batches have ended
///
/// Print the lines of airx batch status at the end. Exit 0 if all batches were completed and no
/// item failed, 12 if items failed or a batch expired or was cancelled, and 4 if the server
/// refused the items of a batch (failed). --timeout limits each request, not the wait. Up to
/// ten rounds in a row may fail because of the network or the server.
#[derive(Debug, Args)]
#[group(skip)]
pub struct WaitArgs {
    /// Batches to wait for
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,

    /// Time between two requests [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub poll: Option<Duration>,

    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Print the results of batches that have ended, in input order
///
/// Print a `result` event for each item, as airx chat --each does (airx help events), over all
/// IDs in the order of the items. The `index` continues from one batch of a submission to the
/// next; fetch each submission by itself. An item without an answer is a result with an
/// `error`. Exit 12 if any item failed, and 5 if a batch has not ended. -o FILE is replaced
/// only if all items succeeded; else the results are in FILE.partial.
///
/// Requests that airx did not submit have a `custom_id` and no `hash`; their `index` is the
/// position of their line, output files before error files. `cost` is half of the list price
/// for the models that BigModel and Z.ai take in batches, else null. --format json prints the
/// lines of the server's files.
#[derive(Debug, Args)]
#[group(skip)]
pub struct FetchArgs {
    /// Batches to fetch
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,

    /// Count this finish_reason as a complete answer (repeat)
    #[arg(long, value_name = "REASON")]
    pub accept: Vec<String>,

    /// Accept an answer with neither text nor tool calls
    #[arg(long)]
    pub allow_empty: bool,

    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Cancel batches
///
/// Print their lines as airx batch status does. Answers that exist already can be fetched when
/// the batch is cancelled: airx batch wait, then airx batch fetch.
#[derive(Debug, Args)]
#[group(skip)]
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
