//! What the requests of one item count against `--max-cost`: the cost of their answers, or
//! the highest possible cost where the server reports none.

use super::max_cost::MaxCost;
use crate::api::usage::Usage;
use crate::event::Count;
use crate::exit::Class;
use crate::models::{self, Charge, PriceList};
use crate::request::CostBounds;

/// What was spent, in units of 10^-12 of the currency.
#[derive(Debug)]
pub(in crate::run) struct ItemCost {
    model: String,
    bounds: CostBounds,
    units: u128,
    last: Charge,
    /// The request in progress is not the first.
    later: bool,
    limit: Option<MaxCost>,
    /// The cost of failed tries, which the bounds do not include.
    pub(in crate::run) more: u128,
}

impl ItemCost {
    /// Starts at zero, with the price of `model` and these bounds.
    pub(in crate::run) fn new(model: String, bounds: CostBounds, limit: Option<MaxCost>) -> Self {
        Self {
            model,
            bounds,
            units: 0,
            last: Charge::Known(0),
            later: false,
            limit,
            more: 0,
        }
    }

    /// The next requests go to this model.
    pub(super) fn asks(&mut self, model: &str) {
        if self.model != model {
            model.clone_into(&mut self.model);
        }
    }

    /// Counts a request that is sent, and the tokens of its answer.
    pub(in crate::run) fn count(&mut self, what: &Count<'_>) {
        match what {
            Count::Request => self.request(),
            Count::Usage(usage, model, list) => self.usage(usage, model, *list),
            _ => {}
        }
    }

    /// A request is sent. It counts with its highest possible cost until the server reports one.
    pub(in crate::run) fn request(&mut self) {
        self.settle(false);
        self.last = Charge::Unknown;
    }

    /// The server has reported the tokens of its answer, from the model `answered`.
    pub(in crate::run) fn usage(&mut self, usage: &Usage, answered: &str, list: PriceList) {
        self.last = models::charge_of_answer(&self.model, answered, list, usage);
    }

    /// The last request failed with this class; `answered` is true if part of an answer came.
    pub(in crate::run) fn failed(&mut self, class: Class, answered: bool) {
        if models::is_free(class, answered) && self.last == Charge::Unknown {
            self.last = Charge::Known(0);
        }
    }

    /// The last request failed with this class and is to be repeated. Returns whether the
    /// budget allows that, after the cost of the failed try.
    pub(in crate::run) fn retry(&mut self, class: Class) -> bool {
        self.failed(class, false);
        let before = self.units;
        self.settle(false);
        let cost = self.units - before;
        let fits = self.limit.as_ref().is_none_or(|limit| limit.begin(cost));
        if fits {
            self.more = self.more.saturating_add(cost);
        }
        fits
    }

    /// The last request was answered, and the next one includes that answer.
    pub(in crate::run) fn round(&mut self) {
        self.settle(false);
        self.later = true;
    }

    /// The total cost; `empty` says whether the last answer was empty.
    pub(in crate::run) fn end(mut self, empty: bool) -> u128 {
        self.settle(empty);
        self.units
    }

    fn settle(&mut self, empty: bool) {
        let CostBounds { first, later, .. } = self.bounds;
        let bound = if self.later { later } else { first };
        let cost = self.last.settled(bound, empty);
        self.units = self.units.saturating_add(cost);
        self.last = Charge::Known(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// glm-4-airx, 10 CNY a million tokens: one token is 10^7 units.
    const TOKEN: u128 = 10_000_000;
    const BOUNDS: CostBounds = CostBounds {
        first: 500 * TOKEN,
        later: 700 * TOKEN,
        all: 1200 * TOKEN,
    };

    fn spent(of: impl FnOnce(&mut ItemCost)) -> u128 {
        let mut spent = ItemCost::new("glm-4-airx".to_owned(), BOUNDS, None);
        of(&mut spent);
        spent.end(false) / TOKEN
    }

    fn usage(prompt: u64, completion: u64, total: u64) -> Usage {
        Usage {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: total,
            ..Usage::default()
        }
    }

    #[test]
    fn a_request_counts_with_its_bound_until_usage_is_reported() {
        assert_eq!(spent(|_| ()), 0);
        assert_eq!(spent(ItemCost::request), 500);
        let cost_after = |usage: Usage| {
            spent(|spent| {
                spent.request();
                spent.usage(&usage, "glm-4-airx", PriceList::BigModel);
            })
        };
        assert_eq!(cost_after(usage(3, 4, 7)), 7);
        assert_eq!(cost_after(usage(3, 4, 0)), 7);
        assert_eq!(cost_after(usage(0, 0, 9)), 9);
        assert_eq!(cost_after(usage(3, 4, 10)), 10);
        for thin in [usage(0, 0, 0), usage(3, 0, 3), usage(0, 4, 4)] {
            assert_eq!(cost_after(thin), 500, "{thin:?}");
        }
    }

    #[test]
    fn an_empty_answer_costs_its_prompt() {
        let mut empty = ItemCost::new("glm-4-airx".to_owned(), BOUNDS, None);
        empty.request();
        empty.usage(&usage(3, 0, 3), "glm-4-airx", PriceList::BigModel);
        assert_eq!(empty.end(true), 3 * TOKEN);
    }

    #[test]
    fn what_was_refused_is_free_and_what_broke_off_is_not() {
        let failed = |class: Class, answered| {
            spent(|spent| {
                spent.request();
                spent.failed(class, answered);
                spent.request();
                spent.usage(&usage(3, 4, 7), "glm-4-airx", PriceList::BigModel);
            })
        };
        for class in [
            Class::Account,
            Class::Rejected,
            Class::Busy,
            Class::Usage,
            Class::Replay,
        ] {
            assert_eq!(failed(class, false), 7, "{class:?}");
        }
        assert_eq!(failed(Class::Blocked, false), 7);
        assert_eq!(failed(Class::Blocked, true), 507);
        assert_eq!(failed(Class::Incomplete, false), 507);
        assert_eq!(failed(Class::Network, false), 507);
    }

    #[test]
    fn requests_that_follow_have_a_bound_of_their_own() {
        let cost_of_two = |first: Option<Usage>| {
            spent(|spent| {
                spent.request();
                if let Some(usage) = first {
                    spent.usage(&usage, "glm-4-airx", PriceList::BigModel);
                }
                spent.round();
                spent.request();
            })
        };
        assert_eq!(cost_of_two(Some(usage(3, 4, 7))), 707);
        assert_eq!(cost_of_two(None), 1200);
    }
    #[test]
    fn another_try_is_made_where_there_is_money_for_it() {
        let limit = MaxCost::new(1000 * TOKEN);
        assert!(limit.begin(BOUNDS.first));
        let mut spent = ItemCost::new("glm-4-airx".to_owned(), BOUNDS, Some(limit.clone()));
        for (class, fits) in [
            (Class::Busy, true),
            (Class::Incomplete, true),
            (Class::Incomplete, false),
        ] {
            spent.request();
            assert_eq!(spent.retry(class), fits, "{class:?}");
        }
        assert_eq!(spent.more, BOUNDS.first);
        limit.end(BOUNDS.first + spent.more, spent.end(false));
        assert_eq!(limit.spent(), 1000 * TOKEN);
    }
}
