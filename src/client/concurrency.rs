//! `--concurrency`: how many requests of one run may be in flight at once, fewer after a
//! rate limit and more again after answers. `max_in_flight.rs` limits all processes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The limit on the requests of a run that are in flight.
#[derive(Debug)]
pub struct ConcurrencyLimit {
    state: Mutex<State>,
    free: Condvar,
}

/// The right to have one request in flight, until it is dropped.
pub(super) struct Permit<'a> {
    limit: &'a ConcurrencyLimit,
    sent_after: u64,
}

/// The current limit, and the requests in flight. A rate limit halves the limit; each round
/// of requests without a rate limit raises it by one.
#[derive(Debug)]
struct State {
    most: u32,
    limit: u32,
    /// The number of answers since the limit was changed.
    good: u32,
    /// How often the limit has been lowered. A request sent before the last change
    /// says nothing about the current limit.
    lowered: u64,
    in_flight: u32,
    /// Whether new series of requests are refused.
    closed: bool,
}

impl State {
    fn new(most: u32) -> Self {
        let most = most.max(1);
        Self {
            most,
            limit: most,
            good: 0,
            lowered: 0,
            in_flight: 0,
            closed: false,
        }
    }

    /// A request was answered.
    fn answered(&mut self) {
        self.good += 1;
        if self.good >= self.limit {
            self.limit = self.most.min(self.limit + 1);
            self.good = 0;
        }
    }

    /// A request met the rate limit. `sent_after` is the value of `lowered` when it was
    /// sent. Returns whether airx itself had several requests in flight.
    fn limited(&mut self, sent_after: u64) -> bool {
        if sent_after < self.lowered {
            return true;
        }
        let several = self.limit > 1;
        self.limit = (self.limit / 2).max(1);
        self.lowered += 1;
        self.good = 0;
        several
    }
}

impl ConcurrencyLimit {
    /// Allows at most this many requests at once.
    pub fn new(most: u32) -> Self {
        Self {
            state: Mutex::new(State::new(most)),
            free: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a permit. After [`ConcurrencyLimit::close`] only a series of requests that has
    /// `started` gets one.
    pub(super) fn acquire(&self, started: bool) -> Option<Permit<'_>> {
        let full = |state: &mut State| (started || !state.closed) && state.in_flight >= state.limit;
        let state = self.free.wait_while(self.lock(), full);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.closed && !started {
            return None;
        }
        state.in_flight += 1;
        Some(Permit {
            limit: self,
            sent_after: state.lowered,
        })
    }

    /// From now on no new series of requests starts; those that have started continue.
    pub fn close(&self) {
        self.lock().closed = true;
        self.free.notify_all();
    }
}

impl Permit<'_> {
    /// The request was answered.
    pub(super) fn answered(&self) {
        self.limit.lock().answered();
        self.limit.free.notify_all();
    }

    /// The request met the rate limit. Returns whether other requests of this run were
    /// the cause, and the new limit.
    pub(super) fn rate_limited(&self) -> (bool, u32) {
        let mut state = self.limit.lock();
        (state.limited(self.sent_after), state.limit)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.limit.lock().in_flight -= 1;
        self.limit.free.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_limit_halves_it_and_a_round_of_answers_adds_one() {
        let mut state = State::new(8);
        assert!(state.limited(0));
        assert_eq!(state.limit, 4);
        for _ in 0..3 {
            state.answered();
            assert_eq!(state.limit, 4);
        }
        state.answered();
        assert_eq!(state.limit, 5);
        for _ in 0..5 + 6 + 7 + 100 {
            state.answered();
        }
        assert_eq!(state.limit, 8, "never more than at first");
    }

    #[test]
    fn requests_that_were_out_together_lower_it_once() {
        let mut state = State::new(50);
        for _ in 0..45 {
            assert!(state.limited(0));
        }
        assert_eq!((state.limit, state.lowered), (25, 1));
        assert!(state.limited(1));
        assert_eq!(state.limit, 12);
    }

    #[test]
    fn one_is_the_least_and_then_the_limit_is_not_airxs_own_doing() {
        let mut state = State::new(3);
        assert!(state.limited(0));
        assert_eq!(state.limit, 1);
        assert!(!state.limited(1));
        assert_eq!(state.limit, 1);
        assert_eq!(State::new(0).limit, 1);
    }

    #[test]
    fn once_closed_only_what_has_started_goes_on() {
        let limit = ConcurrencyLimit::new(1);
        let permit = limit.acquire(false).unwrap();
        limit.close();
        assert!(limit.acquire(false).is_none());
        drop(permit);
        assert!(limit.acquire(false).is_none());
        assert!(limit.acquire(true).is_some());
    }
}
