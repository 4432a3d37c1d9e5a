//! The state of batches: `batch status`, `cancel` and `wait`.

use std::collections::HashSet;
use std::time::Duration;

use super::engine::{Engine, Listed, distinct};
use crate::api::batch::{Batch, State};
use crate::error::Failure;
use crate::event::{Count, Data, Items, Level, Sink};
use crate::exit::Class;
use crate::table::{Align, Medium, headed_table};

/// The maximum number of pages that are requested: ten thousand batches.
const PAGES: usize = 100;

/// The number of rounds in a row that may fail because of the network or the server, after the
/// first has succeeded: a wait of hours survives a short interruption.
const ROUNDS: u32 = 10;
/// The maximum number of unknown statuses that are reported.
const ODD: usize = 100;
/// The maximum number of validation errors in a message.
const WRONG: usize = 3;

/// Reports these batches, or without ids all batches in the server's order.
///
/// # Errors
/// A batch does not exist, or its state cannot be read.
pub(super) fn status(ids: &[String], medium: Medium, engine: &mut Engine) -> Result<(), Failure> {
    let mut report = Report::new(medium);
    let result = if ids.is_empty() {
        list(engine, &mut report)
    } else {
        ids.iter().try_for_each(|id| {
            let batch = engine.batch(id)?;
            report.add(&batch, engine)
        })
    };
    report.end(engine)?;
    result
}

/// Cancels these batches, and reports the state that the server returns for each.
///
/// # Errors
/// A batch does not exist, or can no longer be cancelled.
pub(super) fn cancel(ids: &[String], medium: Medium, engine: &mut Engine) -> Result<(), Failure> {
    let mut report = Report::new(medium);
    let result = ids.iter().try_for_each(|id| {
        let batch = engine.cancel(id)?;
        report.add(&batch, engine)
    });
    report.end(engine)?;
    result
}

fn list(engine: &mut Engine, report: &mut Report) -> Result<(), Failure> {
    let mut after: Option<String> = None;
    let mut seen = HashSet::new();
    for _ in 0..PAGES {
        let Listed { batches, next } = engine.list(after.as_deref())?;
        for batch in &batches {
            // The list of a server that starts again from the first batch would never end.
            if !seen.insert(batch.id.clone()) {
                let what = format!("the list has {} again: airx reads no further", batch.id);
                engine.printer.note(Level::Warning, &what);
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
    engine.printer.note(Level::Warning, &what);
    Ok(())
}

/// Reports batches: as a table on a terminal, else as one line each as soon as its state is known.
struct Report {
    medium: Medium,
    rows: Vec<[String; 5]>,
}

impl Report {
    fn new(medium: Medium) -> Self {
        Self {
            medium,
            rows: Vec::new(),
        }
    }

    fn add(&mut self, batch: &Batch, engine: &mut Engine) -> Result<(), Failure> {
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
    fn end(self, engine: &mut Engine) -> Result<(), Failure> {
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
        let text = headed_table(COLUMNS, self.rows, self.medium);
        engine.printer.data(Data::Answer(&text))?;
        engine.printer.flush()
    }
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

/// Waits until all batches have ended, then reports each.
///
/// # Errors
/// Some batches failed, or their state could not be read.
pub(super) fn wait(
    ids: &[String],
    poll: Duration,
    medium: Medium,
    engine: &mut Engine,
) -> Result<(), Failure> {
    let mut batches: Vec<Batch> = Vec::new();
    for id in distinct(ids) {
        batches.push(engine.batch(id)?);
        engine.printer.count(Count::Items(items(&batches)));
    }
    let (mut broken, mut pause, mut odd) = (0, poll, HashSet::new());
    while !batches.iter().all(Batch::has_ended) {
        warn_of_unknown(&batches, &mut odd, &mut engine.printer);
        std::thread::sleep(pause);
        pause = poll;
        match round(&mut batches, engine) {
            Ok(()) => broken = 0,
            Err(failure) if broken < ROUNDS && is_passing(&failure) => {
                broken += 1;
                let asked = failure
                    .server
                    .as_ref()
                    .and_then(|server| server.retry_after);
                let longer = asked.filter(|asked| *asked > poll);
                pause = longer.unwrap_or(poll);
                let when = longer.map(|longer| format!(" in {} s", longer.as_secs()));
                let warning = format!("{failure}; airx asks again{}", when.unwrap_or_default());
                engine.printer.note(Level::Warning, &warning);
            }
            Err(failure) => return Err(failure),
        }
    }
    let mut report = Report::new(medium);
    for batch in &batches {
        report.add(batch, engine)?;
    }
    report.end(engine)?;
    verdict(&batches)
}

fn round(batches: &mut [Batch], engine: &mut Engine) -> Result<(), Failure> {
    for at in 0..batches.len() {
        if !batches[at].has_ended() {
            let id = batches[at].id.clone();
            batches[at] = engine.batch(&id)?;
            engine.printer.count(Count::Items(items(batches)));
        }
    }
    Ok(())
}

/// Warns once of each unknown status.
fn warn_of_unknown(
    batches: &[Batch],
    reported: &mut HashSet<(String, String)>,
    sink: &mut dyn Sink,
) {
    for Batch { id, status, .. } in batches.iter().filter(|batch| batch.state == State::Unknown) {
        // Limits the warnings if a server invents new statuses.
        if reported.len() < ODD && reported.insert((id.clone(), status.clone())) {
            let what = format!(
                "batch {id}: its status {status:?} is unknown; airx waits until it is \
                 completed, failed, expired or cancelled"
            );
            sink.note(Level::Warning, &what);
        }
    }
}

fn is_passing(failure: &Failure) -> bool {
    matches!(
        failure.class,
        Class::Busy | Class::Network | Class::Incomplete
    )
}

/// The progress of all batches.
fn items(batches: &[Batch]) -> Items {
    let mut items = Items::default();
    for batch in batches {
        let (done, failed) = (batch.completed.unwrap_or(0), batch.failed.unwrap_or(0));
        items.done += done;
        items.failed += failed;
        if !batch.has_ended() {
            let ended = done.saturating_add(failed);
            items.in_flight += batch.total.unwrap_or(0).saturating_sub(ended);
        }
    }
    items
}

/// The result of batches that have ended.
fn verdict(batches: &[Batch]) -> Result<(), Failure> {
    if let Some(batch) = batches.iter().find(|batch| batch.state == State::Failed) {
        return Err(refused(batch));
    }
    let cut = batches.iter().find(|batch| batch.state != State::Completed);
    let Items { done, failed, .. } = items(batches);
    let what = match cut {
        Some(Batch { id, status, .. }) => {
            format!("batch {id} is {status}: not all of its items were answered")
        }
        None if failed > 0 => format!("{failed} of {} items failed", done + failed),
        None => return Ok(()),
    };
    Err(Failure::new(Class::Partial, what).hint("airx batch fetch prints the outcome of each item"))
}

/// The failure for a batch that did not pass validation.
pub(super) fn refused(batch: &Batch) -> Failure {
    let mut faults = batch.wrong.iter().take(WRONG).cloned().collect::<Vec<_>>();
    let more = batch.wrong.len().saturating_sub(WRONG);
    if more > 0 {
        faults.push(format!("and {more} more"));
    }
    let why = match faults.join("; ") {
        why if why.is_empty() => "its validation failed, and the server does not say why".into(),
        why => why,
    };
    Failure::new(Class::Rejected, format!("batch {} failed: {why}", batch.id))
        .hint("airx batch status --format json shows everything that the server says about it")
        .with_body(&batch.raw)
}
