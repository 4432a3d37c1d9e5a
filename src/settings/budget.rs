//! `--budget AMOUNT/PERIOD`: the most that the runs of airx may spend in a calendar period.

use std::fmt;

use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, NaiveTime, Timelike, Utc};

use super::Merged;
use crate::error::{Failure, Origin};
use crate::models;

/// The value that cancels a budget from a lower layer.
const NONE: &str = "none";

/// A budget. Its currency is that of the model's price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The amount, in units of 10^-12 of the currency.
    pub units: u128,
    /// The period in which it may be spent.
    pub period: Period,
}

/// A calendar period, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// From minute 0.
    Hour,
    /// From midnight.
    Day,
    /// From the first day.
    Month,
}

impl Period {
    /// Every period, the shortest first.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    /// The name, as in `20/day`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The name in a sentence.
    pub fn with_article(self) -> &'static str {
        match self {
            Self::Hour => "an hour",
            Self::Day => "a day",
            Self::Month => "a month",
        }
    }

    /// The start of the period that `now` is in.
    pub fn start(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let date = match self {
            Self::Month => {
                NaiveDate::from_ymd_opt(now.year(), now.month(), 1).unwrap_or(now.date_naive())
            }
            _ => now.date_naive(),
        };
        let hour = match self {
            Self::Hour => i64::from(now.hour()),
            _ => 0,
        };
        date.and_time(NaiveTime::MIN).and_utc() + Duration::hours(hour)
    }

    /// The end of the period that starts at `start`.
    pub fn end(self, start: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Hour => start + Duration::hours(1),
            Self::Day => start + Duration::days(1),
            Self::Month => start + Months::new(1),
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", models::shown(self.units), self.period.name())
    }
}

impl Budget {
    /// Reads `20/day`. Returns `None` for `none`.
    ///
    /// # Errors
    /// What is wrong with it.
    fn parse(text: &str) -> Result<Option<Self>, String> {
        if text == NONE {
            return Ok(None);
        }
        let Some((amount, period)) = text.split_once('/') else {
            return Err("it has no period".to_owned());
        };
        let found = Period::ALL.into_iter().find(|known| known.name() == period);
        let period = found.ok_or_else(|| format!("'{period}' is not a period"))?;
        let units = models::amount_of(amount)
            .ok_or_else(|| format!("'{amount}' is not an amount with at most 12 decimals"))?;
        Ok(Some(Self { units, period }))
    }
}

/// Reads the merged option.
///
/// # Errors
/// It is not written like `20/day`: exit 2.
pub fn resolve(text: Option<&str>, merged: &Merged) -> Result<Option<Budget>, Failure> {
    let Some(text) = text else {
        return Ok(None);
    };
    Budget::parse(text).map_err(|why| {
        let name = match merged.origin("budget") {
            Origin::Variable(name) => name,
            _ => "--budget",
        };
        Failure::usage(format!("{name} {text:?}: {why}"))
            .about("budget")
            .hint("write an amount and /hour, /day or /month, like 20/day; none is no budget")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_budget_is_an_amount_and_a_period() {
        for (text, units, period) in [
            ("20/day", 20_000_000_000_000, Period::Day),
            ("0.5/hour", 500_000_000_000, Period::Hour),
            ("0/month", 0, Period::Month),
        ] {
            let budget = Budget::parse(text).unwrap().unwrap();
            assert_eq!(budget, Budget { units, period });
            assert_eq!(budget.to_string(), text);
        }
        assert_eq!(Budget::parse("none"), Ok(None));
        for wrong in [
            "",
            "20",
            "/day",
            "20/",
            "20/week",
            "20/Day",
            "20 /day",
            "20/ day",
            "-1/day",
            "20CNY/day",
            "1e3/day",
            "20/day/hour",
            "None",
        ] {
            assert!(Budget::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn periods_are_those_of_the_calendar() {
        for (period, now, start, end) in [
            (
                Period::Hour,
                "2026-12-31T23:59:59Z",
                "2026-12-31T23:00:00Z",
                "2027-01-01T00:00:00Z",
            ),
            (
                Period::Hour,
                "2026-03-29T01:00:00Z",
                "2026-03-29T01:00:00Z",
                "2026-03-29T02:00:00Z",
            ),
            (
                Period::Day,
                "2026-12-31T23:59:59Z",
                "2026-12-31T00:00:00Z",
                "2027-01-01T00:00:00Z",
            ),
            (
                Period::Day,
                "2028-02-28T12:00:00Z",
                "2028-02-28T00:00:00Z",
                "2028-02-29T00:00:00Z",
            ),
            (
                Period::Month,
                "2028-02-29T12:00:00Z",
                "2028-02-01T00:00:00Z",
                "2028-03-01T00:00:00Z",
            ),
            (
                Period::Month,
                "2026-12-01T00:00:00Z",
                "2026-12-01T00:00:00Z",
                "2027-01-01T00:00:00Z",
            ),
        ] {
            assert_eq!(period.start(time(now)), time(start), "{period:?} {now}");
            assert_eq!(period.end(time(start)), time(end), "{period:?} {now}");
        }
    }
}
