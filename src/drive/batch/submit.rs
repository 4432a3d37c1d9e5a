//! The files of a submission → a batch each, told of as soon as it exists.

use super::engine::Engine;
use super::parts::Part;
use crate::api::batch::Order;
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
        engine.tell(&batch, &format!("{}\n", batch.id))?;
    }
    Ok(())
}

/// A failure at the part of this number, with what became of the items. `file` is
/// the uploaded one of a batch that may exist.
fn ended(mut failure: Failure, parts: &[Part], at: usize, file: Option<&str>) -> Failure {
    let Part { span, line, .. } = &parts[at];
    let last = parts
        .last()
        .map_or(0, |part| part.span.first + part.span.items);
    let before = match span.first {
        0 => "no item is submitted".to_owned(),
        1 => "1 item is submitted, in the batch told".to_owned(),
        items => format!("{items} items are submitted, in the batches told"),
    };
    let rest = last - span.first;
    let unsure = if file.is_some() { " for sure" } else { "" };
    failure.message = format!(
        "{}; {before}; {rest} of {last} are not{unsure}, from line {line} of the input on",
        failure.message
    );
    match file {
        Some(file) => failure.hint(format!(
            "the batch of file {file} may exist all the same: look with airx batch status \
             --format json before it is submitted again"
        )),
        None => failure,
    }
}
