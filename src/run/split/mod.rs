//! `--split`: input that does not fit the model's context is cut into parts. Each part is
//! asked for on its own, and the answers become one.

mod dispatcher;
mod jobs;
mod live;
mod merging;
mod part_costs;
mod parts;
mod plan;

use super::conversation::{Conversation, Strategy};
use super::json::report_joined;
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
use crate::request::{self, CostLimit, PreparedRequest, SplitRequests};
use crate::schema::join_arrays;
use crate::suggest::nearest;
use dispatcher::Dispatcher;
use jobs::is_too_long;
use merging::MergeJobs;
use part_costs::PartCosts;
use parts::PartJobs;
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

/// How the answers become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Merge<'a> {
    /// In order, or as one array.
    Concat,
    /// By requests with this prompt, or with airx's own.
    Ask(Option<&'a str>),
}

impl<'a> Merge<'a> {
    /// Reads `--merge`.
    fn new(option: Option<&'a str>, strategy: &Strategy) -> Result<Self, Failure> {
        let array = match strategy {
            Strategy::Json(expected) => expected.is_array(),
            _ => None,
        };
        match (option, array) {
            (Some("concat"), Some(false)) => Err(Failure::usage(
                "--merge concat joins arrays, and the schema does not allow an array",
            )
            .hint("leave it out: a request merges the answers")),
            (Some("concat"), _) | (None, Some(true)) => Ok(Self::Concat),
            (prompt, _) => Ok(Self::Ask(prompt)),
        }
    }

    fn prompt(self) -> Option<&'a str> {
        match self {
            Self::Concat => None,
            Self::Ask(prompt) => prompt,
        }
    }

    /// A prompt of one word that was probably meant to be `concat`.
    fn slip(self) -> Option<&'a str> {
        let word = self.prompt()?.trim();
        let begins = word.to_lowercase().starts_with("concat");
        let is_word = !word.contains(char::is_whitespace);
        (is_word && (begins || nearest(word, ["concat"]).is_some())).then_some(word)
    }
}

/// How the input is divided, and what the requests may cost.
struct Division<'a> {
    merge: Merge<'a>,
    costs: Option<PartCosts>,
    requests: SplitRequests,
    /// None or one if everything fits the context.
    parts: Vec<Part>,
}

impl<'a> Division<'a> {
    fn new(
        conversation: &Conversation,
        run: &Run,
        many: &'a ManyArgs,
        input: &LongInput,
    ) -> Result<Self, Failure> {
        let Conversation {
            request, strategy, ..
        } = conversation;
        let merge = Merge::new(many.split.merge.as_deref(), strategy)?;
        if let Some(word) = merge.slip() {
            run.warn(&format!(
                "--merge {word} is a prompt for one more request; did you mean --merge concat?"
            ));
        }
        let provider = conversation.settings.connection.endpoint.provider;
        let limit = many.pool.max_cost.as_deref();
        let limit =
            limit.map(|amount| CostLimit::new(amount, request, provider, strategy.requests()));
        let costs = limit.transpose()?.map(PartCosts::new);
        let common = request.request.clone();
        let requests = SplitRequests::new(common, provider, input, merge.prompt())?;
        let parts = if requests.fits(input) {
            Vec::new()
        } else {
            input.material.parts(requests.room()?)
        };
        Ok(Self {
            merge,
            costs,
            requests,
            parts,
        })
    }

    /// What the parts and the merging may cost.
    fn plan(&self, input: &LongInput) -> Result<Plan, Failure> {
        let merges = self.merge != Merge::Concat;
        Plan::of_parts(&self.requests, &input.material, &self.parts, merges)
    }

    /// Warns if all requests may cost more than `--max-cost`.
    fn compare_cost(&self, plan: &Plan, run: &Run) {
        if let (Some(costs), Some(cost)) = (&self.costs, plan.cost())
            && let Some(warning) = costs.warning(cost)
        {
            run.warn(&warning);
        }
    }
}

