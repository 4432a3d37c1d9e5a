//! `--split`: input that does not fit the model's context is cut into parts. One request is sent
//! for each part, and the answers are joined or merged.

mod dispatcher;
mod jobs;
mod live;
mod plan;

use std::sync::mpsc::channel;

use super::conversation::{Conversation, Strategy};
use super::json::report_joined;
use super::max_cost::MaxCost;
use super::pool::Pool;
use super::report::report_start;
use super::start::{Done, Ended, Run};
use crate::answer::Answer;
use crate::cli::{DryRun, Format, ManyArgs, OutputArgs};
use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Count, Data, Event, Level, Sink};
use crate::exit::Class;
use crate::material::{Borders, Part};
use crate::prompt::LongInput;
use crate::request::{self, CostLimit, SplitRequests};
use crate::schema::join_arrays;
use crate::suggest::nearest;
use dispatcher::{Dispatcher, is_too_long};
use jobs::{MergeJobs, PartJobs};
use plan::Plan;

/// Where `--split` cuts, if it is given.
///
/// # Errors
/// `--merge` is empty: exit 2, before anything is read.
pub(super) fn borders(many: &ManyArgs) -> Result<Option<Borders>, Failure> {
    use crate::cli::Split;
    let merge = many.split.merge.as_deref();
    if merge.is_some_and(|prompt| prompt.trim().is_empty()) {
        return Err(Failure::usage("--merge is empty")
            .hint("give a PROMPT that says how to merge the answers, or concat"));
    }
    Ok(many.split.split.map(|split| match split {
        Split::Auto => Borders::Auto,
        Split::Diff => Borders::Diff,
        Split::Lines => Borders::Lines,
        Split::Paragraphs => Borders::Paragraphs,
        Split::Json => Borders::Json,
    }))
}

/// Whether the answers are joined in order, or as one array. Otherwise a request merges them.
fn is_concat(merge: Option<&str>, strategy: &Strategy) -> Result<bool, Failure> {
    let array = match strategy {
        Strategy::Json(expected) => expected.is_array(),
        _ => None,
    };
    match (merge, array) {
        (Some("concat"), Some(false)) => Err(Failure::usage(
            "--merge concat joins arrays, and the schema does not allow an array",
        )
        .hint("leave it out: a request merges the answers")),
        (Some("concat"), _) | (None, Some(true)) => Ok(true),
        _ => Ok(false),
    }
}

/// Whether a prompt is one word that was probably meant to be `concat`.
fn is_slip(word: &str) -> bool {
    let begins = word.to_lowercase().starts_with("concat");
    let is_word = !word.contains(char::is_whitespace);
    is_word && (begins || nearest(word, ["concat"]).is_some())
}

/// How the input is divided, and the cost limit.
struct Division {
    concat: bool,
    max_cost: Option<MaxCost>,
    requests: SplitRequests,
    /// Fewer than two if everything fits the context.
    parts: Vec<Part>,
}

impl Division {
    fn new(
        conversation: &Conversation,
        run: &Run,
        many: &ManyArgs,
        input: &LongInput,
    ) -> Result<Self, Failure> {
        let Conversation {
            request, strategy, ..
        } = conversation;
        let merge = many.split.merge.as_deref();
        let concat = is_concat(merge, strategy)?;
        let merge = merge.filter(|_| !concat);
        if let Some(word) = merge.map(str::trim).filter(|word| is_slip(word)) {
            run.warn(&format!(
                "--merge {word} is a prompt for one more request; did you mean --merge concat?"
            ));
        }
        let provider = conversation.settings.connection.endpoint.provider;
        let limit = many.pool.max_cost.as_deref();
        let limit =
            limit.map(|amount| CostLimit::new(amount, request, provider, strategy.requests()));
        let max_cost = limit.transpose()?.map(MaxCost::new);
        let common = request.request.clone();
        let requests = SplitRequests::new(common, provider, input, merge)?;
        let parts = if requests.fits(input) {
            Vec::new()
        } else {
            input.material.parts(requests.room()?)
        };
        Ok(Self {
            concat,
            max_cost,
            requests,
            parts,
        })
    }
}

/// Sends one request with all of the input if it fits the model's context, else one for each part.
/// Under `--dry-run`, shows what would be sent.
///
/// # Errors
/// A part failed, or the answers cannot be merged.
pub(super) fn run(
    mut conversation: Conversation,
    run: &Run,
    output: &OutputArgs,
    many: &ManyArgs,
    input: &LongInput,
) -> Result<Ended, Failure> {
    let division = Division::new(&conversation, run, many, input)?;
    let requests = &division.requests;
    let shows_plan = output.dry_run == Some(DryRun::Body);
    if division.parts.len() < 2 {
        if shows_plan && output.format() != Format::Text {
            return show(&Plan::of_one(requests, input), output);
        }
        let request = requests.complete(input);
        conversation.request = conversation.request.with(request);
        return ask_complete(conversation, run, output.dry_run, division.max_cost);
    }
    if output.dry_run == Some(DryRun::Curl) {
        let count = division.parts.len();
        let what = format!("--dry-run=curl shows one request, and --split makes {count} parts");
        return Err(Failure::usage(what).hint("--dry-run lists the parts"));
    }
    if shows_plan || division.max_cost.is_some() {
        let (material, parts) = (&input.material, &division.parts);
        let plan = Plan::of_parts(requests, material, parts, !division.concat)?;
        let limit = division.max_cost.as_ref().zip(plan.cost());
        if let Some(warning) = limit.and_then(|(limit, cost)| limit.warning(cost)) {
            run.warn(&warning);
        }
        if shows_plan {
            return show(&plan, output);
        }
    }
    ask_parts(conversation, run, output, many, input, division)
}

