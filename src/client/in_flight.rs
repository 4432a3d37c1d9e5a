//! How many requests of a run may be in flight at once: fewer after a rate limit, more
//! again after answers.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The number itself: halved by a rate limit, one more for each round of
/// requests that met none.
#[derive(Debug)]
struct Pace {
    most: u32,
    limit: u32,
    /// Answers since the limit was changed.
    good: u32,
    /// How often it has been lowered. What was sent before says nothing about
    /// the number that holds now.
    lowered: u64,
}

impl Pace {
    fn new(most: u32) -> Self {
        Self {
            most: most.max(1),
            limit: most.max(1),
            good: 0,
            lowered: 0,
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

    /// A request that was sent after so many lowerings met the rate limit. Whether
    /// airx itself had sent too many: not where it was the only one.
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

/// The limit that requests wait at.
#[derive(Debug)]
pub struct InFlight {
    state: Mutex<State>,
    free: Condvar,
}

#[derive(Debug)]
struct State {
    pace: Pace,
    in_flight: u32,
    /// Nothing new starts.
    closed: bool,
}

/// The right to have one request in flight, until it is dropped.
#[derive(Debug)]
pub struct Permit<'a> {
    limit: &'a InFlight,
    sent_after: u64,
    /// How long it was waited for.
    pub waited: Duration,
}

impl InFlight {
    /// At most this many at once.
    pub fn new(most: u32) -> Self {
        Self {
            state: Mutex::new(State {
                pace: Pace::new(most),
                in_flight: 0,
                closed: false,
            }),
            free: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a permit. After [`InFlight::close`] only what has `started` gets one.
    pub fn acquire(&self, started: bool) -> Option<Permit<'_>> {
        let since = Instant::now();
        let full =
            |state: &mut State| (started || !state.closed) && state.in_flight >= state.pace.limit;
        let state = self.free.wait_while(self.lock(), full);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.closed && !started {
            return None;
        }
        state.in_flight += 1;
        Some(Permit {
            limit: self,
            sent_after: state.pace.lowered,
            waited: since.elapsed(),
        })
    }

    /// From now on nothing new starts; what has started goes on.
    pub fn close(&self) {
        self.lock().closed = true;
        self.free.notify_all();
    }
}

impl Permit<'_> {
    /// The request was answered.
    pub fn answered(&self) {
        self.limit.lock().pace.answered();
        self.limit.free.notify_all();
    }

    /// The request met the rate limit. Whether that was because of the others of
    /// this run, and how many there may be now.
    pub fn rate_limited(&self) -> (bool, u32) {
        let mut state = self.limit.lock();
        (state.pace.limited(self.sent_after), state.pace.limit)
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
        let mut pace = Pace::new(8);
        assert!(pace.limited(0));
        assert_eq!(pace.limit, 4);
        for _ in 0..3 {
            pace.answered();
            assert_eq!(pace.limit, 4);
        }
        pace.answered();
        assert_eq!(pace.limit, 5);
        for _ in 0..5 + 6 + 7 + 100 {
            pace.answered();
        }
        assert_eq!(pace.limit, 8, "never more than at first");
    }

    #[test]
    fn requests_that_were_out_together_lower_it_once() {
        let mut pace = Pace::new(50);
        for _ in 0..45 {
            assert!(pace.limited(0));
        }
        assert_eq!((pace.limit, pace.lowered), (25, 1));
        assert!(pace.limited(1));
        assert_eq!(pace.limit, 12);
    }

    #[test]
    fn one_is_the_least_and_then_the_limit_is_not_airxs_own_doing() {
        let mut pace = Pace::new(3);
        assert!(pace.limited(0));
        assert_eq!(pace.limit, 1);
        assert!(!pace.limited(1));
        assert_eq!(pace.limit, 1);
        assert_eq!(Pace::new(0).limit, 1);
    }

    #[test]
    fn once_closed_only_what_has_started_goes_on() {
        let limit = InFlight::new(1);
        let permit = limit.acquire(false).unwrap();
        limit.close();
        assert!(limit.acquire(false).is_none());
        drop(permit);
        assert!(limit.acquire(false).is_none());
        assert!(limit.acquire(true).is_some());
    }
}
