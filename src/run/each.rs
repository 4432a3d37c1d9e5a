//! `--each`: many items, several at the same time. Each is requested like a single run, and each
//! result is one line. One thread starts the items and prints the results. It receives the items
//! read, the outcomes and signals through one channel.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::conversation::Conversation;
use super::item_outcome::{ItemOutcome, Task};
use super::max_cost::MaxCost;
use super::pool::Pool;
use super::start::{Done, Ended, Printer, Run};
use crate::api::request::Request;
use crate::cli::{DryRun, ManyArgs};
use crate::client::Transport;
use crate::digest::sha256;
use crate::error::Failure;
use crate::event::{Count, Earlier, Event, Items as Progress, Level, ResumeState, Sink, VERSION};
use crate::exit::Class;
use crate::prompt::{Item, Items, Place, Template};
use crate::request::{self, ItemRequests, PreparedRequest};

/// The number of items that may be started ahead of the oldest unfinished one, for each item that
/// may be in flight.
const AHEAD: u64 = 8;

/// The message after the first SIGINT.
const LATER: &str =
    "SIGINT: waiting for the requests in flight; a second SIGINT ends the run at once";

/// A message to the thread that runs the [`Scheduler`].
#[derive(Debug)]
enum Message {
    /// The next item, or the input's end.
    Item(Result<Option<Item>, Failure>),
    Outcome(Box<ItemOutcome>),
    /// SIGINT: start no more items, and end the run after those in flight.
    Interrupt(i32),
}

impl From<Box<ItemOutcome>> for Message {
    fn from(outcome: Box<ItemOutcome>) -> Self {
        Self::Outcome(outcome)
    }
}

/// Requests each item and prints its result, or shows the first request under `--dry-run`.
///
/// # Errors
/// Items failed, or the run ended before its input did.
pub(super) fn run(
    conversation: Conversation,
    run: &Run,
    dry_run: Option<DryRun>,
    args: &ManyArgs,
    template: Template,
    mut items: Items,
) -> Result<Ended, Failure> {
    let (mut request, strategy) = (conversation.request, conversation.strategy);
    let (settings, requests) = (conversation.settings, strategy.requests());
    let provider = settings.connection.endpoint.provider;
    let (each, pool) = (&args.each, &args.pool);
    let item_requests = ItemRequests::new(each, pool, template, &mut request, provider, requests)?;
    if let Some(how) = dry_run {
        let Some(first) = items.read_next()? else {
            items.none().iter().for_each(|warning| run.warn(warning));
            return Ok(Ended::Print(Vec::new()));
        };
        let first = item_requests.first(&request.request, &first)?;
        return Ok(Ended::Print(request::shown(
            &first,
            &settings.connection,
            how,
        )));
    }
    settings.require_key()?;
    let mut transport = Transport::new(settings.connection);
    transport.prepare()?;
    let earlier = run.printer.lock().resume();
    // The results in a file are sorted at the end of the run.
    let ordered = !each.unordered && earlier.is_none();
    let (sender, messages) = channel();
    let pool = Pool::new(
        strategy,
        item_requests.concurrency,
        transport,
        run.printer.clone(),
        sender.clone(),
        item_requests.budget.clone().map(MaxCost::new),
    )?;
    finish_on_interrupt(&pool, sender.clone());
    let scheduler = Scheduler {
        request,
        ahead: ordered.then(|| u64::from(pool.concurrency) * AHEAD),
        item_requests,
        pool,
        size: items.size(),
        no_items: items.none(),
        reader: Some(read_items(items, sender)?),
        earlier: earlier.unwrap_or_default(),
        read: 0,
        pending: None,
        wanted: false,
        over: None,
        progress: Progress::default(),
    };
    let result = scheduler.run(&messages, &mut run.printer.clone());
    run.printer.lock().settle();
    result.map(|()| Ended::Done(Done::default()))
}

/// Makes the first SIGINT end a run after the items in flight.
fn finish_on_interrupt(pool: &Pool<Message>, messages: Sender<Message>) {
    #[cfg(unix)]
    {
        let gate = std::sync::Arc::clone(&pool.gate);
        crate::signals::on_interrupt(move |signal| {
            gate.close();
            // Returns whether the run is still in progress.
            messages.send(Message::Interrupt(signal)).is_ok()
        });
    }
    #[cfg(not(unix))]
    let _ = (pool, messages);
}