/// Prints the plan instead of sending anything.
fn show(plan: &Plan, output: &OutputArgs) -> Result<Ended, Failure> {
    let text = match output.format() {
        Format::Text => plan.table(),
        Format::Json | Format::Ndjson => plan.json()?,
    };
    Ok(Ended::Print(text.into_bytes()))
}

/// Sends one request with everything.
fn ask_complete(
    conversation: Conversation,
    run: &Run,
    dry_run: Option<DryRun>,
    max_cost: Option<MaxCost>,
) -> Result<Ended, Failure> {
    let Some(max_cost) = max_cost.filter(|_| dry_run.is_none()) else {
        return conversation.once(run, dry_run, None);
    };
    let (request, strategy, mut transport) = conversation.connect()?;
    let printer = &mut run.printer.clone();
    let (max_cost, transport) = (Some(&max_cost), &mut transport);
    let answer = live::ask(&request, &strategy, max_cost, transport, printer, false)?;
    Ok(Ended::Done(answer.into()))
}

/// Sends a request for each part, and joins or merges the answers.
fn ask_parts(
    conversation: Conversation,
    run: &Run,
    output: &OutputArgs,
    many: &ManyArgs,
    input: &LongInput,
    division: Division,
) -> Result<Ended, Failure> {
    let Conversation {
        mut request,
        strategy,
        settings,
    } = conversation;
    settings.require_key()?;
    let mut printer = run.printer.clone();
    request.request.request_id = None;
    report_start(&request, &mut printer)?;
    let (sender, outcomes) = channel();
    let mut pool = Pool::new(
        strategy.for_parts(),
        request::concurrency(&many.pool, &request.request.model),
        Transport::new(settings.connection),
        printer.clone(),
        sender,
        division.max_cost,
    )?;
    let mut dispatcher = Dispatcher {
        prepared: &request,
        requests: &division.requests,
        transport: pool.transport()?,
        pool,
        outcomes,
        printer,
        keep_bodies: output.format() == Format::Json && division.concat,
        started: 0,
        answered: false,
    };
    let text = format!("* {} parts", division.parts.len());
    dispatcher.printer.note(Level::Verbose, &text);
    let mut jobs = PartJobs {
        requests: &division.requests,
        material: &input.material,
        printer: run.printer.clone(),
        has_choice: !request.fallback.is_empty(),
        prints: division.concat && request.command == "stream",
        bodies: Vec::new(),
        last: Done::default(),
    };
    let done = dispatcher
        .ask(&mut jobs, division.parts)
        .and_then(|answers| {
            if division.concat {
                concat(&answers, jobs, &strategy)
            } else {
                merge(answers, &mut dispatcher, &strategy).map(Done::from)
            }
        });
    done.map(Ended::Done)
        .map_err(|failure| dispatcher.hint_at_cache(failure))
}

/// Prints the answers in order, or as one array.
fn concat(answers: &[String], jobs: PartJobs<'_>, strategy: &Strategy) -> Result<Done, Failure> {
    let mut printer = jobs.printer;
    printer.count(Count::Parts(None));
    for bytes in &jobs.bodies {
        printer.data(Data::Body { bytes, token: true })?;
    }
    match strategy {
        Strategy::Json(expected) => {
            let joined = join_arrays(answers).map_err(|at| {
                let what = format!("the answer to part {} is not an array", at + 1);
                Failure::new(Class::Invalid, what)
                    .hint("--merge concat joins arrays; a PROMPT for --merge merges other JSON")
            })?;
            report_joined(&joined, expected, &mut printer)?;
        }
        _ if jobs.prints => {}
        _ => {
            let answers: Vec<&str> = answers.iter().map(|text| text.trim_matches('\n')).collect();
            let content = answers.join("\n\n");
            printer.event(&Event::Delta { content: &content })?;
            printer.data(Data::Answer(&content))?;
        }
    }
    Ok(jobs.last)
}

/// Merges the answers level by level, until one request can merge the rest.
fn merge(
    mut answers: Vec<String>,
    dispatcher: &mut Dispatcher<'_>,
    strategy: &Strategy,
) -> Result<Answer, Failure> {
    let requests = dispatcher.requests;
    let mut room = requests.merge_room()?;
    loop {
        let mut jobs = MergeJobs {
            requests,
            answers: &answers,
        };
        let mut groups = jobs.groups(room);
        if groups.len() == 1 {
            match dispatcher.ask_live(requests.merge(&answers), strategy) {
                // Estimates may be wrong: merge in two steps.
                Err(failure) if is_too_long(&failure) && answers.len() > 2 => {
                    room /= 2;
                    continue;
                }
                result => return result,
            }
        }
        let single = groups.pop_if(|last| last.len() == 1);
        let mut merged = dispatcher.ask(&mut jobs, groups)?;
        merged.extend(single.map(|last| answers[last.start].clone()));
        answers = merged;
    }
}
