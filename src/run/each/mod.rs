//! Many items: each → a run of its own, several at the same time; their results →
//! one line each. One thread decides, by one channel, on which it hears of items
//! that were read, of items that are done, and of signals.

mod budget;
mod collect;
pub(super) mod outcome;
mod read;
mod run;
mod spent;
mod worker;

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use crate::client::Transport;
use crate::client::in_flight::InFlight;
use crate::error::Failure;
use crate::event::{Earlier, Level, Sink};
use crate::exit::Class;
use crate::prompt::{Item, Items};
use crate::request::{Many, Plan};
use crate::tools::Approval;

use outcome::Outcome;
use run::Run;
use worker::{Way, Workers};

/// What the deciding thread hears.
#[derive(Debug)]
enum Heard {
    /// The next item, or the input's end.
    Item(Result<Option<Item>, Failure>),
    Outcome(Box<Outcome>),
    /// The run is to end when what is in flight has.
    Interrupt(i32),
}

/// What a run of many items is given beside its plan.
#[derive(Debug)]
pub struct Setting {
    /// The items.
    pub items: Items,
    /// Who allows the calls of tools.
    pub approval: Approval,
    /// What is done already.
    pub earlier: Earlier,
    /// Results are handed over in the order of the input.
    pub ordered: bool,
    /// The way to the server.
    pub transport: Transport,
}

/// Ends a run from another thread.
#[derive(Debug)]
pub struct Interrupt {
    heard: Sender<Heard>,
    gate: Arc<InFlight>,
}

impl Interrupt {
    /// Lets nothing new begin; what is in flight ends, then the run does, by this
    /// signal. Whether there is such a run still.
    pub fn interrupt(&self, signal: i32) -> bool {
        self.gate.close();
        self.heard.send(Heard::Interrupt(signal)).is_ok()
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

/// Asks for each item and hands its result to `sink`. `begun` gets the means to
/// end it early.
///
/// # Errors
/// Items failed, or something ended the run before its input did.
pub fn each<S: Sink + Clone + Send + 'static>(
    plan: Plan,
    mut many: Many,
    mut setting: Setting,
    mut sink: S,
    begun: impl FnOnce(Interrupt),
) -> Result<(), Failure> {
    let Some((way, job)) = Way::of(plan, setting.approval) else {
        return Err(Failure::new(
            Class::Internal,
            "there is no request to repeat",
        ));
    };
    let waits = matches!(way, Way::Rounds(..));
    let (heard, news) = channel();
    many.concurrency = fitting(many.concurrency, &mut setting.transport, &mut sink)?;
    let gate = Arc::new(InFlight::new(many.concurrency.into()));
    begun(Interrupt {
        heard: heard.clone(),
        gate: Arc::clone(&gate),
    });
    let size = setting.items.size();
    let want = read::start(setting.items, heard.clone())?;
    let workers = Workers::new(
        way,
        Arc::clone(&gate),
        setting.transport,
        sink.clone(),
        heard,
    );
    let mut run = Run::new(
        job,
        many,
        workers,
        gate,
        want,
        setting.earlier,
        setting.ordered,
        size,
    );
    let result = run.go(&news, &mut sink);
    if result.is_ok() || waits {
        run.end(result)
    } else {
        // The output is gone: nobody waits for what is still in flight.
        result
    }
}
