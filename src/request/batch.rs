//! Turns the options of `batch` into a job, and refuses options that do not apply.

use std::time::Duration;

use crate::cli::{
    BatchAction, Common, DryRun, Each, EachArgs, EngineArgs, InputArgs, Render, RequestArgs,
};
use crate::config::variable;
use crate::error::{Failure, Origin};
use crate::models;
use crate::settings::{Connection, Merged, defaults};

/// An operation on batches.
#[derive(Debug)]
pub enum BatchJob {
    /// Submits a batch of items, or of prepared request lines (`--raw`).
    Submit {
        /// Where the items come from.
        each: Box<EachArgs>,
        /// `--raw`.
        raw: bool,
    },
    /// Prints the state of these batches, or of all.
    Status(Vec<String>),
    /// Waits for these batches, with this interval.
    Wait(Vec<String>, Duration),
    /// Prints the results of these batches. The other fields are `--accept` and
    /// `--allow-empty`.
    Fetch(Vec<String>, Vec<String>, bool),
    /// Cancels these batches.
    Cancel(Vec<String>),
}

impl BatchJob {
    /// Splits the options into the job and the options that the requesting commands share.
    pub fn of(action: BatchAction) -> (Self, Common) {
        match action {
            BatchAction::Submit(args) => {
                let each = Box::new(EachArgs {
                    each: Some(args.each.unwrap_or(Each::Lines)),
                    items: args.items,
                    no_item: false,
                    unordered: false,
                    resume: false,
                });
                let raw = args.raw;
                (Self::Submit { each, raw }, args.common)
            }
            BatchAction::Status(args) => (Self::Status(args.ids), shared(args.engine)),
            BatchAction::Wait(args) => {
                let poll = args.poll.unwrap_or(defaults::POLL);
                (Self::Wait(args.ids, poll), shared(args.engine))
            }
            BatchAction::Fetch(args) => (
                Self::Fetch(args.ids, args.accept, args.allow_empty),
                shared(args.engine),
            ),
            BatchAction::Cancel(args) => (Self::Cancel(args.ids), shared(args.engine)),
        }
    }

    /// Whether the progress of the job counts items.
    pub fn counts_items(&self) -> bool {
        matches!(self, Self::Wait(..) | Self::Fetch(..))
    }

    /// Refuses options that do not apply; `is_id` says whether a text can be an id.
    ///
    /// # Errors
    /// Exit 2: an option does not apply.
    pub fn fits(&self, common: &Common, is_id: impl Fn(&str) -> bool) -> Result<(), Failure> {
        let submits = matches!(self, Self::Submit { .. });
        options(common, submits)?;
        let (name, ids) = match self {
            Self::Submit { .. } => return Ok(()),
            Self::Status(ids) => ("status", ids),
            Self::Wait(ids, _) => ("wait", ids),
            Self::Fetch(ids, ..) => ("fetch", ids),
            Self::Cancel(ids) => ("cancel", ids),
        };
        if ids.is_empty() && name != "status" {
            return Err(Failure::usage(format!("batch {name}: no id was given")).hint(format!(
                "airx batch submit prints the ids: airx batch {name} $(cat ids); airx batch status lists them"
            )));
        }
        if let Some(id) = ids.iter().find(|id| !is_id(id)) {
            return Err(Failure::usage(format!("{id:?} is not the id of a batch"))
                .hint("an id has up to 256 letters, digits and signs, without / ? # % and \\"));
        }
        if let Self::Wait(_, Duration::ZERO) = self {
            return Err(Failure::usage("--poll 0 would poll without a pause")
                .hint("the server's batches take minutes and hours: --poll 30s"));
        }
        Ok(())
    }
}

fn shared(engine: EngineArgs) -> Common {
    Common {
        input: InputArgs::default(),
        request: RequestArgs::default(),
        output: engine.output,
        connection: engine.connection,
        file: engine.file,
    }
}