/// Starts the thread that reads the items, so that waiting for the next item does not delay
/// the end of a run. It answers each message with the next item. It ends when the sender is
/// dropped, or with the process if it is waiting for input.
fn read_items(mut items: Items, messages: Sender<Message>) -> Result<Sender<()>, Failure> {
    let (want, wanted) = channel();
    let read = move || {
        while let Ok(()) = wanted.recv() {
            if messages.send(Message::Item(items.read_next())).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("items".to_owned())
        .spawn(read)?;
    Ok(want)
}

/// Decides which items are started, which results are printed, and when the run is over.
struct Scheduler {
    /// The request that all items share.
    request: PreparedRequest,
    /// Makes the request of each item.
    item_requests: ItemRequests,
    pool: Pool<Message>,
    /// Requests the next item from the reader; `None` when the input has ended.
    reader: Option<Sender<()>>,
    /// The results of an earlier run. They are kept.
    earlier: Earlier,
    /// The number of items that may be started ahead of the oldest unfinished one, if results are
    /// printed in input order.
    ahead: Option<u64>,
    /// The number of items read.
    read: u64,
    /// An item that has been read and waits for the budget.
    pending: Option<Task>,
    /// Whether the next item has been requested from the reader.
    wanted: bool,
    /// Why no more items are started.
    over: Option<Failure>,
    progress: Progress,
    /// Size of the input in bytes, if known.
    size: Option<u64>,
    /// The warning if the input has no item.
    no_items: Option<String>,
}

impl Scheduler {
    /// Runs until no item is in flight and none is to be started.
    ///
    /// # Errors
    /// Items failed, the run ended before its input did, or the output failed.
    fn run(mut self, messages: &Receiver<Message>, sink: &mut Printer) -> Result<(), Failure> {
        let printed = self.print_results(messages, sink);
        // If the output is closed, wait only for tools that are running.
        if printed.is_ok() || self.pool.runs_tools() {
            self.pool.join();
        }
        printed?;
        let Progress {
            done, failed, kept, ..
        } = self.progress;
        if failed == 0 {
            return self.over.map_or(Ok(()), Err);
        }
        Err(self.over.unwrap_or_else(|| {
            let all = done + failed + kept;
            let what = format!("{failed} of {all} items failed");
            Failure::new(Class::Partial, what)
                .hint("the `error` of each says why; with -o FILE, --resume repeats only these")
        }))
    }

    /// Handles messages until the last item is done.
    ///
    /// # Errors
    /// The output failed.
    fn print_results(
        &mut self,
        messages: &Receiver<Message>,
        sink: &mut Printer,
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
            let done = self.reader.is_none() || self.over.is_some();
            if done && self.pool.in_flight() == 0 && self.pending.is_none() {
                return Ok(());
            }
            let Ok(message) = messages.recv() else {
                return Ok(());
            };
            match message {
                Message::Item(item) => self.accept(item, sink)?,
                Message::Outcome(outcome) => self.end_of(&outcome, sink)?,
                Message::Interrupt(signal) => {
                    if self.pool.in_flight() > 0 {
                        sink.note(Level::Notice, &LATER);
                    }
                    self.stop(ended_by(signal));
                }
            }
            self.start_pending()?;
            sink.count(Count::Items(self.progress));
        }
    }

    /// Requests the next item from the reader if there is room for it.
    fn ask_for_more(&mut self) {
        let idle = !self.wanted && self.pending.is_none() && self.over.is_none();
        if let Some(reader) = &self.reader
            && idle
            && self.pool.has_room()
            && self.is_near()
        {
            self.wanted = reader.send(()).is_ok();
            if !self.wanted {
                self.reader = None;
            }
        }
    }

    /// Whether the next item is close enough to the oldest unfinished one: with ordered
    /// output, later results wait for that one.
    fn is_near(&self) -> bool {
        let oldest = self.pool.oldest().unwrap_or(self.read);
        self.ahead.is_none_or(|ahead| self.read - oldest < ahead)
    }

    /// Handles an item that was read.
    fn accept(
        &mut self,
        item: Result<Option<Item>, Failure>,
        sink: &mut Printer,
    ) -> Result<(), Failure> {
        self.wanted = false;
        match item {
            Ok(Some(item)) if self.over.is_none() => return self.prepare(item, sink),
            Ok(Some(_)) => {}
            Ok(None) => {
                self.reader = None;
                if let (Some(last), None) = (self.earlier.last(), &self.over) {
                    self.stop(shorter(last, self.read));
                } else if let (0, Some(warning)) = (self.read, &self.no_items) {
                    sink.note(Level::Warning, warning);
                }
            }
            Err(failure) => self.stop(failure),
        }
        Ok(())
    }

    /// Makes the item's request, unless an earlier run has its answer.
    fn prepare(&mut self, mut item: Item, sink: &mut Printer) -> Result<(), Failure> {
        let index = self.read;
        self.read += 1;
        self.progress.read = self.size.map(|size| (item.read, size));
        let shown = item.shown.take().filter(|_| self.item_requests.shows_items);
        let request = self.item_requests.request(&self.request.request, &item);
        let body = request.as_ref().map(Request::body).unwrap_or_default();
        let hash = request.is_ok().then(|| sha256(&body));
        let state = self
            .earlier
            .take(index, hash.as_deref().unwrap_or_default());
        let mut request = match (state, request) {
            (ResumeState::NotDone, Ok(request)) => request,
            (ResumeState::NotDone, Err(failure)) => {
                let mut outcome = ItemOutcome::new(index, Err(failure));
                outcome.item = shown;
                return self.print(&outcome, sink);
            }
            (ResumeState::Done, Ok(_)) => {
                self.progress.kept += 1;
                return Ok(());
            }
            // The file contains the answer to an earlier version of this item.
            (ResumeState::Changed, _) | (_, Err(_)) => {
                self.stop(changed(index, item.place));
                return Ok(());
            }
        };
        request.request_id = self.item_requests.id(index);
        let request = self.request.with(request);
        let max_cost = self.pool.max_cost.as_ref();
        let bounds = max_cost.map(|max_cost| max_cost.bounds(&request, &body));
        self.pending = Some(Task {
            index,
            label: format!("item {index}"),
            hash,
            item: shown,
            request,
            bounds: bounds.unwrap_or_default(),
            keep_body: false,
        });
        Ok(())
    }

    /// Starts the item that has been read if the budget covers its highest possible cost. Otherwise
    /// the item waits: items in flight may end and cost less than reserved.
    fn start_pending(&mut self) -> Result<(), Failure> {
        let Some(task) = self.pending.take().filter(|_| self.over.is_none()) else {
            return Ok(());
        };
        let refused = self.pool.start(task)?;
        self.progress.in_flight = self.pool.in_flight() as u64;
        match (refused, &self.pool.max_cost) {
            (Some(task), Some(max_cost)) if self.pool.in_flight() == 0 => {
                let failure = max_cost.used_up_by_item(task.bounds);
                self.stop(failure);
            }
            (task, _) => self.pending = task,
        }
        Ok(())
    }

    /// Handles the end of an item.
    fn end_of(&mut self, outcome: &ItemOutcome, sink: &mut Printer) -> Result<(), Failure> {
        self.pool.ended(outcome.index);
        self.progress.in_flight = self.pool.in_flight() as u64;
        if outcome.is_nothing() {
            return Ok(());
        }
        if let Some(failure) = outcome.ends_run() {
            self.stop(failure.clone());
        }
        self.print(outcome, sink)
    }

    /// Writes one result line and flushes it.
    fn print(&mut self, outcome: &ItemOutcome, sink: &mut Printer) -> Result<(), Failure> {
        match outcome.result {
            Ok(_) => self.progress.done += 1,
            Err(_) => self.progress.failed += 1,
        }
        sink.event(&Event::Result(&outcome.to_item_result()))?;
        sink.flush()
    }

    /// Starts no more items. The first reason is kept, but a signal replaces it.
    fn stop(&mut self, why: Failure) {
        self.pool.gate.close();
        if self.over.is_none() || why.signal.is_some() {
            self.over = Some(why);
        }
    }
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
