//! The request whose answer is that of the run: it is printed as it would be without
//! `--split`, and its cost counts against `--max-cost`.

use std::fmt::Display;

use super::part_costs::PartCosts;
use crate::answer::Answer;
use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Count, Data, Event, Level, Sink};
use crate::request::PreparedRequest;
use crate::run::conversation::Strategy;
use crate::run::pool::item_cost::ItemCost;
use crate::run::pool::item_sink::no_money;
use crate::run::pool::workers::is_empty;

/// Sends the request and passes the answer to `sink`. `started` says that the run has
/// reported its start.
///
/// # Errors
/// The answer is not complete, or `--max-cost` has no room for it.
pub(super) fn ask(
    request: &PreparedRequest,
    strategy: &Strategy,
    costs: Option<&PartCosts>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
    started: bool,
) -> Result<Answer, Failure> {
    let reserved = match costs {
        Some(costs) => costs.reserve(request).ok_or_else(|| costs.used_up())?,
        None => Default::default(),
    };
    let (bounds, reserved) = reserved;
    let budget = costs.map(|costs| costs.budget.clone());
    let model = request.request.model.clone();
    let mut live = LiveSink {
        sink,
        started,
        spent: ItemCost::new(model, bounds, budget),
    };
    let result = strategy.ask(request, None, transport, &mut live);
    let mut spent = live.spent;
    if let Err(failure) = &result {
        let server = failure.server.as_ref();
        let answered = server.is_some_and(|server| server.finish_reason.is_some());
        spent.failed(failure.class, answered);
    }
    if let Some(costs) = costs {
        let reserved = reserved.saturating_add(spent.more);
        costs.budget.end(reserved, spent.end(is_empty(&result)));
    }
    result
}

/// Passes everything on, and counts what the requests cost.
struct LiveSink<'a> {
    sink: &'a mut dyn Sink,
    started: bool,
    spent: ItemCost,
}

impl Sink for LiveSink<'_> {
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        match event {
            Event::Start { .. } if self.started => return Ok(()),
            Event::Retry {
                class,
                http_status,
                code,
                message,
                ..
            } if !self.spent.retry(*class) => {
                return Err(no_money(*class, *http_status, *code, message));
            }
            Event::Round { .. } => self.spent.round(),
            _ => {}
        }
        self.sink.event(event)
    }

    fn data(&mut self, data: Data<'_>) -> Result<(), Failure> {
        self.sink.data(data)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.sink.flush()
    }

    fn printed(&self) -> bool {
        self.sink.printed()
    }

    fn count(&mut self, what: Count<'_>) {
        self.spent.count(&what);
        self.sink.count(what);
    }

    fn hide_key(&mut self, key: &str) {
        self.sink.hide_key(key);
    }

    fn note(&mut self, level: Level, text: &dyn Display) {
        self.sink.note(level, text);
    }
}
