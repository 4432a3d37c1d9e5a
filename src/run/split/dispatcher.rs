//! Sends the requests of `--split`, as many at the same time as the options and `--max-cost` allow.
//! If the server finds a request too long, its text is cut in two, and each half is sent.

use std::sync::mpsc::Receiver;

use super::jobs::Jobs;
use super::live;
use crate::answer::Answer;
use crate::api::error_codes;
use crate::api::request::Request;
use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Count, Level, Parts, Sink};
use crate::exit::Class;
use crate::request::{PreparedRequest, SplitRequests};
use crate::run::conversation::Strategy;
use crate::run::item_outcome::{ItemOutcome, Task};
use crate::run::pool::Pool;
use crate::run::start::Printer;

/// Sends requests for parts and for merging.
pub(super) struct Dispatcher<'a> {
    /// The request that all requests are made from.
    pub(super) prepared: &'a PreparedRequest,
    pub(super) requests: &'a SplitRequests,
    pub(super) pool: Pool<Box<ItemOutcome>>,
    pub(super) outcomes: Receiver<Box<ItemOutcome>>,
    /// For the request that is sent without the threads of the pool.
    pub(super) transport: Transport,
    pub(super) printer: Printer,
    /// Whether outcomes contain the server's bodies.
    pub(super) keep_bodies: bool,
    /// The number of requests started so far.
    pub(super) started: u64,
    /// Whether a request was answered. With a cache, the next run can reuse the answer.
    pub(super) answered: bool,
}

/// A job and its state.
struct Slot<J> {
    job: J,
    state: State,
}

enum State {
    Waiting,
    /// The number of its request.
    InFlight(u64),
    Done(Box<ItemOutcome>),
    /// The answer was passed on.
    Delivered,
}

impl<J> Slot<J> {
    fn new(job: J) -> Self {
        let state = State::Waiting;
        Self { job, state }
    }

    fn is_answered(&self) -> bool {
        matches!(self.state, State::Done(_) | State::Delivered)
    }

    fn has(&self, number: u64) -> bool {
        matches!(self.state, State::InFlight(known) if known == number)
    }
}

