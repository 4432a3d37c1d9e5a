//! Keeps requests in flight, as many as the options and `--max-cost` allow.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use super::part_costs::PartCosts;
use crate::client::{ConcurrencyLimit, Transport};
use crate::error::Failure;
use crate::event::Sink;
use crate::request::PreparedRequest;
use crate::run::conversation::Strategy;
use crate::run::pool::fitting;
use crate::run::pool::item_outcome::ItemOutcome;
use crate::run::pool::workers::{Task, Workers};

/// The requests in flight.
pub(super) struct Dispatcher<S> {
    workers: Workers<S, Box<ItemOutcome>>,
    outcomes: Receiver<Box<ItemOutcome>>,
    pub(super) costs: Option<PartCosts>,
    /// For a request that does not go through the threads.
    pub(super) transport: Transport,
    /// The most requests at once.
    concurrency: usize,
    /// The requests in flight, by number, each with what is reserved for it.
    in_flight: BTreeMap<u64, u128>,
    /// Requests started so far.
    started: u64,
    /// Some request was answered, so the next run may take its answer from a cache.
    answered: bool,
    /// Outcomes hold the server's bodies.
    keep_bodies: bool,
}

impl<S: Sink + Clone + Send + 'static> Dispatcher<S> {
    /// Starts nothing yet. Requests are answered by `strategy`.
    ///
    /// # Errors
    /// The process has no descriptors for a request.
    pub(super) fn new(
        strategy: Strategy,
        concurrency: u16,
        mut transport: Transport,
        mut sink: S,
        costs: Option<PartCosts>,
        keep_bodies: bool,
    ) -> Result<Self, Failure> {
        let concurrency = fitting(concurrency, &mut transport, &mut sink)?;
        let gate = Arc::new(ConcurrencyLimit::new(concurrency.into()));
        let (sender, outcomes) = channel();
        let own = transport.share(&gate)?;
        Ok(Self {
            workers: Workers::new(strategy, gate, transport, sink, sender),
            outcomes,
            costs,
            transport: own,
            concurrency: concurrency.into(),
            in_flight: BTreeMap::new(),
            started: 0,
            answered: false,
            keep_bodies,
        })
    }

    /// The number of the next request.
    pub(super) fn next_number(&self) -> u64 {
        self.started
    }

    /// The number of requests in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether one more request may be in flight.
    pub(super) fn has_room(&self) -> bool {
        self.in_flight.len() < self.concurrency
    }

    /// Starts a request and returns its number. Returns `None` if the money for it is reserved
    /// by others in flight, which may turn out to cost less.
    ///
    /// # Errors
    /// `--max-cost` is used up, or a thread cannot be started.
    pub(super) fn start(
        &mut self,
        request: PreparedRequest,
        label: String,
    ) -> Result<Option<u64>, Failure> {
        let bounds = match &self.costs {
            None => None,
            Some(costs) => match costs.reserve(&request) {
                Some(bounds) => Some(bounds),
                None if self.in_flight.is_empty() => return Err(costs.used_up()),
                None => return Ok(None),
            },
        };
        let (bounds, reserved) = bounds.unwrap_or_default();
        let number = self.started;
        let under_way = self.in_flight.len();
        self.started += 1;
        self.in_flight.insert(number, reserved);
        let task = Task {
            index: number,
            label,
            hash: String::new(),
            item: None,
            request,
            bounds,
            budget: self.costs.as_ref().map(|costs| costs.budget.clone()),
            keep_body: self.keep_bodies,
        };
        self.workers.begin(task, under_way)?;
        Ok(Some(number))
    }

    /// Waits for the next outcome.
    ///
    /// # Errors
    /// The threads have ended.
    pub(super) fn next(&mut self) -> Result<ItemOutcome, Failure> {
        let gone = |_| std::io::Error::other("a thread has ended");
        let outcome = *self.outcomes.recv().map_err(gone)?;
        self.answered |= outcome.result.is_ok();
        let reserved = self.in_flight.remove(&outcome.index).unwrap_or_default();
        if let Some(costs) = &self.costs {
            let reserved = reserved.saturating_add(outcome.more);
            costs.budget.end(reserved, outcome.spent);
        }
        Ok(outcome)
    }

    /// Says that answers are not lost with `--cache`, if there are any.
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
