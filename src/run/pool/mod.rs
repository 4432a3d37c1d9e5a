//! What `--each` and `--split` share: threads that each make one request at a time, what a
//! request gives, and the money that all of them share.

pub(super) mod item_cost;
pub(super) mod item_outcome;
pub(super) mod item_sink;
pub(super) mod max_cost;
pub(super) mod workers;

use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Level, Sink};

/// The number of simultaneous requests for which the process has descriptors.
pub(super) fn fitting(
    wanted: u16,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<u16, Failure> {
    let fitting = transport.fit(wanted.into())?;
    let fitting = u16::try_from(fitting).unwrap_or(wanted);
    if fitting < wanted {
        let text = format!(
            "{fitting} requests are in flight at once, not {wanted}: more open files are not \
             allowed (ulimit -n)"
        );
        sink.note(Level::Warning, &text);
    }
    Ok(fitting)
}