impl Dispatcher<'_> {
    /// Asks for all jobs and returns their answers in order.
    ///
    /// # Errors
    /// A job failed. The jobs in flight are not waited for, because the run ends.
    pub(super) fn ask<J: Jobs>(
        &mut self,
        jobs: &mut J,
        list: Vec<J::Job>,
    ) -> Result<Vec<String>, Failure> {
        let mut slots: Vec<Slot<J::Job>> = list.into_iter().map(Slot::new).collect();
        let mut answers = Vec::new();
        while answers.len() < slots.len() {
            self.start_waiting(jobs, &mut slots, answers.len())?;
            self.printer.count(Count::Parts(Some(Parts {
                done: slots.iter().filter(|slot| slot.is_answered()).count(),
                count: slots.len(),
                in_flight: self.pool.in_flight(),
            })));
            let outcome = self.next()?;
            let Some(at) = slots.iter().position(|slot| slot.has(outcome.index)) else {
                continue;
            };
            match &outcome.result {
                Ok(_) => slots[at].state = State::Done(Box::new(outcome)),
                Err(failure) => {
                    let label = jobs.label(at, slots.len());
                    let halves = is_too_long(failure).then(|| jobs.halves(&slots[at].job));
                    let Some(halves) = halves.flatten() else {
                        return Err(report_failure(&label, outcome, &mut self.printer));
                    };
                    let text = format_args!("* {label} is cut in two and sent again: {failure}");
                    self.printer.note(Level::Verbose, &text);
                    slots.splice(at..=at, halves.map(Slot::new));
                }
            }
            deliver(jobs, &mut slots, &mut answers)?;
        }
        Ok(answers)
    }

    /// Starts waiting jobs, as far as the number of requests in flight and `--max-cost` allow it.
    fn start_waiting<J: Jobs>(
        &mut self,
        jobs: &J,
        slots: &mut [Slot<J::Job>],
        delivered: usize,
    ) -> Result<(), Failure> {
        let count = slots.len();
        for (at, slot) in slots.iter_mut().enumerate().skip(delivered) {
            if !self.pool.has_room() {
                break;
            }
            if matches!(slot.state, State::Waiting) {
                let number = self.started;
                let request = jobs.request(&slot.job, at, count);
                if !self.start(request, jobs.label(at, count))? {
                    break;
                }
                slot.state = State::InFlight(number);
            }
        }
        Ok(())
    }

    /// Starts a request. Returns false if `--max-cost` has no room for it now; requests in flight
    /// may cost less than reserved.
    ///
    /// # Errors
    /// `--max-cost` is used up, or a thread cannot be started.
    fn start(&mut self, request: Request, label: String) -> Result<bool, Failure> {
        let request = self.prepare(request);
        let max_cost = self.pool.max_cost.as_ref();
        let bounds = max_cost.map(|it| it.bounds(&request, &request.request.body()));
        let refused = self.pool.start(Task {
            index: self.started,
            label,
            hash: None,
            item: None,
            request,
            bounds: bounds.unwrap_or_default(),
            keep_body: self.keep_bodies,
        })?;
        match (refused, &self.pool.max_cost) {
            (Some(_), Some(max_cost)) if self.pool.in_flight() == 0 => Err(max_cost.used_up()),
            (Some(_), _) => Ok(false),
            (None, _) => {
                self.started += 1;
                Ok(true)
            }
        }
    }

    /// Adds an id and the settings that all requests share.
    fn prepare(&self, mut request: Request) -> PreparedRequest {
        request.request_id = self.requests.id(self.started);
        self.prepared.with(request)
    }

    /// Waits for the next outcome.
    ///
    /// # Errors
    /// The threads have ended.
    fn next(&mut self) -> Result<ItemOutcome, Failure> {
        let gone = |_| std::io::Error::other("a thread has ended");
        let outcome = *self.outcomes.recv().map_err(gone)?;
        self.answered |= outcome.result.is_ok();
        self.pool.ended(outcome.index);
        Ok(outcome)
    }

    /// Sends the request whose answer is printed.
    pub(super) fn ask_live(
        &mut self,
        request: Request,
        strategy: &Strategy,
    ) -> Result<Answer, Failure> {
        self.printer.count(Count::Parts(None));
        let request = self.prepare(request);
        let (max_cost, transport) = (self.pool.max_cost.as_ref(), &mut self.transport);
        live::ask(
            &request,
            strategy,
            max_cost,
            transport,
            &mut self.printer,
            true,
        )
    }

    /// Adds a hint that `--cache` keeps the answers, if there are any.
    pub(super) fn hint_at_cache(&self, failure: Failure) -> Failure {
        let keeps = if !self.answered || self.transport.replays() || failure.signal.is_some() {
            return failure;
        } else if self.transport.caches() {
            "--cache keeps the answers so far: the next run pays only for the rest"
        } else {
            "--cache DIR keeps the answers to parts, so that the next run pays only for the rest"
        };
        let hint = failure.hint.as_ref();
        let hint = hint.map_or(keeps.to_owned(), |hint| format!("{hint}; {keeps}"));
        failure.hint(hint)
    }
}

/// Passes on the answers in order, up to the first job without one.
fn deliver<J: Jobs>(
    jobs: &mut J,
    slots: &mut [Slot<J::Job>],
    answers: &mut Vec<String>,
) -> Result<(), Failure> {
    let count = slots.len();
    for slot in &mut slots[answers.len()..] {
        match std::mem::replace(&mut slot.state, State::Delivered) {
            State::Done(outcome) => {
                answers.push(jobs.answered(&slot.job, answers.len(), count, *outcome)?);
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
