//! Prints the state of batches: of the given ids, or of all.

use std::collections::HashSet;

use super::engine::{Engine, Listed};
use crate::api::batch::Batch;
use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Data, Event, Level, Sink, VERSION};
use crate::table::{Align, Medium, table};

/// The most pages of the list that are requested: ten thousand batches.
const PAGES: usize = 100;

/// Reports these batches; without ids, all in the server's order.
///
/// # Errors
/// A batch does not exist, or its state cannot be read.
pub(super) fn status(
    ids: &[String],
    medium: Medium,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    start(sink)?;
    let mut report = Report::new(medium);
    let mut engine = Engine { transport, sink };
    let result = if ids.is_empty() {
        list(&mut engine, &mut report)
    } else {
        ids.iter().try_for_each(|id| {
            let batch = engine.batch(id)?;
            report.add(&batch, &mut engine)
        })
    };
    report.end(&mut engine)?;
    result
}

/// Cancels these batches, and reports the state that the server returns for each.
///
/// # Errors
/// A batch does not exist, or can no longer be cancelled.
pub(super) fn cancel(
    ids: &[String],
    medium: Medium,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    start(sink)?;
    let mut report = Report::new(medium);
    let mut engine = Engine { transport, sink };
    let result = ids.iter().try_for_each(|id| {
        let batch = engine.cancel(id)?;
        report.add(&batch, &mut engine)
    });
    report.end(&mut engine)?;
    result
}

fn list(engine: &mut Engine<'_>, report: &mut Report) -> Result<(), Failure> {
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
            report.add(batch, engine)?;
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

/// Reports batches: as a table on a terminal, else each in a line as soon as it is known.
#[derive(Debug)]
pub(super) struct Report {
    medium: Medium,
    rows: Vec<[String; 5]>,
}

impl Report {
    pub(super) fn new(medium: Medium) -> Self {
        Self {
            medium,
            rows: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, batch: &Batch, engine: &mut Engine<'_>) -> Result<(), Failure> {
        let row = row(batch);
        match self.medium {
            Medium::Pipe => engine.report(batch, &(row.join("\t") + "\n")),
            Medium::Terminal(_) => {
                self.rows.push(row);
                Ok(())
            }
        }
    }

    /// Prints the table.
    pub(super) fn end(mut self, engine: &mut Engine<'_>) -> Result<(), Failure> {
        const COLUMNS: [(&str, Align); 5] = [
            ("id", Align::Left),
            ("status", Align::Left),
            ("items", Align::Right),
            ("answered", Align::Right),
            ("failed", Align::Right),
        ];
        if self.rows.is_empty() {
            return Ok(());
        }
        self.rows
            .insert(0, COLUMNS.map(|(head, _)| head.to_owned()));
        let text = table(&self.rows, COLUMNS.map(|(_, align)| align), self.medium);
        engine.sink.data(Data::Answer(&text))?;
        engine.sink.flush()
    }
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
fn row(batch: &Batch) -> [String; 5] {
    let count =
        |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    // Keep one line of five columns even if a status has white space.
    let odd = |c: char| c.is_whitespace() || c.is_control();
    [
        batch.id.clone(),
        batch.status.replace(odd, "_"),
        count(batch.total),
        count(batch.completed),
        count(batch.failed),
    ]
}
