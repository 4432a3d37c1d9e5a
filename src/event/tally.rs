//! The totals of a run: requests, tokens, money and time.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::api::usage::Usage;
use crate::models::{self, Cost, PriceList};

/// The totals over a run's requests.
#[derive(Debug)]
pub struct Tally {
    /// Requests sent.
    pub requests: u32,
    /// Answers from the cache.
    pub cached: u32,
    /// Tokens of all requests, if the server counted them.
    pub usage: Option<Usage>,
    /// Their cost, if the model's price is known.
    pub cost: Option<Cost>,
    /// The models of `--fallback` that answered.
    pub fallback: BTreeSet<String>,
    /// From the first request to the first token.
    pub ttft: Option<Duration>,
    started: Instant,
    ended: Option<Duration>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            requests: 0,
            cached: 0,
            usage: None,
            cost: None,
            fallback: BTreeSet::new(),
            ttft: None,
            started: Instant::now(),
            ended: None,
        }
    }
}

/// One thing to add to the [`Tally`].
#[derive(Debug)]
pub enum Count<'a> {
    /// A request is sent.
    Request,
    /// The cache has an answer: the model that gave it, and its server's price list.
    Cached(&'a str, PriceList),
    /// This model of `--fallback` answered.
    Fallback(&'a str),
    /// The first token of an answer has been received.
    FirstToken,
    /// A request's token counts, the model that answered, and its server's price list.
    Usage(Usage, &'a str, PriceList),
    /// Token counts of an answer from a batch, and the model and the price list if the
    /// provider's batch price applies.
    Batched(Usage, Option<(&'a str, PriceList)>),
    /// The progress of a run of many items.
    Items(Items),
    /// The progress of the parts of a long input; `None` when all are answered.
    Parts(Option<Parts>),
    /// The next request is a retry of the last one: its number, and the most retries.
    Retries(u32, u32),
    /// The work that stays unfinished if a signal ends the run from now on.
    Unfinished(Option<Unfinished>),
}

/// The unfinished work of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// What was done and what was not: the end of a message.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The progress of a run of many items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Items {
    /// Answered.
    pub done: u64,
    /// Failed.
    pub failed: u64,
    /// Started, but not finished.
    pub in_flight: u64,
    /// Done by an earlier run and not requested again.
    pub kept: u64,
    /// Bytes of the input that were read, and its size, if known.
    pub read: Option<(u64, u64)>,
}

/// The progress of the parts of a long input, or of merging their answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Answered.
    pub done: usize,
    /// All that are known so far.
    pub count: usize,
    /// Started, but not finished.
    pub in_flight: usize,
}

impl Tally {
    /// Adds one count.
    pub fn count(&mut self, what: &Count<'_>) {
        match what {
            Count::Request => {
                self.start();
                self.requests += 1;
            }
            Count::Cached(model, list) => {
                self.start();
                self.cached += 1;
                self.usage.get_or_insert_default();
                self.add_cost(models::no_cost(model, *list));
            }
            Count::Fallback(model) => {
                self.fallback.insert((*model).to_owned());
            }
            Count::FirstToken => {
                self.ttft.get_or_insert_with(|| self.started.elapsed());
            }
            Count::Usage(usage, model, list) => {
                *self.usage.get_or_insert_default() += *usage;
                self.add_cost(models::cost(model, *list, usage));
            }
            Count::Batched(usage, priced) => {
                *self.usage.get_or_insert_default() += *usage;
                let cost = |(model, list)| models::batch_cost(model, list, usage);
                self.add_cost(priced.and_then(cost));
            }
            Count::Items(_) | Count::Parts(_) | Count::Retries(..) | Count::Unfinished(_) => {}
        }
    }

    fn add_cost(&mut self, cost: Option<Cost>) {
        if let Some(cost) = cost {
            self.cost = Some(cost.plus(self.cost.take()));
        }
    }

    /// Starts the clock at the first request or answer.
    fn start(&mut self) {
        if self.requests == 0 && self.cached == 0 {
            self.started = Instant::now();
        }
    }

    /// Whether the answers came from the cache, and no request was sent.
    pub fn is_cached(&self) -> bool {
        self.cached > 0 && self.requests == 0
    }

    /// Ends the run: the clock stops, so that event, meta file and usage line agree.
    pub fn stop(&mut self) {
        self.ended = Some(self.started.elapsed());
    }

    /// Time since the first request, or since the start of the run if none was sent.
    pub fn elapsed(&self) -> Duration {
        self.ended.unwrap_or_else(|| self.started.elapsed())
    }
}
