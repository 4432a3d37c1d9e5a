//! `--max-cost`: the limit that all requests of a run share, and the cost that the requests for one
//! answer count against it. Costs are in units of 10^-12 of the currency.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::answer::Answer;
use crate::api::usage::Usage;
use crate::error::Failure;
use crate::event::{Count, Event};
use crate::exit::Class;
use crate::models::{self, Charge, Cost, PriceList};
use crate::request::{CostBounds, CostLimit, PreparedRequest};

/// The limit, and the amounts that are spent and reserved.
#[derive(Debug, Clone)]
pub(super) struct MaxCost {
    limit: Arc<CostLimit>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    spent: u128,
    /// The highest possible cost of the requests in flight.
    reserved: u128,
    /// The highest cost of an item that exceeded its bound, because a dearer model answered.
    most: u128,
}

impl MaxCost {
    pub(super) fn new(limit: CostLimit) -> Self {
        Self {
            limit: Arc::new(limit),
            state: Arc::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The highest possible cost of a request with this body, and of the requests that follow it.
    pub(super) fn bounds(&self, request: &PreparedRequest, body: &[u8]) -> CostBounds {
        self.limit.bounds(request, body)
    }

    /// The bound, raised to the highest cost that exceeded a bound so far.
    fn bound(&self, bound: u128) -> u128 {
        bound.max(self.state().most)
    }

    /// Reserves an amount if the limit allows it; returns whether it did.
    fn reserve(&self, amount: u128) -> bool {
        let mut state = self.state();
        let sum = state.spent.saturating_add(state.reserved);
        let fits = sum.saturating_add(amount) <= self.limit.units;
        if fits {
            state.reserved += amount;
        }
        fits
    }

    /// Replaces the amount reserved for some work with the cost of that work, which has ended.
    fn end(&self, reserved: u128, cost: u128) {
        let mut state = self.state();
        state.reserved -= reserved;
        state.spent = state.spent.saturating_add(cost);
        if cost > reserved {
            state.most = state.most.max(cost);
        }
    }

    fn spent(&self) -> u128 {
        self.state().spent
    }

    /// The warning before the first request, if all of them may cost more than the limit.
    pub(super) fn warning(&self, cost: Cost) -> Option<String> {
        let (limit, amount) = (&self.limit.shown, cost.amount());
        (cost.units() > self.limit.units).then(|| {
            format!(
                "the run may cost {amount} {}, which is over --max-cost {limit}",
                cost.currency()
            )
        })
    }

    /// The failure if no part of a long input may be requested any more.
    pub(super) fn used_up(&self) -> Failure {
        let (limit, spent) = (&self.limit.shown, models::shown(self.spent()));
        let what =
            format!("--max-cost {limit}: the next request could exceed it; {spent} is spent");
        Failure::new(Class::Partial, what)
            .hint("raise --max-cost or lower --max-tokens; --dry-run estimates the cost")
    }

    /// The failure if the next item, with these bounds, may not be requested.
    pub(super) fn used_up_by_item(&self, bounds: CostBounds) -> Failure {
        self.limit.used_up(self.spent(), self.bound(bounds.all))
    }
}

/// The amount that the requests for one answer count against the limit: the cost of their answers,
/// or the highest possible cost if the server reports none.
#[derive(Debug)]
pub(super) struct ItemCost {
    max_cost: Option<MaxCost>,
    reserved: u128,
    /// The model that is asked.
    model: String,
    bounds: CostBounds,
    /// The cost of the requests before the last one.
    units: u128,
    last: Charge,
    /// The request in progress is not the first.
    later: bool,
}

impl ItemCost {
    /// Reserves the highest possible cost of requests with these bounds.
    ///
    /// # Errors
    /// The limit has no room for it.
    pub(super) fn reserve<'a>(
        max_cost: Option<&'a MaxCost>,
        model: &str,
        bounds: CostBounds,
    ) -> Result<Self, &'a MaxCost> {
        let mut reserved = 0;
        if let Some(max_cost) = max_cost {
            reserved = max_cost.bound(bounds.all);
            if !max_cost.reserve(reserved) {
                return Err(max_cost);
            }
        }
        Ok(Self {
            max_cost: max_cost.cloned(),
            reserved,
            model: model.to_owned(),
            bounds,
            units: 0,
            last: Charge::Known(0),
            later: false,
        })
    }

