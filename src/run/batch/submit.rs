//! The files of a submission → a batch each, told of as soon as it exists.

use std::fmt::Write as _;

use super::engine::Engine;
use super::upload_files::Part;
use crate::api::batch::{Batch, Order};
use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Count, Event, Level, Sink, Unfinished, VERSION};
use crate::exit::Class;

/// What is to be submitted.
#[derive(Debug)]
pub(super) struct Submission {
    /// A batch is made of each.
    pub(super) parts: Vec<Part>,
    /// Where the engine has the chat.
    pub(super) url: String,
    /// The model that all items ask.
    pub(super) model: String,
    /// The engine is one of the two providers', not one that is like it.
    pub(super) provider: bool,
    /// The lines are the user's own: airx cannot find its items by them.
    pub(super) raw: bool,
}

/// Uploads each part and orders its batch.
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
        let untold = untold(&batch, parts, at);
        engine.sink.count(Count::Unfinished(Some(untold.clone())));
        let told = engine.report(&batch, &format!("{}\n", batch.id));
        told.map_err(|failure| ended(failure, untold, engine.sink))?;
        engine.sink.count(Count::Unfinished(None));
    }
    Ok(())
}

/// What is left where the batch of the part of this number cannot be told of.
fn untold(batch: &Batch, parts: &[Part], at: usize) -> Unfinished {
    let rest = parts.get(at + 1).map(|_| left(parts, at + 1, None).message);
    Unfinished {
        message: format!("; batch {} exists{}", batch.id, rest.unwrap_or_default()),
        hint: None,
    }
}

/// A failure that leaves this behind. A reader that has gone makes no message of
/// its own: what exists on the server and what does not is told all the same.
fn ended(mut failure: Failure, left: Unfinished, sink: &mut dyn Sink) -> Failure {
    failure.message.push_str(&left.message);
    failure.hint = left.hint.or(failure.hint);
    if failure.class == Class::Ok {
        sink.note(Level::Always, &format!("airx: {}", failure.message));
    }
    failure
}

/// What became of the items by the part of this number. `file` is the uploaded one
/// of a batch that may exist.
fn left(parts: &[Part], at: usize, file: Option<&str>) -> Unfinished {
    let Part { span, place, .. } = &parts[at];
    let before = span.first;
    let all = parts
        .last()
        .map_or(0, |part| part.span.first + part.span.items);
    let mut told = match before {
        0 => String::new(),
        _ => format!("; {before} items are submitted, in the batches told"),
    };
    let Some(file) = file else {
        let rest = all - before;
        // Writing to a string does not fail.
        let _ = write!(
            told,
            "; {rest} of {all} items are not submitted, from {place} of the input on"
        );
        return Unfinished {
            message: told,
            hint: None,
        };
    };
    let _ = write!(
        told,
        "; whether {} of {all} items are submitted, from {place} of the input on, is not known",
        span.items
    );
    let later = all - before - span.items;
    if later > 0 {
        let _ = write!(told, "; the {later} behind them are not");
    }
    let hint = format!(
        "the batch of file {file} may exist: look with airx batch status --format json before \
         these items are submitted again"
    );
    Unfinished {
        message: told,
        hint: Some(hint),
    }
}
