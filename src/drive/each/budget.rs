//! `--max-cost`: what was spent, and what the requests in flight may come to at
//! most, in units of 10^-12 of the currency.

/// What may be spent.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u128,
    spent: u128,
    /// Of what is in flight.
    reserved: u128,
}

impl Budget {
    pub(super) fn new(limit: u128) -> Self {
        Self {
            limit,
            spent: 0,
            reserved: 0,
        }
    }

    /// Whether something of this bound can be begun; then it is.
    pub(super) fn begin(&mut self, bound: u128) -> bool {
        let sum = self.spent.saturating_add(self.reserved);
        let fits = sum.saturating_add(bound) <= self.limit;
        if fits {
            self.reserved += bound;
        }
        fits
    }

    /// What was begun with this bound has ended, and cost this.
    pub(super) fn end(&mut self, bound: u128, cost: u128) {
        self.reserved -= bound;
        self.spent = self.spent.saturating_add(cost);
    }

    /// What was spent.
    pub(super) fn spent(&self) -> u128 {
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_flight_counts_at_its_bound_and_then_at_its_cost() {
        let mut budget = Budget::new(100);
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
}
