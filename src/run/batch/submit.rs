//! Submits files: one batch for each, reported as soon as it exists.

use std::fmt::Write as _;

use super::engine::Engine;
use super::upload_files::Part;
use crate::api::batch::{Batch, Order};
use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Count, Event, Level, Sink, Unfinished, VERSION};
use crate::exit::Class;

/// What is submitted.
#[derive(Debug)]
pub(super) struct Submission {
    /// One batch is created for each part.
    pub(super) parts: Vec<Part>,
    /// The chat endpoint of the engine.
    pub(super) url: String,
    /// The model of all items.
    pub(super) model: String,
    /// The engine belongs to one of the two providers, not to a compatible server.
    pub(super) provider: bool,
    /// The user wrote the lines: airx cannot find its items in them.
    pub(super) raw: bool,
}

/// Uploads each part and creates its batch.
///
/// # Errors
/// A part cannot be submitted; the batches before it exist.
pub(super) fn submit(
    submission: &Submission,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let Submission {
        parts,
        url,
        model,
        provider,
        raw,
    } = submission;
    let started = Event::Start {
        v: VERSION,
        command: "batch",
        model: Some(model),
        request_id: None,
    };
    let started = sink.event(&started).and_then(|()| sink.flush());
    started.map_err(|failure| ended(failure, left(parts, 0, None), sink))?;
    let mut engine = Engine { transport, sink };
    for (at, part) in parts.iter().enumerate() {
        let name = format!("airx-{}.jsonl", part.span.first);
        engine
            .sink
            .count(Count::Unfinished(Some(left(parts, at, None))));
        let file = engine.upload(&name, &part.file);
        let file = file.map_err(|failure| ended(failure, left(parts, at, None), engine.sink))?;
        let order = Order {
            input_file_id: &file,
            endpoint: url,
            completion_window: (!provider).then_some("24h"),
            auto_delete_input_file: provider.then_some(true),
            metadata: (!raw).then_some(part.span),
        };
        let order = serde_json::to_vec(&order).map_err(std::io::Error::from)?;
        let unsure = left(parts, at, Some(&file));
        engine.sink.count(Count::Unfinished(Some(unsure.clone())));
        let batch = engine.create(&order).map_err(|failed| {
            let left = if failed.unsure {
                unsure
            } else {
                left(parts, at, None)
            };
            ended(failed.failure, left, engine.sink)
        })?;
        let unreported = unreported(&batch, parts, at);
        engine
            .sink
            .count(Count::Unfinished(Some(unreported.clone())));
        let reported = engine.report(&batch, &format!("{}\n", batch.id));
        reported.map_err(|failure| ended(failure, unreported, engine.sink))?;
        engine.sink.count(Count::Unfinished(None));
    }
    Ok(())
}

/// What to report if the batch of part `at` exists but cannot be printed.
fn unreported(batch: &Batch, parts: &[Part], at: usize) -> Unfinished {
    let rest = parts.get(at + 1).map(|_| left(parts, at + 1, None).message);
    Unfinished {
        message: format!("; batch {} exists{}", batch.id, rest.unwrap_or_default()),
        hint: None,
    }
}

/// Adds the unfinished work to a failure. If the reader closed the output, the failure has
/// no message of its own, so this prints what exists on the server and what does not.
fn ended(mut failure: Failure, left: Unfinished, sink: &mut dyn Sink) -> Failure {
    failure.message.push_str(&left.message);
    failure.hint = left.hint.or(failure.hint);
    if failure.class == Class::Ok {
        sink.note(Level::Always, &format!("airx: {}", failure.message));
    }
    failure
}

/// The state of the items from part `at` on. `file` is the uploaded file of a batch that
/// may exist.
fn left(parts: &[Part], at: usize, file: Option<&str>) -> Unfinished {
    let Part { span, place, .. } = &parts[at];
    let before = span.first;
    let all = parts
        .last()
        .map_or(0, |part| part.span.first + part.span.items);
    let mut message = match before {
        0 => String::new(),
        _ => format!("; {before} items are submitted, in the batches printed"),
    };
    let Some(file) = file else {
        let rest = all - before;
        // Writing to a string does not fail.
        let _ = write!(
            message,
            "; {rest} of {all} items are not submitted, from {place} of the input on"
        );
        return Unfinished {
            message,
            hint: None,
        };
    };
    let _ = write!(
        message,
        "; whether {} of {all} items are submitted, from {place} of the input on, is not known",
        span.items
    );
    let later = all - before - span.items;
    if later > 0 {
        let _ = write!(message, "; the {later} after them are not submitted");
    }
    let hint = format!(
        "the batch of file {file} may exist: check with airx batch status --format json before you submit these items again"
    );
    Unfinished {
        message,
        hint: Some(hint),
    }
}
