//! `--max-cost` for the requests of `--split`.

use crate::error::Failure;
use crate::exit::Class;
use crate::models::{self, Cost};
use crate::request::{CostBounds, CostLimit, PreparedRequest};
use crate::run::pool::max_cost::MaxCost;

/// The limit, and what is spent and reserved of it.
#[derive(Debug, Clone)]
pub(super) struct PartCosts {
    limit: CostLimit,
    pub(super) budget: MaxCost,
}

impl PartCosts {
    pub(super) fn new(limit: CostLimit) -> Self {
        let budget = MaxCost::new(limit.units);
        Self { limit, budget }
    }

    /// Reserves what a request may cost: its bounds, and the amount. `None` if the limit has no
    /// room for it.
    pub(super) fn reserve(&self, request: &PreparedRequest) -> Option<(CostBounds, u128)> {
        let bounds = self.limit.bounds(request, &request.request.body());
        let amount = self.budget.bound(bounds.all);
        self.budget.begin(amount).then_some((bounds, amount))
    }

    /// What to know before the first request, if all of them may cost this.
    pub(super) fn warning(&self, cost: Cost) -> Option<String> {
        let (limit, amount) = (&self.limit.shown, cost.amount());
        (cost.units() > self.limit.units).then(|| {
            format!(
                "the run may cost {amount} {}, which is over --max-cost {limit}",
                cost.currency()
            )
        })
    }

    /// The failure when no further request may start.
    pub(super) fn used_up(&self) -> Failure {
        let (limit, spent) = (&self.limit.shown, models::shown(self.budget.spent()));
        let what =
            format!("--max-cost {limit}: the next request could exceed it; {spent} is spent");
        Failure::new(Class::Partial, what)
            .hint("raise --max-cost or lower --max-tokens; --dry-run estimates the cost")
    }
}
