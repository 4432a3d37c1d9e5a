//! Ended batches → a result for each of their items, in input order. Each answer is judged
//! like an answer of the chat endpoint.

use super::custom_id;
use super::engine::{Engine, distinct};
use super::lines::{Lines, Place};
use super::status::refused;
use crate::answer::Accept;
use crate::api::batch::{Batch, OutputLine, State};
use crate::client;
use crate::error::Failure;
use crate::event::{Count, Data, Event, Items, Level, Sink, Tally};
use crate::exit::Class;
use crate::models::PriceList;
use crate::run::item_outcome::{Content, ItemOutcome};

/// Prints the outcome of each item of these batches. At a provider, `list` is its price list:
/// an answer in a batch costs half of that.
///
/// # Errors
/// A batch has not ended, its files cannot be downloaded, or items failed.
pub(super) fn fetch(
    ids: &[String],
    accept: Accept<'_>,
    list: Option<PriceList>,
    engine: &mut Engine,
) -> Result<(), Failure> {
    let mut batches: Vec<Batch> = Vec::new();
    for id in distinct(ids) {
        let batch = engine.batch(id)?;
        ended(&batch)?;
        batches.push(batch);
    }
    let mut lines = Lines::default();
    for (number, batch) in (0..).zip(&batches) {
        lines.add(number, batch, engine)?;
    }
    lines.settle();
    let mut items = Items::default();
    let places = std::mem::take(&mut lines.places);
    let mut doubles = 0;
    for same_item in
        places.chunk_by(|one, other| (one.index, one.batch) == (other.index, other.batch))
    {
        doubles += same_item.len() - 1;
        let batch = &batches[same_item[0].batch as usize];
        let (outcome, line) = best(same_item, batch, &mut lines, accept, list)?;
        match outcome.result {
            Ok(_) => items.done += 1,
            Err(_) => items.failed += 1,
        }
        report_item(&outcome, line.as_deref(), list, &mut engine.printer)?;
        engine.printer.count(Count::Items(items));
    }
    items.failed += lines.lost;
    engine.printer.count(Count::Items(items));
    if doubles > 0 {
        let what = format!(
            "{doubles} more lines are about items that have one already: the first success counts, or the first line"
        );
        engine.printer.note(Level::Warning, &what);
    }
    verdict(&batches, &items, &lines, &mut engine.printer)
}

/// The outcome of one item from all of its lines: the first success, or else the first
/// line. Returns that line too.
fn best(
    same_item: &[Place],
    batch: &Batch,
    lines: &mut Lines,
    accept: Accept<'_>,
    list: Option<PriceList>,
) -> Result<(ItemOutcome, Option<Vec<u8>>), Failure> {
    let mut first = None;
    for place in same_item {
        let line = lines.read(place)?;
        let outcome = match &line {
            Some(line) => answered(place, line, accept, list),
            None => unanswered(place, batch),
        };
        if outcome.result.is_ok() {
            return Ok((outcome, line));
        }
        first.get_or_insert((outcome, line));
    }
    first.ok_or_else(|| Failure::new(Class::Internal, "an item has no place"))
}

fn verdict(
    batches: &[Batch],
    items: &Items,
    lines: &Lines,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let lost = lines.lost;
    if lost > 0 {
        let what = format!("{lost} items have no line in the batch's files and are left out");
        sink.note(Level::Warning, &what);
    }
    if let Some(batch) = batches.iter().find(|batch| batch.state == State::Failed) {
        return Err(refused(batch));
    }
    let Items { done, failed, .. } = *items;
    let unknown = lines.unknown.first().map(|at| {
        let Batch { id, status, .. } = &batches[*at as usize];
        format!(
            "batch {id} is {status} and does not say how many items it has: some may be missing"
        )
    });
    let failures = format!("{failed} of {} items failed", done + failed);
    let what = match (failed, unknown) {
        (0, None) => return Ok(()),
        (0, Some(unknown)) => {
            let hint =
                "airx batch status --format json shows everything that the server says about it";
            return Err(Failure::new(Class::Partial, unknown).hint(hint));
        }
        (_, None) => failures,
        (_, Some(unknown)) => format!("{failures}; {unknown}"),
    };
    Err(Failure::new(Class::Partial, what).hint("the `error` of each printed item says why"))
}

