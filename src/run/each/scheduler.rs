//! Controls a run of many items.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use super::WorkerMessage;
use crate::client::ConcurrencyLimit;
use crate::digest::sha256;
use crate::error::Failure;
use crate::event::{Count, Earlier, Event, Items, Level, ResumeState, Sink, VERSION};
use crate::exit::Class;
use crate::prompt::{Item, Place};
use crate::request::{CostBounds, ItemRequests, PreparedRequest};
use crate::run::pool::item_outcome::ItemOutcome;
use crate::run::pool::max_cost::MaxCost;
use crate::run::pool::workers::{Task, Workers};

/// How many items may be started ahead of the oldest unfinished one, for each item that
/// may be in flight.
const AHEAD: u64 = 8;

/// The message after the first SIGINT.
const LATER: &str =
    "SIGINT: waiting for the requests in flight; a second SIGINT ends the run at once";

/// The parts of a [`Scheduler`].
pub(super) struct SchedulerInput<S> {
    pub(super) request: PreparedRequest,
    pub(super) item_requests: ItemRequests,
    pub(super) workers: Workers<S, WorkerMessage>,
    pub(super) gate: Arc<ConcurrencyLimit>,
    /// Requests the next item from the reader.
    pub(super) reader: Sender<()>,
    pub(super) earlier: Earlier,
    pub(super) ordered: bool,
    /// Size of the input in bytes, if known.
    pub(super) size: Option<u64>,
    /// The warning if the input has no item.
    pub(super) no_items: Option<String>,
}

/// Decides which items are started, which results are printed, and when the run is over.
pub(super) struct Scheduler<S> {
    request: PreparedRequest,
    item_requests: ItemRequests,
    workers: Workers<S, WorkerMessage>,
    gate: Arc<ConcurrencyLimit>,
    reader: Sender<()>,
    earlier: Earlier,
    /// How many items may be started ahead of the oldest unfinished one.
    ahead: Option<u64>,
    budget: Option<MaxCost>,
    /// The items in flight, each with its bound.
    in_flight: BTreeMap<u64, u128>,
    /// The number of items read.
    read: u64,
    /// An item that has been read and waits for the budget.
    pending: Option<Task>,
    /// The next item has been requested from the reader.
    wanted: bool,
    /// The input has ended.
    exhausted: bool,
    /// Why no more items are started.
    over: Option<Failure>,
    items: Items,
    size: Option<u64>,
    no_items: Option<String>,
}

