//! `--budget`: reserves the most that a request may cost before it is sent, over all airx
//! processes of this user, and counts what it cost when it has ended.

mod ledger;

use std::fmt::{self, Display};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, Utc};

use super::AnswerRequest;
use crate::answer::Answer;
use crate::api::request::Request;
use crate::error::Failure;
use crate::event::{Level, Sink};
use crate::exit::Class;
use crate::models::{self, Charge, PriceList};
use crate::settings::{Budget, Connection, Period};

use ledger::{InFlight, Ledgers, Sum};

/// The first and the longest pause between two reads of the ledger.
const SOON: Duration = Duration::from_millis(2);
const LATEST: Duration = Duration::from_millis(100);

/// The right to send one request. If its process is killed before
/// [`Reservation::settle`], the next run drops it.
#[derive(Debug)]
pub(super) struct Reservation {
    name: String,
    price: Price,
}

/// The requests of this process that are in flight. The mutex is locked while a request is settled,
/// so that none is settled twice.
static IN_FLIGHT: Mutex<Vec<(InFlight, Price)>> = Mutex::new(Vec::new());

fn in_flight() -> MutexGuard<'static, Vec<(InFlight, Price)>> {
    IN_FLIGHT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// At the end of the process, counts each request still in flight with the most that it may cost: a
/// signal or a closed output ended the run before the answer.
pub fn settle_all() {
    let mut in_flight = in_flight();
    if in_flight.is_empty() {
        return;
    }
    // If the ledger cannot be written, the run is over and cannot report it.
    if let Ok(ledgers) = Ledgers::open() {
        for (request, price) in in_flight.drain(..) {
            let _ = ledgers.settle(price.currency, &request, price.bound, Utc::now());
        }
    }
}

/// What a request may cost.
#[derive(Debug, Clone, Copy)]
struct Price {
    currency: &'static str,
    list: PriceList,
    /// The upper bound, in units of 10^-12.
    bound: u128,
}

