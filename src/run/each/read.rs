//! The items, read by a thread of its own, one at a time and only when one is
//! wanted: the wait for the next must not hold up the end of a run.

use std::sync::mpsc::{Sender, channel};

use super::WorkerMessage;
use crate::error::Failure;
use crate::prompt::Items;

/// Starts the thread. Each message to it is answered by the next item; it ends
/// with its sender, unless it waits for input, and with the process.
pub(super) fn start(mut items: Items, heard: Sender<WorkerMessage>) -> Result<Sender<()>, Failure> {
    let (want, wanted) = channel();
    let read = move || {
        while let Ok(()) = wanted.recv() {
            if heard.send(WorkerMessage::Item(items.read_next())).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("items".to_owned())
        .spawn(read)?;
    Ok(want)
}
