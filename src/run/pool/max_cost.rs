//! `--max-cost`: the cost so far, and the highest possible cost of the requests in flight, in
//! units of 10^-12 of the currency.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The limit that all items share.
#[derive(Debug, Clone)]
pub(in crate::run) struct MaxCost(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    limit: u128,
    spent: u128,
    /// The bounds of the items in flight.
    reserved: u128,
    /// The highest cost of an item that exceeded its bound, because a dearer model answered.
    most: u128,
}

impl MaxCost {
    pub(in crate::run) fn new(limit: u128) -> Self {
        Self(Arc::new(Mutex::new(State {
            limit,
            spent: 0,
            reserved: 0,
            most: 0,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bound, raised to the highest cost that exceeded a bound so far.
    pub(in crate::run) fn bound(&self, bound: u128) -> u128 {
        bound.max(self.state().most)
    }

    /// Reserves the bound if the budget allows it; returns whether it did.
    pub(in crate::run) fn begin(&self, bound: u128) -> bool {
        let mut state = self.state();
        let sum = state.spent.saturating_add(state.reserved);
        let fits = sum.saturating_add(bound) <= state.limit;
        if fits {
            state.reserved += bound;
        }
        fits
    }

    /// The work reserved with this bound has ended, and cost this.
    pub(in crate::run) fn end(&self, bound: u128, cost: u128) {
        let mut state = self.state();
        state.reserved -= bound;
        state.spent = state.spent.saturating_add(cost);
        if cost > bound {
            state.most = state.most.max(cost);
        }
    }

    /// The cost so far.
    pub(in crate::run) fn spent(&self) -> u128 {
        self.state().spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_flight_counts_at_its_bound_and_then_at_its_cost() {
        let budget = MaxCost::new(100);
        assert!(budget.begin(60));
        assert!(!budget.begin(41));
        assert!(budget.begin(40));
        budget.end(60, 10);
        assert!(budget.begin(50) && !budget.begin(1));
        budget.end(40, 40);
        budget.end(50, 50);
        assert_eq!(budget.spent(), 100);
        assert!(budget.begin(0) && !budget.begin(1));
        assert!(!budget.begin(u128::MAX));
    }

    #[test]
    fn what_has_cost_more_than_its_bound_raises_the_next_ones() {
        let budget = MaxCost::new(100);
        assert!(budget.begin(10));
        budget.end(10, 40);
        assert_eq!((budget.bound(10), budget.bound(50)), (40, 50));
    }
}
