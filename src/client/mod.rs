//! Sends a request until it is answered, with retries, a deadline, and limits on the
//! requests in flight. Chat, files and batches share the loop in `retry.rs`.

mod attempt;
mod budget;
mod cached;
mod concurrency;
mod fallback;
mod max_in_flight;
mod private_dir;
mod resource;
mod response;
mod retry;
mod transport;

use std::time::{Duration, Instant};

use crate::answer::Accept;
use crate::api::request::Request;

pub use budget::{Summary, settle_all, summaries};
pub use cached::{CacheUse, keep};
pub use concurrency::ConcurrencyLimit;
pub use fallback::{FallbackModel, run, unserved};
pub use resource::{Repeat, Unfulfilled, request as request_resource};
pub use response::read;
pub use transport::{Stream, Transport};

/// The request for one answer, and how to read the answer.
#[derive(Debug, Clone, Copy)]
pub struct AnswerRequest<'a> {
    /// The request; each retry gets a new id.
    pub request: &'a Request,
    /// The models to ask if the request's own is unavailable, in order.
    pub fallback: &'a [FallbackModel],
    /// What counts as complete.
    pub accept: Accept<'a>,
    /// Keep the text of a stream in the answer.
    pub keep_text: bool,
    /// How `--cache` is used.
    pub cache: CacheUse<'a>,
}

/// The state that all requests for one answer share: the first request, its retries,
/// the repeats of `airx json`, and the rounds of tools.
#[derive(Debug)]
pub struct RequestSeries {
    /// The time by which the last of them must be answered.
    deadline: Option<Instant>,
    /// The number of requests sent.
    requests: u32,
    /// The model that is asked: 0 is the request's own, 1 the first of the fallback. Later
    /// requests of the series stay with the model that answered.
    model: usize,
    /// Whether the last request met a rate limit that other requests of this run caused.
    crowded: bool,
}

impl RequestSeries {
    /// Starts a series now. Its deadline follows from `--timeout`.
    pub fn new(transport: &Transport) -> Self {
        let total = transport.connection().timeouts.total;
        Self {
            deadline: total.map(|total| Instant::now() + total),
            requests: 0,
            model: 0,
            crowded: false,
        }
    }

    /// Moves the deadline by `spent`, a time in which no request was in flight.
    pub fn pause(&mut self, spent: Duration) {
        let moved = |deadline: Instant| deadline.checked_add(spent);
        self.deadline = self.deadline.and_then(moved);
    }

    /// Whether no request has been sent.
    pub fn is_new(&self) -> bool {
        self.requests == 0
    }

    /// The time until the deadline.
    fn left(&self) -> Option<Duration> {
        let left = |deadline: Instant| deadline.saturating_duration_since(Instant::now());
        self.deadline.map(left)
    }
}
