//! Threads that each request one item at a time, with the loops that a run of one request
//! uses. `--each` and `--split` share them.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::conversation::Strategy;
use super::item_outcome::{ItemOutcome, Task, ask_item};
use super::max_cost::{ItemCost, MaxCost};
use super::start::Printer;
use crate::client::{ConcurrencyLimit, Transport};
use crate::error::Failure;
use crate::event::{Level, Sink};

/// The threads, which send each outcome as a message of type `M`. More are started when
/// they are needed.
pub(super) struct Pool<M> {
    strategy: Arc<Strategy>,
    transport: Transport,
    printer: Printer,
    messages: Sender<M>,
    pub(super) max_cost: Option<MaxCost>,
    /// The maximum number of requests in flight.
    pub(super) concurrency: u16,
    /// Is closed when no more requests may start.
    pub(super) gate: Arc<ConcurrencyLimit>,
    /// The indexes of the tasks in progress.
    in_flight: BTreeSet<u64>,
    tasks: Sender<(Task, ItemCost)>,
    waiting: Arc<Mutex<Receiver<(Task, ItemCost)>>>,
    threads: Vec<JoinHandle<()>>,
}

impl<M: From<Box<ItemOutcome>> + Send + 'static> Pool<M> {
    /// Starts no thread yet.
    ///
    /// # Errors
    /// The process has no free file descriptors for a request.
    pub(super) fn new(
        strategy: Strategy,
        concurrency: u16,
        mut transport: Transport,
        mut printer: Printer,
        messages: Sender<M>,
        max_cost: Option<MaxCost>,
    ) -> Result<Self, Failure> {
        let concurrency = fitting(concurrency, &mut transport, &mut printer)?;
        let (tasks, waiting) = channel();
        Ok(Self {
            strategy: Arc::new(strategy),
            transport,
            printer,
            messages,
            max_cost,
            concurrency,
            gate: Arc::new(ConcurrencyLimit::new(concurrency.into())),
            in_flight: BTreeSet::new(),
            tasks,
            waiting: Arc::new(Mutex::new(waiting)),
            threads: Vec::new(),
        })
    }

    /// Whether tasks start programs, which must not outlive the run.
    pub(super) fn runs_tools(&self) -> bool {
        matches!(*self.strategy, Strategy::Tools(..))
    }

    /// The number of tasks in progress.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether one more task may be in progress.
    pub(super) fn has_room(&self) -> bool {
        self.in_flight.len() < usize::from(self.concurrency)
    }

    /// The lowest index of the tasks in progress.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.in_flight.first().copied()
    }

    /// Gives a task to a thread. Returns the task if `--max-cost` has no room for its highest
    /// possible cost; it may have room later, when tasks in flight have cost less than reserved.
    pub(super) fn start(&mut self, task: Task) -> Result<Option<Task>, Failure> {
        let model = &task.request.request.model;
        let Ok(cost) = ItemCost::reserve(self.max_cost.as_ref(), model, task.bounds) else {
            return Ok(Some(task));
        };
        let is_short = self.in_flight.len() >= self.threads.len();
        self.in_flight.insert(task.index);
        if is_short {
            match self.start_thread() {
                Ok(thread) => self.threads.push(thread),
                // The task waits for an existing thread.
                Err(_) if !self.threads.is_empty() => {}
                Err(failure) => return Err(failure),
            }
        }
        let gone = |_| std::io::Error::other("a thread has ended");
        self.tasks.send((task, cost)).map_err(gone)?;
        Ok(None)
    }

    fn start_thread(&mut self) -> Result<JoinHandle<()>, Failure> {
        let mut transport = self.transport()?;
        let (strategy, printer) = (Arc::clone(&self.strategy), self.printer.clone());
        let (waiting, messages) = (Arc::clone(&self.waiting), self.messages.clone());
        let next = move || {
            let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.recv().ok()
        };
        let work = move || {
            while let Some((task, cost)) = next() {
                let outcome = ask_item(task, cost, &strategy, &mut transport, printer.clone());
                if messages.send(M::from(Box::new(outcome))).is_err() {
                    return;
                }
            }
        };
        let named = std::thread::Builder::new().name("item".to_owned());
        Ok(named.spawn(work)?)
    }

    /// A transport whose requests count as in flight.
    pub(super) fn transport(&mut self) -> Result<Transport, Failure> {
        self.transport.share(&self.gate)
    }

    /// The task with this index has ended.
    pub(super) fn ended(&mut self, index: u64) {
        self.in_flight.remove(&index);
    }

    /// Waits until the tasks in progress have ended and released their resources.
    pub(super) fn join(self) {
        drop(self.tasks);
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

/// The number of simultaneous requests for which the process has file descriptors.
fn fitting(wanted: u16, transport: &mut Transport, sink: &mut dyn Sink) -> Result<u16, Failure> {
    let fitting = transport.fit(wanted.into())?;
    let fitting = u16::try_from(fitting).unwrap_or(wanted);
    if fitting < wanted {
        let text = format!(
            "{fitting} requests are in flight at once, not {wanted}: more open files are not \
             allowed (ulimit -n)"
        );
        sink.note(Level::Warning, &text);
    }
    Ok(fitting)
}