/// Reserves what this request may cost. Returns `None` without `--budget`. A budget that is
/// used up is exit 3.
///
/// If requests in flight may use up the rest of the budget, waits until they have ended, but not
/// longer than `--timeout`.
pub(super) fn reserve(
    connection: &Connection,
    request: &Request,
    body: &[u8],
    sink: &mut dyn Sink,
) -> Result<Option<Reservation>, Failure> {
    let Some(budget) = connection.budget else {
        return Ok(None);
    };
    let list = connection.endpoint.price_list();
    let bound = models::request_bounds(request, &request.model, body, list).first;
    let unknown = || {
        Failure::usage(format!(
            "--budget: the price of {} is not known",
            request.model
        ))
    };
    let price = Price {
        currency: models::currency(&request.model, list).ok_or_else(unknown)?,
        list,
        bound: bound.unwrap_or(u128::MAX),
    };
    let started = Instant::now();
    let mut pause = SOON;
    loop {
        let (now, ledgers) = (Utc::now(), Ledgers::open()?);
        let state = State::read(&ledgers, budget, price, now)?;
        let may_wait = |most| started.elapsed() < most;
        match state.verdict() {
            Verdict::Fits => {
                #[cfg(unix)]
                crate::signals::at_end(settle_all);
                let request = ledgers.reserve(price.currency, price.bound)?;
                drop(ledgers);
                let name = request.name.clone();
                in_flight().push((request, price));
                sink.note(Level::Verbose, &state);
                return Ok(Some(Reservation { name, price }));
            }
            Verdict::Crowded if connection.timeouts.total.is_none_or(may_wait) => {}
            Verdict::Crowded | Verdict::UsedUp => return Err(state.used_up(now, &ledgers)),
        }
        drop(ledgers);
        if pause == SOON {
            let text = format!("* waiting for requests in flight (--budget {budget})");
            sink.note(Level::Verbose, &text);
            sink.flush()?;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(LATEST);
    }
}

impl Reservation {
    /// Counts what the request cost, and drops the reservation. If the ledger cannot be
    /// written: exit 1.
    pub(super) fn settle(
        self,
        wanted: &AnswerRequest<'_>,
        answer: &Answer,
        result: &Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Price {
            currency,
            list,
            bound,
        } = self.price;
        let charge = charge(&wanted.request.model, list, answer, result.as_ref().err());
        let cost = charge.settled(bound, answer.has_nothing());
        let mut in_flight = in_flight();
        let at = in_flight
            .iter()
            .position(|(request, _)| request.name == self.name);
        let Some((request, _)) = at.map(|at| in_flight.swap_remove(at)) else {
            return Ok(());
        };
        let settled = Ledgers::open()
            .and_then(|ledgers| ledgers.settle(currency, &request, cost, Utc::now()));
        settled.map_err(|failure| Failure {
            class: Class::Internal,
            message: format!(
                "{}; the cost of this request, {} {currency}, is not counted",
                failure.message,
                models::shown(cost)
            ),
            ..failure
        })
    }
}

/// Returns what to count for a request that has ended.
fn charge(asked: &str, list: PriceList, answer: &Answer, failure: Option<&Failure>) -> Charge {
    let usage = answer.usage.as_ref().map(|usage| {
        let answered = answer.model.as_deref().unwrap_or(asked);
        models::charge_of_answer(asked, answered, list, usage)
    });
    let charge = usage.unwrap_or(Charge::Unknown);
    let answered = answer.finish_reason.is_some() || !answer.has_nothing();
    let free =
        failure.is_some_and(|failure| failure.unsent || models::is_free(failure.class, answered));
    if free && charge == Charge::Unknown {
        Charge::Known(0)
    } else {
        charge
    }
}

/// The state of a budget at one moment, and what a request may cost.
#[derive(Debug)]
struct State {
    budget: Budget,
    price: Price,
    sum: Sum,
    /// The most that other requests in flight may cost.
    reserved: u128,
}

/// The line of --verbose.
impl Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { budget, price, .. } = self;
        let [spent, reserved, bound] =
            [self.sum.spent, self.reserved, price.bound].map(models::shown);
        write!(
            out,
            "* budget {budget}: {spent} {} spent, {reserved} reserved by others; this request may \
             cost {bound}",
            price.currency
        )
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The request may be sent.
    Fits,
    /// It may be sent only if requests in flight cost less than their upper bounds.
    Crowded,
    UsedUp,
}

impl State {
    fn read(
        ledgers: &Ledgers,
        budget: Budget,
        price: Price,
        now: DateTime<Utc>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            budget,
            price,
            sum: ledgers.read(price.currency, now)?.of(budget.period),
            reserved: ledgers.reserved(price.currency, true)?,
        })
    }

    fn verdict(&self) -> Verdict {
        let fits = |sum: u128| sum.saturating_add(self.price.bound) <= self.budget.units;
        // A free model does not use up anything.
        if self.price.bound == 0 || fits(self.sum.spent.saturating_add(self.reserved)) {
            Verdict::Fits
        } else if fits(self.sum.spent) {
            Verdict::Crowded
        } else {
            Verdict::UsedUp
        }
    }

    fn used_up(&self, now: DateTime<Utc>, ledgers: &Ledgers) -> Failure {
        let Self { budget, price, .. } = self;
        let currency = price.currency;
        let (bound, spent) = (models::shown(price.bound), models::shown(self.sum.spent));
        if price.bound > budget.units {
            let what = format!("--budget {budget}: this request alone may cost {bound} {currency}");
            return Failure::new(Class::Account, what).hint(format!(
                "this request alone is over the budget of {}: lower --max-tokens, or raise \
                 --budget",
                budget.period.with_article()
            ));
        }
        let reserved = match self.verdict() {
            Verdict::Crowded => {
                let reserved = models::shown(self.reserved);
                format!(", {reserved} is reserved by requests in flight")
            }
            _ => String::new(),
        };
        let what = format!(
            "--budget {budget} is used up: {spent} {currency} is spent{reserved}, and this \
             request may cost {bound}"
        );
        let until = budget.period.end(self.sum.since);
        let frees = format!(
            "the budget is free again at {} UTC, in {}; until then a request with a lower \
             --max-tokens may fit; airx budget shows the sums",
            until.format("%Y-%m-%d %H:%M"),
            time_left(until, now)
        );
        let hint = if self.sum.since > budget.period.start(now) {
            let path = ledgers.path(currency);
            format!(
                "{frees}. The ledger is ahead of the clock: if the clock is right, remove {path}"
            )
        } else {
            frees
        };
        Failure::new(Class::Account, what).hint(hint)
    }
}

