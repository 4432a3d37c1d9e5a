//! Many items, several at the same time: each is requested like a single run, and each
//! result is one line. One thread decides. A channel brings it the items that were read,
//! the items that are done, and signals.

mod scheduler;

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use crate::client::{ConcurrencyLimit, Transport};
use crate::error::Failure;
use crate::event::{Earlier, Sink};
use crate::prompt::{Item, Items};
use crate::request::{ItemRequests, PreparedRequest};

use super::conversation::Strategy;
use super::pool::fitting;
use super::pool::item_outcome::ItemOutcome;
use super::pool::workers::Workers;
use scheduler::{Scheduler, SchedulerInput};

/// A message to the deciding thread.
#[derive(Debug)]
enum WorkerMessage {
    /// The next item, or the input's end.
    Item(Result<Option<Item>, Failure>),
    Outcome(Box<ItemOutcome>),
    /// No item is to be started any more; the run ends after those in flight.
    Interrupt(i32),
}

impl From<Box<ItemOutcome>> for WorkerMessage {
    fn from(outcome: Box<ItemOutcome>) -> Self {
        Self::Outcome(outcome)
    }
}

/// Everything that a run of many items needs.
#[derive(Debug)]
pub(super) struct EachRun {
    /// What all items share.
    pub(super) request: PreparedRequest,
    pub(super) strategy: Strategy,
    /// Makes the request of each item.
    pub(super) item_requests: ItemRequests,
    pub(super) items: Items,
    /// Results of an earlier run, which are kept.
    pub(super) earlier: Earlier,
    /// Results are printed in the order of the input.
    pub(super) ordered: bool,
    pub(super) transport: Transport,
}

/// Ends a run from another thread.
#[derive(Debug)]
pub(super) struct Interrupt {
    messages: Sender<WorkerMessage>,
    gate: Arc<ConcurrencyLimit>,
}

impl Interrupt {
    /// Starts no more items, and ends the run with this signal after those in flight. Returns
    /// whether the run is still in progress.
    pub(super) fn interrupt(&self, signal: i32) -> bool {
        self.gate.close();
        self.messages.send(WorkerMessage::Interrupt(signal)).is_ok()
    }
}

/// Makes the first SIGINT end a run after the items in flight.
pub(super) fn finish_on_interrupt(interrupt: Interrupt) {
    #[cfg(unix)]
    crate::signals::on_interrupt(move |signal| interrupt.interrupt(signal));
    #[cfg(not(unix))]
    let _ = interrupt;
}

/// Requests each item and sends its result to `sink`. `started` receives the means to end
/// the run early.
///
/// # Errors
/// Items failed, or the run ended before its input did.
pub(super) fn run<S: Sink + Clone + Send + 'static>(
    mut each: EachRun,
    mut sink: S,
    started: impl FnOnce(Interrupt),
) -> Result<(), Failure> {
    let runs_tools = matches!(each.strategy, Strategy::Tools(..));
    let (sender, messages) = channel();
    let wanted = each.item_requests.concurrency;
    let concurrency = fitting(wanted, &mut each.transport, &mut sink)?;
    each.item_requests.concurrency = concurrency;
    let gate = Arc::new(ConcurrencyLimit::new(concurrency.into()));
    started(Interrupt {
        messages: sender.clone(),
        gate: Arc::clone(&gate),
    });
    let (size, no_items) = (each.items.size(), each.items.none());
    let reader = read_items(each.items, sender.clone())?;
    let workers = Workers::new(
        each.strategy,
        Arc::clone(&gate),
        each.transport,
        sink.clone(),
        sender,
    );
    let mut scheduler = Scheduler::new(SchedulerInput {
        request: each.request,
        item_requests: each.item_requests,
        workers,
        gate,
        reader,
        earlier: each.earlier,
        ordered: each.ordered,
        size,
        no_items,
    });
    let result = scheduler.run(&messages, &mut sink);
    if result.is_ok() || runs_tools {
        scheduler.end(result)
    } else {
        // The output is closed: do not wait for the items in flight.
        result
    }
}

/// Starts the thread that reads the items, so that waiting for the next item does not delay
/// the end of a run. It answers each message with the next item. It ends when the sender is
/// dropped, or with the process if it is waiting for input.
fn read_items(mut items: Items, messages: Sender<WorkerMessage>) -> Result<Sender<()>, Failure> {
    let (want, wanted) = channel();
    let read = move || {
        while let Ok(()) = wanted.recv() {
            if messages
                .send(WorkerMessage::Item(items.read_next()))
                .is_err()
            {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("items".to_owned())
        .spawn(read)?;
    Ok(want)
}
