//! Threads that each request one item at a time, with the loops that a run of one request
//! uses.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde_json::value::RawValue;

use super::item_cost::ItemCost;
use super::item_outcome::{Content, ItemOutcome};
use super::item_sink::ItemSink;
use super::max_cost::MaxCost;
use crate::answer::Answer;
use crate::client::{ConcurrencyLimit, Transport};
use crate::error::Failure;
use crate::event::Sink;
use crate::exit::Class;
use crate::request::{CostBounds, Expect, PreparedRequest};
use crate::run::conversation::Strategy;
use crate::run::report;

/// An item to request.
pub(in crate::run) struct Task {
    pub(in crate::run) index: u64,
    /// What messages about it begin with.
    pub(in crate::run) label: String,
    pub(in crate::run) hash: String,
    /// The item, if its result shows it.
    pub(in crate::run) item: Option<Box<RawValue>>,
    pub(in crate::run) request: PreparedRequest,
    /// The highest cost of its requests.
    pub(in crate::run) bounds: CostBounds,
    /// The budget that pays for them.
    pub(in crate::run) budget: Option<MaxCost>,
    /// The outcome holds the server's body.
    pub(in crate::run) keep_body: bool,
}

/// The threads, which send each outcome as a message of type `M`. More are started when
/// they are needed.
pub(in crate::run) struct Workers<S, M> {
    strategy: Arc<Strategy>,
    gate: Arc<ConcurrencyLimit>,
    transport: Transport,
    sink: S,
    tasks: Sender<Task>,
    waiting: Arc<Mutex<Receiver<Task>>>,
    messages: Sender<M>,
    threads: Vec<JoinHandle<()>>,
}

impl<S, M> Workers<S, M>
where
    S: Sink + Clone + Send + 'static,
    M: From<Box<ItemOutcome>> + Send + 'static,
{
    pub(in crate::run) fn new(
        strategy: Strategy,
        gate: Arc<ConcurrencyLimit>,
        transport: Transport,
        sink: S,
        messages: Sender<M>,
    ) -> Self {
        let (tasks, waiting) = channel();
        Self {
            strategy: Arc::new(strategy),
            gate,
            transport,
            sink,
            tasks,
            waiting: Arc::new(Mutex::new(waiting)),
            messages,
            threads: Vec::new(),
        }
    }

    /// Gives a task to a thread; `under_way` is the number of tasks in progress.
    pub(in crate::run) fn begin(&mut self, task: Task, under_way: usize) -> Result<(), Failure> {
        if under_way >= self.threads.len() {
            match self.start() {
                Ok(thread) => self.threads.push(thread),
                // The task waits for an existing thread.
                Err(_) if !self.threads.is_empty() => {}
                Err(failure) => return Err(failure),
            }
        }
        let gone = |_| std::io::Error::other("a thread has ended");
        Ok(self.tasks.send(task).map_err(gone)?)
    }

    fn start(&mut self) -> Result<JoinHandle<()>, Failure> {
        let mut transport = self.transport.share(&self.gate)?;
        let (strategy, sink) = (Arc::clone(&self.strategy), self.sink.clone());
        let (waiting, messages) = (Arc::clone(&self.waiting), self.messages.clone());
        let next = move || {
            let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.recv().ok()
        };
        let work = move || {
            while let Some(task) = next() {
                let outcome = outcome(task, &strategy, &mut transport, sink.clone());
                if messages.send(M::from(Box::new(outcome))).is_err() {
                    return;
                }
            }
        };
        let named = std::thread::Builder::new().name("item".to_owned());
        Ok(named.spawn(work)?)
    }

    /// Waits until the tasks in progress have ended and released what they hold.
    pub(in crate::run) fn end(self) {
        drop(self.tasks);
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

/// Requests one item.
fn outcome(
    task: Task,
    strategy: &Strategy,
    transport: &mut Transport,
    sink: impl Sink,
) -> ItemOutcome {
    let spent = ItemCost::new(task.request.request.model.clone(), task.bounds, task.budget);
    let mut collect = ItemSink::new(task.label, spent, task.keep_body, sink);
    let has_choice = !task.request.fallback.is_empty();
    let result = strategy.ask(&task.request, None, transport, &mut collect);
    collect.tally.stop();
    let finish_reason = match &result {
        Ok(answer) => answer.finish_reason.clone(),
        Err(failure) => {
            let server = failure.server.as_ref();
            let finish_reason = server.and_then(|server| server.finish_reason.clone());
            collect.spent.failed(failure.class, finish_reason.is_some());
            finish_reason
        }
    };
    let empty = is_empty(&result);
    let value = collect.value.take();
    let model = result.as_ref().ok().and_then(|answer| answer.model.clone());
    ItemOutcome {
        index: task.index,
        hash: Some(task.hash),
        item: task.item,
        result: result.map(|answer| content(strategy, answer, value)),
        partial: collect.text,
        errors: collect.errors,
        search: collect.search,
        finish_reason,
        tally: collect.tally,
        custom_id: None,
        answered_by: model.clone().filter(|_| has_choice),
        model,
        body: collect.body.unwrap_or_default(),
        more: collect.spent.more,
        spent: collect.spent.end(empty),
    }
}

/// The printed part of an answer.
fn content(strategy: &Strategy, answer: Answer, value: Option<Box<RawValue>>) -> Content {
    match (strategy, value) {
        (_, Some(value)) => Content::Value(value),
        (Strategy::Once(Expect::Calls { .. }), None) if !answer.calls.is_empty() => {
            let calls = answer.calls.iter().map(|call| report::call_json(call, &[]));
            Content::Calls(calls.collect(), answer.text)
        }
        _ => Content::Text(answer.text),
    }
}

/// Whether an answer can have cost only its prompt.
pub(in crate::run) fn is_empty(result: &Result<Answer, Failure>) -> bool {
    match result {
        Ok(Answer {
            text,
            reasoning,
            calls,
            ..
        }) => text.is_empty() && reasoning.is_empty() && calls.is_empty(),
        Err(failure) => failure.class == Class::Blocked,
    }
}
