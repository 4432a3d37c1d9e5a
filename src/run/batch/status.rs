//! What there is to tell of batches, a line each: of those named, or of all.

use std::collections::HashSet;

use super::engine::{Engine, Listed};
use crate::api::batch::Batch;
use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Event, Level, Sink, VERSION};

/// Most parts of the list that are asked for: ten thousand batches.
const PAGES: usize = 100;

/// Tells of these batches; of all, as the server lists them, where none is named.
///
/// # Errors
/// A batch is not there, or cannot be asked for.
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

/// Cancels these batches, and tells of each what the server says then.
///
/// # Errors
/// A batch is not there, or cannot be cancelled any more.
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
    let mut told = HashSet::new();
    for _ in 0..PAGES {
        let Listed { batches, next } = engine.list(after.as_deref())?;
        for batch in &batches {
            // A server that begins anew would do so for ever.
            if !told.insert(batch.id.clone()) {
                let what = format!(
                    "the list has {} again: it is not followed further",
                    batch.id
                );
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
    let what = "the list goes on: only its first 10000 batches are here";
    engine.sink.note(Level::Warning, &what);
    Ok(())
}

/// The first event of a run that asks no model.
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
    // One line and five columns, whatever the server calls its states.
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
