//! A queue of steps in, an HTTP body out: bytes, waits, and the ways in which a
//! body can fail to end.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// What a body does next.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Hands these bytes over.
    Bytes(Bytes),
    /// Waits until this long after the body began.
    At(Duration),
    /// Breaks the connection.
    CutOutput,
    /// Says nothing more, for ever.
    Stall,
}

/// One request in flight; dropping it makes room for another.
#[derive(Debug)]
pub(super) struct Slot(Arc<AtomicUsize>);

impl Slot {
    /// Takes a slot; none where `limit` requests are in flight.
    pub(super) fn take(in_flight: &Arc<AtomicUsize>, limit: Option<usize>) -> Option<Self> {
        let before = in_flight.fetch_add(1, Ordering::SeqCst);
        let slot = Self(Arc::clone(in_flight));
        limit.is_none_or(|limit| before < limit).then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The body of one answer.
#[derive(Debug)]
pub(super) struct Playback {
    steps: VecDeque<Step>,
    sized: bool,
    began: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// What was written has had time to leave before the connection breaks.
    settled: bool,
    slot: Option<Slot>,
}

impl Playback {
    /// A body of these steps, in flight until its last one. Where it is `sized`
    /// and all there, its length is known from the start.
    pub(super) fn new(steps: Vec<Step>, sized: bool, slot: Option<Slot>) -> Self {
        Self {
            steps: steps.into(),
            sized,
            began: None,
            sleep: None,
            settled: false,
            slot,
        }
    }

    fn wait(&mut self, until: Instant, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        ready!(sleep.as_mut().poll(context));
        self.sleep = None;
        Poll::Ready(())
    }
}

impl Body for Playback {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let began = *self.began.get_or_insert_with(Instant::now);
        loop {
            match self.steps.front() {
                None => return Poll::Ready(None),
                Some(Step::Bytes(_)) => {
                    let Some(Step::Bytes(bytes)) = self.steps.pop_front() else {
                        continue;
                    };
                    if self.steps.is_empty() {
                        // The client may ask again as soon as it has read the last byte.
                        self.slot = None;
                    }
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::At(offset)) => {
                    let until = began + *offset;
                    if until > Instant::now() {
                        ready!(self.wait(until, context));
                    }
                    self.sleep = None;
                    self.steps.pop_front();
                }
                Some(Step::CutOutput) => {
                    if !self.settled {
                        let until = Instant::now() + Duration::from_millis(20);
                        ready!(self.wait(until, context));
                        self.settled = true;
                    }
                    self.steps.clear();
                    return Poll::Ready(Some(Err(io::Error::other("cut on purpose"))));
                }
                Some(Step::Stall) => return Poll::Pending,
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if !self.sized {
            return SizeHint::default();
        }
        let mut total = 0;
        for step in &self.steps {
            let Step::Bytes(bytes) = step else {
                return SizeHint::default();
            };
            total += bytes.len() as u64;
        }
        SizeHint::with_exact(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_again_once_it_is_dropped() {
        let in_flight = Arc::new(AtomicUsize::new(0));
        let first = Slot::take(&in_flight, Some(1));
        assert!(first.is_some());
        assert!(Slot::take(&in_flight, Some(1)).is_none());
        drop(first);
        assert!(Slot::take(&in_flight, Some(1)).is_some());
    }

    #[test]
    fn only_a_sized_body_that_is_all_there_has_a_length() {
        let bytes = || Step::Bytes(Bytes::from_static(b"abc"));
        let length = |steps, sized| Playback::new(steps, sized, None).size_hint().exact();
        assert_eq!(length(vec![bytes(), bytes()], true), Some(6));
        assert_eq!(length(vec![bytes(), Step::CutOutput], true), None);
        assert_eq!(length(vec![bytes(), bytes()], false), None);
    }
}