fn options(common: &Common, submits: bool) -> Result<(), Failure> {
    let (output, connection) = (&common.output, &common.connection);
    let accept = !common.request.accept.is_empty();
    let fallback = !common.request.fallback.is_empty();
    let render = output.render == Some(Render::Always);
    let dry_run = output.dry_run.is_some() && !submits;
    let curl = output.dry_run == Some(DryRun::Curl);
    let first_token = connection.first_token_timeout.is_some();
    let given = [
        (common.input.session.is_some(), "--session", ITEMS),
        (accept, "--accept", AT_FETCH),
        (common.request.allow_empty, "--allow-empty", AT_FETCH),
        (fallback, "--fallback", ONE_MODEL),
        (output.extract.is_some(), "--extract", ITEMS),
        (render, "--render always", NO_MARKDOWN),
        (output.reasoning, "--reasoning", ITEMS),
        (dry_run, "--dry-run", AT_SUBMIT),
        (curl, "--dry-run=curl", TWO_REQUESTS),
        (first_token, "--first-token-timeout", UNARY),
        (connection.idle_timeout.is_some(), "--idle-timeout", UNARY),
        (
            connection.max_in_flight.is_some(),
            "--max-in-flight",
            ONE_BY_ONE,
        ),
        (connection.budget.is_some(), "--budget", UNCOUNTED),
        (connection.cache.is_some(), "--cache", UNCACHED),
        (connection.cache_ttl.is_some(), "--cache-ttl", UNCACHED),
        (connection.record.is_some(), "--record", TAPE),
        (connection.replay.is_some(), "--replay", TAPE),
    ];
    match given.into_iter().find(|(given, ..)| *given) {
        Some((_, flag, why)) => {
            Err(Failure::usage(format!("{flag} has no meaning for airx batch")).hint(why))
        }
        None => Ok(()),
    }
}

const AT_SUBMIT: &str = "airx batch submit --dry-run prints what would be uploaded";
const TWO_REQUESTS: &str = "a batch is an upload and a request: --dry-run prints both";
const NO_MARKDOWN: &str = "airx batch prints no Markdown";
const ONE_BY_ONE: &str =
    "a batch has a queue of its own, and airx makes one request after the other";
const AT_FETCH: &str = "airx batch fetch reads the answers: give it there";
const ONE_MODEL: &str = "a batch has one model: choose it with -m";
const ITEMS: &str = "airx batch fetch prints each item's complete answer on its line";
/// Why timeouts of a stream do not apply.
const UNARY: &str = "nothing is streamed: --timeout bounds each request";
const UNCOUNTED: &str = "what a batch costs is not counted: --param max_tokens=N bounds it";
const UNCACHED: &str = "the cache is for answers that come at once: airx chat --each uses it";
const TAPE: &str = "files and batches are not recorded: airx mock serves them, too";

/// Refuses `--record` and `--replay` from the environment.
///
/// # Errors
/// Exit 2: one of them is set.
pub fn without_recordings(merged: &Merged) -> Result<(), Failure> {
    let is_variable = |name: &&str| matches!(merged.origin(name), Origin::Variable(_));
    if ["record", "replay"].iter().any(is_variable) {
        return Err(
            Failure::usage("AIRX_RECORD and AIRX_REPLAY have no meaning for airx batch").hint(TAPE),
        );
    }
    Ok(())
}

/// The warning for a batch if the environment or the configuration sets a budget: a batch does not
/// count against it.
pub fn uncounted(merged: &Merged) -> Result<Option<String>, Failure> {
    let file = merged.config.as_ref();
    let file = file.and_then(|config| config.entry("budget"));
    let set = file.is_some() || variable("AIRX_BUDGET")?.is_some();
    Ok(set.then(|| format!("the budget has no effect: {UNCOUNTED}")))
}

/// The path of the chat endpoint in a batch. The providers use another version there. api.md §8.
pub fn chat_url(connection: &Connection) -> &'static str {
    match connection.endpoint.provider {
        Some(_) => "/v4/chat/completions",
        None => "/v1/chat/completions",
    }
}

/// The message for a model that the providers do not accept in batches.
pub fn unbatched(model: &str, connection: &Connection) -> Option<String> {
    let odd = connection.endpoint.provider.is_some() && !models::is_batched(model);
    odd.then(|| {
        format!(
            "{model} is not among the models that BigModel and Z.ai take in batches, according to their documentation of {}: {}",
            models::BATCHED_ON,
            models::BATCHED.join(", ")
        )
    })
}