/// Refuses a batch that has not ended.
fn ended(batch: &Batch) -> Result<(), Failure> {
    if batch.has_ended() {
        return Ok(());
    }
    let Batch { id, status, .. } = batch;
    let done = match (batch.completed, batch.total) {
        (Some(done), Some(total)) => format!(", {done} of {total} items done"),
        _ => String::new(),
    };
    Err(Failure::new(
        Class::Busy,
        format!("batch {id} has not ended: {status}{done}"),
    )
    .hint(format!("airx batch wait {id} waits for its end")))
}

fn report_item(
    outcome: &ItemOutcome,
    line: Option<&[u8]>,
    list: Option<PriceList>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    if let Some(usage) = outcome.tally.usage {
        let priced = outcome.model.as_deref().zip(list);
        sink.count(Count::Batched(usage, priced));
    }
    if let Some(line) = line {
        sink.data(Data::Body {
            bytes: line,
            token: true,
        })?;
    }
    sink.event(&Event::Result(&outcome.to_item_result()))?;
    sink.flush()
}

/// The outcome of an item according to its line.
fn answered(
    place: &Place,
    line: &[u8],
    accept: Accept<'_>,
    list: Option<PriceList>,
) -> ItemOutcome {
    let (mut id, mut status, mut body) = (None, None, None);
    // `Lines` has already parsed this line, so parsing does not fail here.
    if let Ok(read) = serde_json::from_slice::<OutputLine<'_>>(line) {
        let response = read.response.as_ref();
        id = read.custom_id.as_ref().map(|id| id.as_str().to_owned());
        status = response.and_then(|response| response.status_code);
        let raw = response.and_then(|response| response.body);
        let raw = raw.map(|body| body.get().as_bytes().to_vec());
        body = raw.or_else(|| read.error_body());
    }
    let (status, body) = (status.unwrap_or(200), body.unwrap_or_default());
    let (mut answer, result) = client::read(status, body, accept);
    let own = id.as_deref().and_then(custom_id::read);
    let mut tally = Tally::default();
    tally.count(&Count::Request);
    if let Some(usage) = answer.usage {
        let priced = answer.model.as_deref().zip(list);
        tally.count(&Count::Batched(usage, priced));
    }
    tally.stop();
    let mut outcome = ItemOutcome {
        custom_id: id.filter(|_| own.is_none()),
        hash: own.map(|(_, hash)| hash),
        tally,
        finish_reason: answer.finish_reason.take(),
        search: answer.search.take(),
        model: answer.model.take(),
        ..ItemOutcome::new(place.index, Ok(Content::Text(String::new())))
    };
    outcome.result = match result {
        Ok(()) => Ok(Content::of(answer)),
        Err(failure) => {
            if failure.class == Class::Truncated {
                outcome.partial = answer.text;
            }
            Err(failure)
        }
    };
    outcome
}

/// The outcome of an item without a line.
fn unanswered(place: &Place, batch: &Batch) -> ItemOutcome {
    let id = &batch.id;
    let failure = match batch.state {
        State::Failed => refused(batch),
        State::Expired => Failure::new(
            Class::Busy,
            format!("batch {id} expired before this item was answered"),
        )
        .hint("submit it again"),
        State::Cancelled => Failure::new(
            Class::Incomplete,
            format!("batch {id} was cancelled before this item was answered"),
        ),
        _ => Failure::new(
            Class::Incomplete,
            format!("the files of batch {id} have no line for this item"),
        ),
    };
    ItemOutcome::new(place.index, Err(failure))
}