    /// Notes that another request follows.
    ///
    /// # Errors
    /// The request is to be repeated, and the limit has no room for that.
    pub(super) fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        match event {
            Event::Retry {
                class,
                http_status,
                code,
                message,
                model,
                ..
            } => {
                if !self.retry(*class) {
                    let mut failure = Failure::new(*class, *message)
                        .hint("--max-cost leaves no room for another try: raise it");
                    let server = failure.server_mut();
                    server.http_status = *http_status;
                    server.code = code.map(str::to_owned);
                    return Err(failure);
                }
                if let Some(model) = model.filter(|model| *model != self.model) {
                    model.clone_into(&mut self.model);
                }
            }
            Event::Round { .. } => self.round(),
            _ => {}
        }
        Ok(())
    }

    /// Counts a request that is sent, and the tokens of its answer.
    pub(super) fn count(&mut self, what: &Count<'_>) {
        match what {
            Count::Request => self.request(),
            Count::Usage(usage, model, list) => self.usage(usage, model, *list),
            _ => {}
        }
    }

    /// Counts a request that is sent, with its highest possible cost until the server reports its
    /// tokens.
    fn request(&mut self) {
        self.settle(false);
        self.last = Charge::Unknown;
    }

    /// Counts the tokens that the server reports for the answer of the model `answered`.
    fn usage(&mut self, usage: &Usage, answered: &str, list: PriceList) {
        self.last = models::charge_of_answer(&self.model, answered, list, usage);
    }

    /// Handles the failure of the last request. `answered` is true if part of an answer arrived.
    fn failed(&mut self, class: Class, answered: bool) {
        if models::is_free(class, answered) && self.last == Charge::Unknown {
            self.last = Charge::Known(0);
        }
    }

    /// Counts the last request, which failed with this class. Returns whether the limit
    /// still allows another try.
    fn retry(&mut self, class: Class) -> bool {
        self.failed(class, false);
        let before = self.units;
        self.settle(false);
        let cost = self.units - before;
        let limit = self.max_cost.as_ref();
        let fits = limit.is_none_or(|limit| limit.reserve(cost));
        if fits {
            self.reserved = self.reserved.saturating_add(cost);
        }
        fits
    }

    /// Counts the last request, which was answered. The next one includes that answer.
    fn round(&mut self) {
        self.settle(false);
        self.later = true;
    }

    /// Ends the requests with this result. Replaces the reserved amount with their cost.
    pub(super) fn end(mut self, result: &Result<Answer, Failure>) {
        let is_empty = match result {
            Ok(answer) => {
                let Answer {
                    text,
                    reasoning,
                    calls,
                    ..
                } = answer;
                text.is_empty() && reasoning.is_empty() && calls.is_empty()
            }
            Err(failure) => {
                let server = failure.server.as_ref();
                let answered = server.is_some_and(|server| server.finish_reason.is_some());
                self.failed(failure.class, answered);
                failure.class == Class::Blocked
            }
        };
        self.settle(is_empty);
        if let Some(max_cost) = &self.max_cost {
            max_cost.end(self.reserved, self.units);
        }
    }

    /// Adds the cost of the last request. `empty` says whether its answer was empty.
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
    use crate::api::request::Request;
    use crate::tools::Toolbox;

    /// glm-4-airx, 10 CNY a million tokens: one token is 10^7 units.
    const TOKEN: u128 = 10_000_000;
    const BOUNDS: CostBounds = CostBounds {
        first: 500 * TOKEN,
        later: 700 * TOKEN,
        all: 1200 * TOKEN,
    };

    fn max_cost(amount: &str) -> MaxCost {
        let request = PreparedRequest {
            command: "chat",
            request: Request {
                model: "glm-4-airx".to_owned(),
                ..Request::default()
            },
            fallback: Vec::new(),
            accept: Vec::new(),
            allow_empty: false,
            toolbox: Arc::new(Toolbox::default()),
        };
        MaxCost::new(CostLimit::new(amount, &request, None, 1).unwrap())
    }

    fn answer(text: &str) -> Answer {
        let mut answer = Answer::default();
        text.clone_into(&mut answer.text);
        answer
    }

    fn spent(of: impl FnOnce(&mut ItemCost)) -> u128 {
        spent_for(answer("text"), of)
    }

    fn spent_for(answer: Answer, of: impl FnOnce(&mut ItemCost)) -> u128 {
        let max_cost = max_cost("1");
        let mut cost = ItemCost::reserve(Some(&max_cost), "glm-4-airx", BOUNDS).unwrap();
        of(&mut cost);
        cost.end(&Ok(answer));
        max_cost.spent() / TOKEN
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
    fn what_is_in_flight_counts_at_its_bound_and_then_at_its_cost() {
        let budget = max_cost("0.0000000001");
        assert!(budget.reserve(60));
        assert!(!budget.reserve(41));
        assert!(budget.reserve(40));
        budget.end(60, 10);
        assert!(budget.reserve(50) && !budget.reserve(1));
        budget.end(40, 40);
        budget.end(50, 50);
        assert_eq!(budget.spent(), 100);
        assert!(budget.reserve(0) && !budget.reserve(1));
        assert!(!budget.reserve(u128::MAX));
    }

    #[test]
    fn what_has_cost_more_than_its_bound_raises_the_next_ones() {
        let budget = max_cost("0.0000000001");
        assert!(budget.reserve(10));
        budget.end(10, 40);
        assert_eq!((budget.bound(10), budget.bound(50)), (40, 50));
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
        let cost = spent_for(answer(""), |spent| {
            spent.request();
            spent.usage(&usage(3, 0, 3), "glm-4-airx", PriceList::BigModel);
        });
        assert_eq!(cost, 3);
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
        let limit = max_cost("0.01");
        let bounds = CostBounds {
            all: BOUNDS.first,
            ..BOUNDS
        };
        let mut spent = ItemCost::reserve(Some(&limit), "glm-4-airx", bounds).unwrap();
        for (class, fits) in [
            (Class::Busy, true),
            (Class::Incomplete, true),
            (Class::Incomplete, false),
        ] {
            spent.request();
            assert_eq!(spent.retry(class), fits, "{class:?}");
        }
        assert_eq!(spent.reserved, 2 * BOUNDS.first);
        spent.end(&Ok(answer("text")));
        assert_eq!(limit.spent(), 1000 * TOKEN);
    }
}