impl<S: Sink + Clone + Send + 'static> Scheduler<S> {
    pub(super) fn new(input: SchedulerInput<S>) -> Self {
        let SchedulerInput {
            request,
            item_requests,
            workers,
            gate,
            reader,
            earlier,
            ordered,
            size,
            no_items,
        } = input;
        let ahead = ordered.then(|| u64::from(item_requests.concurrency) * AHEAD);
        Self {
            request,
            workers,
            gate,
            reader,
            earlier,
            ahead,
            budget: item_requests
                .budget
                .as_ref()
                .map(|allowed| MaxCost::new(allowed.units)),
            item_requests,
            in_flight: BTreeMap::new(),
            read: 0,
            pending: None,
            wanted: false,
            exhausted: false,
            over: None,
            items: Items::default(),
            size,
            no_items,
        }
    }

    /// Runs until no item is in flight and none is to be started.
    ///
    /// # Errors
    /// The output failed.
    pub(super) fn run(
        &mut self,
        messages: &Receiver<WorkerMessage>,
        sink: &mut S,
    ) -> Result<(), Failure> {
        sink.event(&Event::Start {
            v: VERSION,
            command: self.request.command,
            model: Some(&self.request.request.model),
            request_id: None,
        })?;
        sink.flush()?;
        loop {
            self.ask_for_more();
            let done = self.exhausted || self.over.is_some();
            if done && self.in_flight.is_empty() && self.pending.is_none() {
                break;
            }
            let Ok(message) = messages.recv() else { break };
            match message {
                WorkerMessage::Item(item) => self.take(item, sink)?,
                WorkerMessage::Outcome(outcome) => self.end_of(&outcome, sink)?,
                WorkerMessage::Interrupt(signal) => {
                    if !self.in_flight.is_empty() {
                        sink.note(Level::Notice, &LATER);
                    }
                    self.stop(ended_by(signal));
                }
            }
            self.begin_pending()?;
            sink.count(Count::Items(self.items));
        }
        Ok(())
    }

    /// Returns the result of the run, after all items in flight have ended.
    pub(super) fn end(self, result: Result<(), Failure>) -> Result<(), Failure> {
        self.workers.end();
        result?;
        let Items {
            done, failed, kept, ..
        } = self.items;
        if failed == 0 {
            return self.over.map_or(Ok(()), Err);
        }
        let over = self.over.unwrap_or_else(|| {
            let all = done + failed + kept;
            let what = format!("{failed} of {all} items failed");
            Failure::new(Class::Partial, what)
                .hint("the `error` of each says why; with -o FILE, --resume repeats only these")
        });
        Err(over)
    }

    /// Requests the next item from the reader if there is room for it.
    fn ask_for_more(&mut self) {
        let room = self.in_flight.len() < usize::from(self.item_requests.concurrency);
        let idle = !self.wanted && !self.exhausted && self.pending.is_none();
        if idle && room && self.over.is_none() && self.is_near() {
            self.wanted = self.reader.send(()).is_ok();
            self.exhausted = !self.wanted;
        }
    }

    /// Whether the next item is close enough to the oldest unfinished one: with ordered
    /// output, later results wait for that one.
    fn is_near(&self) -> bool {
        let oldest = self.in_flight.first_key_value();
        let oldest = oldest.map_or(self.read, |(index, _)| *index);
        self.ahead.is_none_or(|ahead| self.read - oldest < ahead)
    }

    /// Handles an item that was read.
    fn take(&mut self, item: Result<Option<Item>, Failure>, sink: &mut S) -> Result<(), Failure> {
        self.wanted = false;
        match item {
            Ok(Some(item)) if self.over.is_none() => self.take_item(item, sink),
            Ok(Some(_)) => Ok(()),
            Ok(None) => {
                self.exhausted = true;
                if let (Some(last), None) = (self.earlier.last(), &self.over) {
                    self.stop(shorter(last, self.read));
                } else if let (0, Some(warning)) = (self.read, &self.no_items) {
                    sink.note(Level::Warning, warning);
                }
                Ok(())
            }
            Err(failure) => {
                self.stop(failure);
                Ok(())
            }
        }
    }

    /// Makes the item's request, unless an earlier run has its answer.
    fn take_item(&mut self, mut item: Item, sink: &mut S) -> Result<(), Failure> {
        let index = self.read;
        self.read += 1;
        self.items.read = self.size.map(|size| (item.read, size));
        let shown = item.shown.take().filter(|_| self.item_requests.shows_items);
        let mut request = match self.item_requests.request(&self.request.request, &item) {
            Ok(request) => request,
            Err(failure) if self.earlier.take(index, "") == ResumeState::NotDone => {
                let mut outcome = ItemOutcome::unsent(index, failure);
                outcome.item = shown;
                return self.hand_on(&outcome, sink);
            }
            // The file holds the answer to an earlier version of this item.
            Err(_) => {
                self.stop(changed(index, item.place));
                return Ok(());
            }
        };
        let body = request.body();
        let hash = sha256(&body);
        match self.earlier.take(index, &hash) {
            ResumeState::NotDone => {}
            ResumeState::Done => {
                self.items.kept += 1;
                return Ok(());
            }
            ResumeState::Changed => {
                self.stop(changed(index, item.place));
                return Ok(());
            }
        }
        request.request_id = self.item_requests.id(index);
        let request = self.request.with(request);
        let bounds = self.item_requests.budget.as_ref();
        let bounds = bounds.map_or_else(CostBounds::default, |allowed| {
            allowed.bounds(&request, &body)
        });
        self.pending = Some(Task {
            index,
            label: format!("item {index}"),
            hash,
            item: shown,
            request,
            bounds,
            budget: self.budget.clone(),
            keep_body: false,
        });
        Ok(())
    }

    /// Starts the item that has been read if the budget covers its highest possible cost.
    /// Otherwise the item waits until those in flight have ended and cost less than reserved.
    fn begin_pending(&mut self) -> Result<(), Failure> {
        if self.over.is_some() {
            self.pending = None;
        }
        let Some(task) = self.pending.take() else {
            return Ok(());
        };
        let bound = match &self.budget {
            Some(budget) => budget.bound(task.bounds.all),
            None => 0,
        };
        if let (Some(budget), Some(allowed)) = (&self.budget, &self.item_requests.budget)
            && !budget.begin(bound)
        {
            if self.in_flight.is_empty() {
                let failure = allowed.used_up(budget.spent(), bound);
                self.stop(failure);
            } else {
                self.pending = Some(task);
            }
            return Ok(());
        }
        let under_way = self.in_flight.len();
        self.in_flight.insert(task.index, bound);
        self.items.in_flight += 1;
        self.workers.begin(task, under_way)
    }

    /// Handles the end of an item.
    fn end_of(&mut self, outcome: &ItemOutcome, sink: &mut S) -> Result<(), Failure> {
        self.items.in_flight -= 1;
        let bound = self.in_flight.remove(&outcome.index);
        if let (Some(budget), Some(bound)) = (&self.budget, bound) {
            budget.end(bound.saturating_add(outcome.more), outcome.spent);
        }
        if outcome.is_nothing() {
            return Ok(());
        }
        if let Some(failure) = outcome.ends_run() {
            self.stop(failure.clone());
        }
        self.hand_on(outcome, sink)
    }

    fn hand_on(&mut self, outcome: &ItemOutcome, sink: &mut S) -> Result<(), Failure> {
        match outcome.result {
            Ok(_) => self.items.done += 1,
            Err(_) => self.items.failed += 1,
        }
        show(outcome, sink)
    }

    /// Starts no more items. The first reason is kept, but a signal replaces it.
    fn stop(&mut self, why: Failure) {
        self.gate.close();
        if self.over.is_none() || why.signal.is_some() {
            self.over = Some(why);
        }
    }
}

/// Writes one result line and flushes it.
fn show(outcome: &ItemOutcome, sink: &mut dyn Sink) -> Result<(), Failure> {
    sink.event(&Event::Result(&outcome.to_item_result()))?;
    sink.flush()
}

fn ended_by(signal: i32) -> Failure {
    let mut failure = Failure::new(Class::Signal, "ended by SIGINT");
    failure.signal = Some(signal);
    failure
}

fn changed(index: u64, place: Place) -> Failure {
    let what = format!(
        "--resume: item {index} ({place}) is not the one that the file has a result of: its request has changed"
    );
    Failure::usage(what).hint("give the same items and options, or name another file with -o")
}

fn shorter(last: u64, read: u64) -> Failure {
    let what = format!(
        "--resume: the file has a result of item {last}, and there are {read} items: the input has become shorter"
    );
    Failure::usage(what).hint("give the same items, or name another file with -o")
}
