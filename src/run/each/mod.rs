//! ItemRequests items: each → a run of its own, several at the same time; their results →
//! one line each. One thread decides, by one channel, on which it hears of items
//! that were read, of items that are done, and of signals.

mod budget;
mod item_cost;
pub(super) mod item_outcome;
mod item_sink;
mod read;
mod scheduler;
mod workers;

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use crate::client::Transport;
use crate::client::in_flight::InFlight;
use crate::error::Failure;
use crate::event::{Earlier, Level, Sink};
use crate::prompt::{Item, Items};
use crate::request::{ItemRequests, PreparedRequest};

use super::conversation::Strategy;
use item_outcome::ItemOutcome;
use scheduler::{Scheduler, SchedulerInput};
use workers::Workers;

/// A message to the deciding thread.
#[derive(Debug)]
enum WorkerMessage {
    /// The next item, or the input's end.
    Item(Result<Option<Item>, Failure>),
    Outcome(Box<ItemOutcome>),
    /// The run is to end when what is in flight has.
    Interrupt(i32),
}

/// All that a run of many items needs.
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
    /// Results are handed over in the order of the input.
    pub(super) ordered: bool,
    pub(super) transport: Transport,
}

/// Ends a run from another thread.
#[derive(Debug)]
pub(super) struct Interrupt {
    heard: Sender<WorkerMessage>,
    gate: Arc<InFlight>,
}

impl Interrupt {
    /// Starts nothing more and ends the run by this signal once what is in flight has
    /// ended. Returns whether the run is still there.
    pub(super) fn interrupt(&self, signal: i32) -> bool {
        self.gate.close();
        self.heard.send(WorkerMessage::Interrupt(signal)).is_ok()
    }
}

/// As many requests at once as the process has descriptors for.
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

/// Lets the first SIGINT end a run once what is in flight has ended.
pub(super) fn finish_on_interrupt(interrupt: Interrupt) {
    #[cfg(unix)]
    crate::signals::on_interrupt(move |signal| interrupt.interrupt(signal));
    #[cfg(not(unix))]
    let _ = interrupt;
}

/// Asks for each item and hands its result to `sink`. `started` gets the means to end
/// the run early.
///
/// # Errors
/// Items failed, or something ended the run before its input did.
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
    let gate = Arc::new(InFlight::new(concurrency.into()));
    started(Interrupt {
        heard: sender.clone(),
        gate: Arc::clone(&gate),
    });
    let size = each.items.size();
    let reader = read::start(each.items, sender.clone())?;
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
    });
    let result = scheduler.run(&messages, &mut sink);
    if result.is_ok() || runs_tools {
        scheduler.end(result)
    } else {
        // The output is gone: nobody waits for what is still in flight.
        result
    }
}