/// Asks with all of the input if it fits the model's context, else for each of its parts.
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
        return ask_complete(conversation, run, output.dry_run, division.costs);
    }
    if output.dry_run == Some(DryRun::Curl) {
        let count = division.parts.len();
        let what = format!("--dry-run=curl shows one request, and --split makes {count} parts");
        return Err(Failure::usage(what).hint("--dry-run lists the parts"));
    }
    if shows_plan || division.costs.is_some() {
        let plan = division.plan(input)?;
        division.compare_cost(&plan, run);
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

/// Asks for each part, and merges the answers.
fn ask_parts(
    mut conversation: Conversation,
    run: &Run,
    output: &OutputArgs,
    many: &ManyArgs,
    input: &LongInput,
    division: Division<'_>,
) -> Result<Ended, Failure> {
    conversation.settings.require_key()?;
    let Conversation {
        mut request,
        strategy,
        settings,
        ..
    } = conversation;
    let mut sink = run.printer.clone();
    request.request.request_id = None;
    report_start(&request, &mut sink)?;
    let merge = division.merge;
    let dispatcher = Dispatcher::new(
        strategy.for_parts(),
        request::concurrency(&many.pool, &request.request.model),
        Transport::new(settings.connection),
        sink.clone(),
        division.costs,
        output.format() == Format::Json && merge == Merge::Concat,
    )?;
    let mut splitting = Splitting {
        request: &request,
        strategy: &strategy,
        requests: &division.requests,
        dispatcher,
        sink,
    };
    let result = splitting.run(merge, input, division.parts);
    result
        .map(Ended::Done)
        .map_err(|failure| splitting.dispatcher.hint_at_cache(failure))
}

/// Sends one request with everything.
fn ask_complete(
    mut conversation: Conversation,
    run: &Run,
    dry_run: Option<DryRun>,
    costs: Option<PartCosts>,
) -> Result<Ended, Failure> {
    let Some(costs) = costs.filter(|_| dry_run.is_none()) else {
        return conversation.once(run, dry_run);
    };
    conversation.settings.require_key()?;
    if conversation.settings.connection.endpoint.provider.is_some() {
        conversation.request.add_id();
    }
    let mut transport = Transport::new(conversation.settings.connection);
    let answer = live::ask(
        &conversation.request,
        &conversation.strategy,
        Some(&costs),
        &mut transport,
        &mut run.printer.clone(),
        false,
    )?;
    Ok(Ended::Done(done(answer)))
}

fn done(answer: Answer) -> Done {
    Done {
        finish_reason: answer.finish_reason,
        model: answer.model,
        id: answer.id,
        request_id: answer.request_id,
    }
}

/// A run with parts.
struct Splitting<'a, S> {
    /// What all requests share, and how the final one is sent.
    request: &'a PreparedRequest,
    strategy: &'a Strategy,
    requests: &'a SplitRequests,
    dispatcher: Dispatcher<S>,
    sink: S,
}

impl<S: Sink + Clone + Send + 'static> Splitting<'_, S> {
    fn run(
        &mut self,
        merge: Merge<'_>,
        input: &LongInput,
        parts: Vec<Part>,
    ) -> Result<Done, Failure> {
        let text = format!("* {} parts", parts.len());
        self.sink.note(Level::Verbose, &text);
        let is_stream = self.request.command == "stream";
        let mut jobs = PartJobs {
            requests: self.requests,
            prepared: self.request,
            material: &input.material,
            sink: self.sink.clone(),
            prints: merge == Merge::Concat && is_stream,
            bodies: Vec::new(),
            last: Done::default(),
        };
        let answers = jobs::ask(&mut jobs, parts, &mut self.dispatcher, &mut self.sink)?;
        let PartJobs {
            prints,
            bodies,
            last,
            ..
        } = jobs;
        if merge != Merge::Concat {
            return self.merge(answers).map(done);
        }
        self.sink.count(Count::Parts(None));
        for bytes in &bodies {
            self.sink.data(Data::Body { bytes, token: true })?;
        }
        match self.strategy {
            Strategy::Json(expected) => {
                let joined = join_arrays(&answers).map_err(|at| {
                    let what = format!("the answer to part {} is not an array", at + 1);
                    Failure::new(Class::Invalid, what)
                        .hint("--merge concat joins arrays; a PROMPT for --merge merges other JSON")
                })?;
                report_joined(&joined, expected, &mut self.sink)?;
            }
            _ if prints => {}
            _ => {
                let answers: Vec<&str> =
                    answers.iter().map(|text| text.trim_matches('\n')).collect();
                let content = answers.join("\n\n");
                self.sink.event(&Event::Delta { content: &content })?;
                self.sink.data(Data::Answer(&content))?;
            }
        }
        Ok(last)
    }

    /// Merges the answers, level by level until one request can take those that are left.
    fn merge(&mut self, mut answers: Vec<String>) -> Result<Answer, Failure> {
        let mut room = self.requests.merge_room()?;
        loop {
            let mut jobs = MergeJobs {
                requests: self.requests,
                prepared: self.request,
                answers: &answers,
            };
            let mut groups = jobs.groups(room);
            if groups.len() == 1 {
                match self.merge_all(&answers) {
                    // Estimates may be wrong: merge in two steps.
                    Err(failure) if is_too_long(&failure) && answers.len() > 2 => {
                        room /= 2;
                        continue;
                    }
                    result => return result,
                }
            }
            let single = groups.pop_if(|last| last.len() == 1);
            let mut merged = jobs::ask(&mut jobs, groups, &mut self.dispatcher, &mut self.sink)?;
            merged.extend(single.map(|last| answers[last.start].clone()));
            answers = merged;
        }
    }

    /// Sends the request whose answer is printed.
    fn merge_all(&mut self, answers: &[String]) -> Result<Answer, Failure> {
        self.sink.count(Count::Parts(None));
        let mut request = self.requests.merge(answers);
        request.request_id = self.requests.id(self.dispatcher.next_number());
        let request = self.request.with(request);
        live::ask(
            &request,
            self.strategy,
            self.dispatcher.costs.as_ref(),
            &mut self.dispatcher.transport,
            &mut self.sink,
            true,
        )
    }
}
