//! Prints the state of batches, a line each: of the given ids, or of all.

use std::collections::HashSet;

use super::engine::{Engine, Listed};
use crate::api::batch::Batch;
use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Event, Level, Sink, VERSION};

/// The most pages of the list that are requested: ten thousand batches.
const PAGES: usize = 100;

/// Reports these batches; without ids, all in the server's order.
///
/// # Errors
/// A batch does not exist, or its state cannot be read.
pub(super) fn status(
    ids: &[String],
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    start(sink)?;
    let mut engine = Engine { transport, sink };
    if ids.is_empty() {
        return list(&mut engine);
    }
    ids.iter().try_for_each(|id| {
        let batch = engine.batch(id)?;
        engine.report(&batch, &line(&batch))
    })
}

/// Cancels these batches, and reports the state that the server returns for each.
///
/// # Errors
/// A batch does not exist, or can no longer be cancelled.
pub(super) fn cancel(
    ids: &[String],
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    start(sink)?;
    let mut engine = Engine { transport, sink };
    ids.iter().try_for_each(|id| {
        let batch = engine.cancel(id)?;
        engine.report(&batch, &line(&batch))
    })
}

fn list(engine: &mut Engine<'_>) -> Result<(), Failure> {
    let mut after: Option<String> = None;
    let mut seen = HashSet::new();
    for _ in 0..PAGES {
        let Listed { batches, next } = engine.list(after.as_deref())?;
        for batch in &batches {
            // A server that starts again from the first batch would never end.
            if !seen.insert(batch.id.clone()) {
                let what = format!("the list has {} again: airx reads no further", batch.id);
                engine.sink.note(Level::Warning, &what);
                return Ok(());
            }
            engine.report(batch, &line(batch))?;
        }
        if next.is_none() || next == after {
            return Ok(());
        }
        after = next;
    }
    let what = "the list is longer: these are its first 10000 batches";
    engine.sink.note(Level::Warning, &what);
    Ok(())
}

/// The first event of a run without a model.
pub(super) fn start(sink: &mut dyn Sink) -> Result<(), Failure> {
    sink.event(&Event::Start {
        v: VERSION,
        command: "batch",
        model: None,
        request_id: None,
    })?;
    sink.flush()
}

/// Id, status, and the numbers of items: all, answered, failed.
pub(super) fn line(batch: &Batch) -> String {
    let count =
        |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    // Keep one line of five columns even if a status has white space.
    let odd = |c: char| c.is_whitespace() || c.is_control();
    format!(
        "{}\t{}\t{}\t{}\t{}\n",
        batch.id,
        batch.status.replace(odd, "_"),
        count(batch.total),
        count(batch.completed),
        count(batch.failed)
    )
}