/// The time from `now` until `until`, in the two largest units.
fn time_left(until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (until - now.trunc_subsecs(0)).num_seconds().max(0);
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => format!("{minutes} min {rest} s"),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// The sums of one currency in one period.
#[derive(Debug)]
pub struct Summary {
    /// ISO 4217 code.
    pub currency: String,
    /// The period.
    pub period: Period,
    /// Its start.
    pub since: DateTime<Utc>,
    /// Its end.
    pub until: DateTime<Utc>,
    /// What was spent, in units of 10^-12.
    pub spent: u128,
    /// The most that requests in flight may cost.
    pub reserved: u128,
}

/// Returns the sums in the ledgers of this user. Changes nothing.
///
/// # Errors
/// A ledger cannot be read: exit 2.
pub fn summaries(now: DateTime<Utc>) -> Result<Vec<Summary>, Failure> {
    let Some(ledgers) = Ledgers::open_existing()? else {
        return Ok(Vec::new());
    };
    let mut summaries = Vec::new();
    for currency in ledgers.currencies()? {
        let ledger = ledgers.read(&currency, now)?;
        let reserved = ledgers.reserved(&currency, false)?;
        summaries.extend(Period::ALL.map(|period| {
            let Sum { since, spent } = ledger.of(period);
            Summary {
                currency: currency.clone(),
                period,
                since,
                until: period.end(since),
                spent,
                reserved,
            }
        }));
    }
    Ok(summaries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(budget: u128, spent: u128, reserved: u128, bound: u128) -> State {
        let since = "2026-11-30T00:00:00Z".parse().unwrap();
        State {
            budget: Budget {
                units: budget,
                period: Period::Day,
            },
            price: Price {
                currency: "CNY",
                list: PriceList::BigModel,
                bound,
            },
            sum: Sum { since, spent },
            reserved,
        }
    }

    #[test]
    fn a_request_waits_for_others_only_if_they_may_leave_room_for_it() {
        for (spent, reserved, bound, verdict) in [
            (0, 0, 100, Verdict::Fits),
            (60, 30, 10, Verdict::Fits),
            (60, 31, 10, Verdict::Crowded),
            (90, 1000, 10, Verdict::Crowded),
            (91, 0, 10, Verdict::UsedUp),
            (91, 1000, 10, Verdict::UsedUp),
            (0, 0, 101, Verdict::UsedUp),
            (500, 500, 0, Verdict::Fits),
            (u128::MAX, u128::MAX, u128::MAX, Verdict::UsedUp),
        ] {
            let found = state(100, spent, reserved, bound).verdict();
            assert_eq!(found, verdict, "{spent} {reserved} {bound}");
        }
    }

    #[test]
    fn the_time_left_has_two_units() {
        for (until, shown) in [
            ("2026-11-30T22:00:30Z", "30 s"),
            ("2026-11-30T22:59:00Z", "59 min 0 s"),
            ("2026-12-01T00:00:00Z", "2 h 0 min"),
            ("2026-12-12T01:00:00Z", "11 d 3 h"),
            ("2026-11-30T21:00:00Z", "0 s"),
        ] {
            let now = "2026-11-30T22:00:00.9Z".parse().unwrap();
            assert_eq!(time_left(until.parse().unwrap(), now), shown);
        }
    }
}
