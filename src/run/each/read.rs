//! Reads the items in a separate thread, one at a time and only on request, so that waiting
//! for the next item does not delay the end of a run.

use std::sync::mpsc::{Sender, channel};

use super::WorkerMessage;
use crate::error::Failure;
use crate::prompt::Items;

/// Starts the thread. It answers each message with the next item. It ends when the sender
/// is dropped, or with the process if it is waiting for input.
pub(super) fn start(
    mut items: Items,
    messages: Sender<WorkerMessage>,
) -> Result<Sender<()>, Failure> {
    let (want, wanted) = channel();
    let read = move || {
        while let Ok(()) = wanted.recv() {
            if messages
                .send(WorkerMessage::Item(items.read_next()))
                .is_err()
            {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("items".to_owned())
        .spawn(read)?;
    Ok(want)
}
