//! Asks for several answers at the same time. What the server finds too long is cut in two
//! and asked for again.

use super::dispatcher::Dispatcher;
use crate::api::error_codes;
use crate::api::usage::Usage;
use crate::error::Failure;
use crate::event::{Count, Level, Parts, Sink};
use crate::exit::Class;
use crate::request::PreparedRequest;
use crate::run::pool::item_outcome::{Content, ItemOutcome};

/// What is asked for: the parts of a text, or the merging of some answers.
pub(super) trait Jobs {
    type Job;

    /// The request of a job, with its position and the number of jobs; the next request has
    /// this number.
    fn request(&self, job: &Self::Job, at: usize, count: usize, number: u64) -> PreparedRequest;

    /// A job in two halves; `None` if it cannot be divided.
    fn halves(&self, job: &Self::Job) -> Option<[Self::Job; 2]>;

    /// What messages about the job begin with.
    fn label(&self, at: usize, count: usize) -> String;

    /// Receives the answers in the order of the jobs, each as soon as those before it are
    /// there.
    fn answered(
        &mut self,
        job: &Self::Job,
        at: usize,
        count: usize,
        answer: &mut Answered,
    ) -> Result<(), Failure>;
}

/// An answer.
pub(super) struct Answered {
    /// The text, or JSON.
    pub(super) text: String,
    pub(super) finish_reason: Option<String>,
    pub(super) model: Option<String>,
    pub(super) usage: Option<Usage>,
    /// The server's body, where it is printed.
    pub(super) body: Vec<u8>,
}

impl Answered {
    fn new(outcome: ItemOutcome) -> Self {
        Self {
            text: match outcome.result {
                Ok(Content::Text(text) | Content::Calls(_, text)) => text,
                Ok(Content::Value(value)) => value.get().to_owned(),
                Err(_) => String::new(),
            },
            finish_reason: outcome.finish_reason,
            model: outcome.model,
            usage: outcome.tally.usage,
            body: outcome.body,
        }
    }
}

/// A job and how far it is.
struct Slot<J> {
    job: J,
    state: State,
}

enum State {
    Waiting,
    InFlight(u64),
    Done(Box<Answered>),
    /// The answer was passed on.
    Delivered,
}

impl<J> Slot<J> {
    fn new(job: J) -> Self {
        let state = State::Waiting;
        Self { job, state }
    }

    fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting)
    }

    fn is_answered(&self) -> bool {
        matches!(self.state, State::Done(_) | State::Delivered)
    }

    fn has(&self, number: u64) -> bool {
        matches!(self.state, State::InFlight(known) if known == number)
    }
}

/// Asks for all jobs and returns their answers in order.
///
/// # Errors
/// A job failed. Those in flight are left alone: the run ends.
pub(super) fn ask<S: Sink + Clone + Send + 'static, J: Jobs>(
    jobs: &mut J,
    list: Vec<J::Job>,
    dispatcher: &mut Dispatcher<S>,
    sink: &mut S,
) -> Result<Vec<String>, Failure> {
    let mut slots: Vec<Slot<J::Job>> = list.into_iter().map(Slot::new).collect();
    let mut answers = Vec::new();
    while answers.len() < slots.len() {
        start_waiting(jobs, &mut slots, answers.len(), dispatcher)?;
        sink.count(Count::Parts(Some(Parts {
            done: slots.iter().filter(|slot| slot.is_answered()).count(),
            count: slots.len(),
            in_flight: dispatcher.in_flight(),
        })));
        let outcome = dispatcher.next()?;
        let Some(at) = slots.iter().position(|slot| slot.has(outcome.index)) else {
            continue;
        };
        match &outcome.result {
            Ok(_) => slots[at].state = State::Done(Box::new(Answered::new(outcome))),
            Err(failure) => {
                let label = jobs.label(at, slots.len());
                let halves = is_too_long(failure).then(|| jobs.halves(&slots[at].job));
                let Some(halves) = halves.flatten() else {
                    return Err(report_failure(&label, outcome, sink));
                };
                let text = format_args!("* {label} is cut in two and sent again: {failure}");
                sink.note(Level::Verbose, &text);
                slots.splice(at..=at, halves.map(Slot::new));
            }
        }
        deliver(jobs, &mut slots, &mut answers)?;
    }
    Ok(answers)
}

/// Starts what waits, as far as there is room and money.
fn start_waiting<S: Sink + Clone + Send + 'static, J: Jobs>(
    jobs: &J,
    slots: &mut [Slot<J::Job>],
    delivered: usize,
    dispatcher: &mut Dispatcher<S>,
) -> Result<(), Failure> {
    let count = slots.len();
    for (at, slot) in slots.iter_mut().enumerate().skip(delivered) {
        if !dispatcher.has_room() {
            break;
        }
        if slot.is_waiting() {
            let request = jobs.request(&slot.job, at, count, dispatcher.next_number());
            match dispatcher.start(request, jobs.label(at, count))? {
                Some(number) => slot.state = State::InFlight(number),
                None => break,
            }
        }
    }
    Ok(())
}

/// Passes on the answers whose predecessors have all been passed on.
fn deliver<J: Jobs>(
    jobs: &mut J,
    slots: &mut [Slot<J::Job>],
    answers: &mut Vec<String>,
) -> Result<(), Failure> {
    let count = slots.len();
    for slot in &mut slots[answers.len()..] {
        match std::mem::replace(&mut slot.state, State::Delivered) {
            State::Done(mut answered) => {
                jobs.answered(&slot.job, answers.len(), count, &mut answered)?;
                answers.push(answered.text);
            }
            state => {
                slot.state = state;
                break;
            }
        }
    }
    Ok(())
}

/// Whether a server says that a request is too long for the model.
pub(super) fn is_too_long(failure: &Failure) -> bool {
    let Some(server) = &failure.server else {
        return false;
    };
    let [code, message] = [&server.code, &server.message].map(|text| text.as_deref());
    let refused = failure.class == Class::Rejected
        && error_codes::is_too_long(code.unwrap_or_default(), message.unwrap_or_default());
    refused || server.finish_reason.as_deref() == Some("model_context_window_exceeded")
}

/// The failure of a job. A rejected answer is shown.
fn report_failure(label: &str, outcome: ItemOutcome, sink: &mut dyn Sink) -> Failure {
    let Err(mut failure) = outcome.result else {
        return Failure::new(Class::Internal, "no failure");
    };
    if failure.class == Class::Invalid && !outcome.partial.is_empty() {
        sink.note(Level::Withheld, &outcome.partial);
    }
    failure.message = format!("{label}: {}", failure.message);
    failure
}
