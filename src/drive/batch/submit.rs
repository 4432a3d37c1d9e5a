//! The files of a submission → a batch each, told of as soon as it exists.

use std::fmt::Write as _;

use super::engine::Engine;
use super::parts::Part;
use crate::api::batch::{Batch, Order};
use crate::error::Failure;
use crate::event::{Event, Sink, VERSION};
use crate::exchange::Failed;
use crate::transport::Transport;

/// Uploads each part and orders its batch. `provider` tells whose engine it is:
/// the two providers' or one that is like it.
///
/// # Errors
/// A part cannot be submitted; the batches before it exist.
pub fn submit(
    parts: &[Part],
    url: &str,
    provider: bool,
    model: &str,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    sink.event(&Event::Start {
        v: VERSION,
        command: "batch",
        model: Some(model),
        request_id: None,
    })?;
    sink.wait()?;
    let mut engine = Engine { transport, sink };
    for (at, part) in parts.iter().enumerate() {
        let name = format!("airx-{}.jsonl", part.span.first);
        let file = engine.upload(&name, &part.file);
        let file = file.map_err(|failure| ended(failure, parts, at, None))?;
        let order = Order {
            input_file_id: &file,
            endpoint: url,
            completion_window: (!provider).then_some("24h"),
            auto_delete_input_file: provider.then_some(true),
            metadata: part.span,
        };
        let order = serde_json::to_vec(&order).map_err(std::io::Error::from)?;
        let batch = engine.create(&order);
        let batch = batch.map_err(|Failed { failure, unsure }| {
            ended(failure, parts, at, unsure.then_some(file.as_str()))
        })?;
        let told = engine.tell(&batch, &format!("{}\n", batch.id));
        told.map_err(|failure| untold(failure, &batch, parts, at))?;
    }
    Ok(())
}

/// A failure to tell of the batch of the part of this number.
fn untold(mut failure: Failure, batch: &Batch, parts: &[Part], at: usize) -> Failure {
    failure.message = format!("{}; batch {} exists", failure.message, batch.id);
    if at + 1 < parts.len() {
        return ended(failure, parts, at + 1, None);
    }
    failure
}

/// A failure at the part of this number, with what became of the items. `file` is
/// the uploaded one of a batch that may exist.
fn ended(mut failure: Failure, parts: &[Part], at: usize, file: Option<&str>) -> Failure {
    let Part { span, line, .. } = &parts[at];
    let before = span.first;
    let all = parts
        .last()
        .map_or(0, |part| part.span.first + part.span.items);
    let told = &mut failure.message;
    // Writing to a string does not fail.
    let _ = match before {
        0 => Ok(()),
        _ => write!(told, "; {before} items are submitted, in the batches told"),
    };
    let Some(file) = file else {
        let rest = all - before;
        let _ = write!(
            told,
            "; {rest} of {all} items are not submitted, from line {line} of the input on"
        );
        return failure;
    };
    let _ = write!(
        told,
        "; whether {} of {all} items are submitted, from line {line} of the input on, is not known",
        span.items
    );
    let later = all - before - span.items;
    if later > 0 {
        let _ = write!(told, "; the {later} behind them are not");
    }
    failure.hint(format!(
        "the batch of file {file} may exist: look with airx batch status --format json before \
         these items are submitted again"
    ))
}
