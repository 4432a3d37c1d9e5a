//! Sends the request that returns the answer of the run. Prints the answer as without `--split`,
//! and counts its cost against `--max-cost`.

use std::fmt::Display;

use crate::answer::Answer;
use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Count, Data, Event, Level, Sink};
use crate::request::PreparedRequest;
use crate::run::conversation::Strategy;
use crate::run::max_cost::{ItemCost, MaxCost};
use crate::run::start::Printer;

/// Sends the request and prints the answer. `started` says whether the run has reported its start.
///
/// # Errors
/// The answer is not complete, or `--max-cost` has no room for it.
pub(super) fn ask(
    request: &PreparedRequest,
    strategy: &Strategy,
    max_cost: Option<&MaxCost>,
    transport: &mut Transport,
    printer: &mut Printer,
    started: bool,
) -> Result<Answer, Failure> {
    let bounds = max_cost.map(|it| it.bounds(request, &request.request.body()));
    let model = &request.request.model;
    let cost = ItemCost::reserve(max_cost, model, bounds.unwrap_or_default());
    let mut live = LiveSink {
        cost: cost.map_err(MaxCost::used_up)?,
        printer,
        started,
    };
    let result = strategy.ask(request, None, transport, &mut live);
    live.cost.end(&result);
    result
}

/// Passes everything on, and counts what the requests cost.
struct LiveSink<'a> {
    printer: &'a mut Printer,
    started: bool,
    cost: ItemCost,
}

impl Sink for LiveSink<'_> {
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        if self.started && matches!(event, Event::Start { .. }) {
            return Ok(());
        }
        self.cost.event(event)?;
        self.printer.event(event)
    }

    fn data(&mut self, data: Data<'_>) -> Result<(), Failure> {
        self.printer.data(data)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.printer.flush()
    }

    fn printed(&self) -> bool {
        self.printer.printed()
    }

    fn count(&mut self, what: Count<'_>) {
        self.cost.count(&what);
        self.printer.count(what);
    }

    fn hide_key(&mut self, key: &str) {
        self.printer.hide_key(key);
    }

    fn note(&mut self, level: Level, text: &dyn Display) {
        self.printer.note(level, text);
    }
}
