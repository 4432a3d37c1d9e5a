//! The ledgers of `--budget`: what was spent, and what requests in flight may still cost.
//!
//! The folder is `$XDG_STATE_HOME/airx`, else `~/.local/state/airx`. All its files have
//! mode 0600 and are read and changed only under an exclusive lock on `budget.lock`.
//!
//! `budget-CNY.json` is the ledger of a currency:
//!
//! ```json
//! {"v":1,
//!  "hour":{"since":"2026-11-30T22:00:00Z","spent":"0.0123"},
//!  "day":{"since":"2026-11-30T00:00:00Z","spent":"1.5"},
//!  "month":{"since":"2026-11-01T00:00:00Z","spent":"7.25"}}
//! ```
//!
//! A sum counts from `since` to the end of that period; after that it starts at zero. A
//! request counts in the periods in which it ends. The file is replaced in one step.
//!
//! `budget-CNY.in-flight-RANDOM` is a request in flight. It contains the most that the request may
//! cost, as a decimal number and a newline. Its process keeps it locked, and the kernel frees the
//! lock when the process ends, however it ends. An unlocked file is therefore left over from a dead
//! process: it counts as nothing, and the next run removes it. To settle a request, airx first
//! writes its cost to the ledger and then removes the file: after a kill between the two steps,
//! nothing counts twice.

use std::fs::File;
use std::io::{Read, Write};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::client::private_dir::{PrivateDir, Purpose};
use crate::error::Failure;
use crate::models;
use crate::settings::Period;

const VERSION: u8 = 1;
const LOCK: &str = "budget.lock";
/// The greatest length of a ledger or a reservation, in bytes.
const LENGTH_MAX: u64 = 4096;

/// The content of a ledger.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ledger {
    v: u8,
    hour: Sum,
    day: Sum,
    month: Sum,
}

/// What was spent in a period.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sum {
    /// The start of the period.
    pub(super) since: DateTime<Utc>,
    /// In units of 10^-12 of the currency.
    #[serde(with = "decimal")]
    pub(super) spent: u128,
}

mod decimal {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::models;

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(units: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&models::shown(*units))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        let text = String::deserialize(from)?;
        models::amount_of(&text).ok_or_else(|| D::Error::custom("an amount is wrong"))
    }
}

impl Ledger {
    fn new(now: DateTime<Utc>) -> Self {
        let [hour, day, month] = Period::ALL.map(|period| Sum {
            since: period.start(now),
            spent: 0,
        });
        Self {
            v: VERSION,
            hour,
            day,
            month,
        }
    }

    pub(super) fn of(&self, period: Period) -> Sum {
        match period {
            Period::Hour => self.hour,
            Period::Day => self.day,
            Period::Month => self.month,
        }
    }

    /// The sums of [`Period::ALL`].
    fn sums(&mut self) -> [&mut Sum; 3] {
        [&mut self.hour, &mut self.day, &mut self.month]
    }

    /// Sets the sums of periods that are over to zero. If the clock was set back, the sum of the
    /// later period stays, so that nothing spent is lost.
    fn advance(&mut self, now: DateTime<Utc>) {
        for (sum, period) in self.sums().into_iter().zip(Period::ALL) {
            let since = period.start(now);
            if since > sum.since {
                *sum = Sum { since, spent: 0 };
            }
        }
    }

    fn add(&mut self, cost: u128) {
        for sum in self.sums() {
            sum.spent = sum.spent.saturating_add(cost);
        }
    }
}

/// The folder of the ledgers, locked until it is dropped.
#[derive(Debug)]
pub(super) struct Ledgers {
    dir: PrivateDir,
    _lock: File,
}

/// The file of a request in flight.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) name: String,
    /// The open file, which keeps the lock.
    _file: File,
}

impl Ledgers {
    /// Opens and locks the folder. Makes it if it is missing. If it cannot be used: exit 2,
    /// or 1 if the disk is full.
    pub(super) fn open() -> Result<Self, Failure> {
        Self::in_dir(PrivateDir::open(Purpose::Ledgers)?)
    }

    fn in_dir(dir: PrivateDir) -> Result<Self, Failure> {
        let lock = dir.make_file(LOCK)?;
        Self::locked(dir, lock)
    }

    /// Like [`Self::open`], but returns `None` if no run has made the folder.
    pub(super) fn open_existing() -> Result<Option<Self>, Failure> {
        let Some(dir) = PrivateDir::open_existing(Purpose::Ledgers)? else {
            return Ok(None);
        };
        let lock = dir.file(LOCK)?;
        lock.map(|lock| Self::locked(dir, lock)).transpose()
    }

    fn locked(dir: PrivateDir, lock: File) -> Result<Self, Failure> {
        dir.lock(LOCK, &lock)?;
        Ok(Self { dir, _lock: lock })
    }

    /// The currencies that have a ledger or a request in flight, in order.
    pub(super) fn currencies(&self) -> Result<Vec<String>, Failure> {
        let names = self.dir.names()?;
        let code = |name: &String| {
            let (code, rest) = name.strip_prefix("budget-")?.split_once('.')?;
            (rest == "json" || rest.starts_with("in-flight-")).then(|| code.to_owned())
        };
        let mut currencies: Vec<String> = names.iter().filter_map(code).collect();
        currencies.sort();
        currencies.dedup();
        Ok(currencies)
    }

    /// The ledger of a currency at this time; a new one if there is none. A damaged ledger is an
    /// error (exit 2): airx never treats it as empty.
    pub(super) fn read(&self, currency: &str, now: DateTime<Utc>) -> Result<Ledger, Failure> {
        let name = ledger_name(currency);
        let Some(file) = self.dir.file(&name)? else {
            return Ok(Ledger::new(now));
        };
        let text = self.text(&name, &file)?;
        let ledger: Result<Ledger, _> = serde_json::from_slice(&text);
        let mut ledger = ledger.map_err(|why| self.damaged(&name, &why.to_string()))?;
        if ledger.v != VERSION {
            let why = format!("its version is {}, not {VERSION}", ledger.v);
            return Err(self.damaged(&name, &why));
        }
        ledger.advance(now);
        Ok(ledger)
    }

    fn text(&self, name: &str, file: &File) -> Result<Vec<u8>, Failure> {
        let mut text = Vec::new();
        file.take(LENGTH_MAX)
            .read_to_end(&mut text)
            .map_err(|error| self.dir.failed(name, &error))?;
        Ok(text)
    }

    fn damaged(&self, name: &str, why: &str) -> Failure {
        let path = self.dir.path(name);
        let what = format!(
            "--budget: the ledger {} cannot be read: {why}",
            path.display()
        );
        Failure::usage(what).hint("correct it, or remove it to count from zero")
    }

    /// The path of a ledger.
    pub(super) fn path(&self, currency: &str) -> String {
        let path = self.dir.path(&ledger_name(currency));
        path.display().to_string()
    }

    /// The most that the requests in flight may cost together. With `sweep`, removes the
    /// files of dead processes.
    pub(super) fn reserved(&self, currency: &str, sweep: bool) -> Result<u128, Failure> {
        let prefix = in_flight_prefix(currency);
        let mut sum: u128 = 0;
        let names = self.dir.names()?;
        for name in names.iter().filter(|name| name.starts_with(&prefix)) {
            let Some(file) = self.dir.file(name)? else {
                continue;
            };
            if !self.dir.try_lock(name, &file)? {
                let text = self.text(name, &file)?;
                let amount = std::str::from_utf8(&text).ok();
                let amount = amount.and_then(|text| models::amount_of(text.trim_end()));
                let wrong = || self.damaged(name, "it holds no amount");
                sum = sum.saturating_add(amount.ok_or_else(wrong)?);
            } else if sweep {
                self.dir.remove(name);
            }
        }
        Ok(sum)
    }

    /// Reserves this amount for a request of this process.
    pub(super) fn reserve(&self, currency: &str, bound: u128) -> Result<InFlight, Failure> {
        loop {
            let name = format!("{}{:016x}", in_flight_prefix(currency), fastrand::u64(..));
            if self.dir.file(&name)?.is_some() {
                continue;
            }
            let mut file = self.dir.make_file(&name)?;
            self.dir.lock(&name, &file)?;
            let text = format!("{}\n", models::shown(bound));
            if let Err(error) = file.write_all(text.as_bytes()) {
                self.dir.remove(&name);
                return Err(self.dir.failed(&name, &error));
            }
            return Ok(InFlight { name, _file: file });
        }
    }

    /// Adds the cost of a request that has ended, and drops its reservation.
    pub(super) fn settle(
        &self,
        currency: &str,
        request: &InFlight,
        cost: u128,
        now: DateTime<Utc>,
    ) -> Result<(), Failure> {
        if cost > 0 {
            let mut ledger = self.read(currency, now)?;
            ledger.add(cost);
            // Dates and decimal numbers: serialisation cannot fail.
            let mut text = serde_json::to_vec(&ledger).unwrap_or_default();
            text.push(b'\n');
            self.dir.replace(&ledger_name(currency), &text)?;
        }
        self.dir.remove(&request.name);
        Ok(())
    }
}

fn ledger_name(currency: &str) -> String {
    format!("budget-{currency}.json")
}

fn in_flight_prefix(currency: &str) -> String {
    format!("budget-{currency}.in-flight-")
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ledgers(folder: &tempfile::TempDir) -> Ledgers {
        let dir = PrivateDir::at(Purpose::Ledgers, folder.path().to_owned());
        Ledgers::in_dir(dir.unwrap()).unwrap()
    }

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// What was spent in the hour, the day and the month.
    fn spent(ledgers: &Ledgers, now: &str) -> [u128; 3] {
        let ledger = ledgers.read("CNY", time(now)).unwrap();
        Period::ALL.map(|period| ledger.of(period).spent)
    }

    fn spend(ledgers: &Ledgers, cost: u128, now: &str) {
        let request = ledgers.reserve("CNY", cost).unwrap();
        ledgers.settle("CNY", &request, cost, time(now)).unwrap();
    }

    #[test]
    fn a_sum_starts_at_zero_with_each_period() {
        let folder = tempfile::tempdir().unwrap();
        let ledgers = ledgers(&folder);
        spend(&ledgers, 1, "2026-11-30T21:59:59Z");
        spend(&ledgers, 10, "2026-11-30T22:00:00Z");
        assert_eq!(spent(&ledgers, "2026-11-30T22:59:59Z"), [10, 11, 11]);
        assert_eq!(spent(&ledgers, "2026-11-30T23:00:00Z"), [0, 11, 11]);
        spend(&ledgers, 100, "2026-12-01T00:00:00Z");
        assert_eq!(spent(&ledgers, "2026-12-01T00:30:00Z"), [100, 100, 100]);
        assert_eq!(spent(&ledgers, "2026-12-02T00:30:00Z"), [0, 0, 100]);
        assert_eq!(spent(&ledgers, "2027-12-02T00:30:00Z"), [0, 0, 0]);
    }

    #[test]
    fn a_clock_that_is_set_back_forgets_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let ledgers = ledgers(&folder);
        spend(&ledgers, 5, "2026-12-01T00:10:00Z");
        assert_eq!(spent(&ledgers, "2026-11-30T23:50:00Z"), [5, 5, 5]);
        spend(&ledgers, 2, "2026-11-30T23:50:00Z");
        assert_eq!(spent(&ledgers, "2026-12-01T00:20:00Z"), [7, 7, 7]);
    }

    #[test]
    fn the_ledger_is_the_documented_json() {
        let folder = tempfile::tempdir().unwrap();
        let ledgers = ledgers(&folder);
        spend(&ledgers, 1_500_000_000_000, "2026-11-30T22:10:00Z");
        let text = std::fs::read_to_string(folder.path().join("budget-CNY.json")).unwrap();
        let hour = r#""hour":{"since":"2026-11-30T22:00:00Z","spent":"1.5"}"#;
        let day = r#""day":{"since":"2026-11-30T00:00:00Z","spent":"1.5"}"#;
        let month = r#""month":{"since":"2026-11-01T00:00:00Z","spent":"1.5"}"#;
        assert_eq!(text, format!("{{\"v\":1,{hour},{day},{month}}}\n"));
    }

    #[test]
    fn a_reservation_counts_while_its_file_is_locked() {
        let folder = tempfile::tempdir().unwrap();
        let ledgers = ledgers(&folder);
        let files = || folder.path().read_dir().unwrap().count();
        let first = ledgers.reserve("CNY", 7).unwrap();
        let second = ledgers.reserve("CNY", 30).unwrap();
        let other = ledgers.reserve("USD", 100).unwrap();
        assert_eq!(ledgers.reserved("CNY", true).unwrap(), 37);
        // The same happens when the process is killed: the kernel frees the lock.
        drop(first);
        assert_eq!((ledgers.reserved("CNY", false).unwrap(), files()), (30, 4));
        assert_eq!((ledgers.reserved("CNY", true).unwrap(), files()), (30, 3));
        ledgers.settle("CNY", &second, 0, Utc::now()).unwrap();
        assert_eq!((ledgers.reserved("CNY", true).unwrap(), files()), (0, 2));
        assert_eq!(ledgers.currencies().unwrap(), ["USD"]);
        drop(other);
    }

    #[test]
    fn a_damaged_ledger_is_never_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let ledgers = ledgers(&folder);
        let sums = r#""hour":{"since":"2026-11-30T22:00:00Z","spent":"1"},"day":{"since":"2026-11-30T00:00:00Z","spent":"1"},"month":{"since":"2026-11-01T00:00:00Z","spent":"1"}"#;
        let valid = format!("{{\"v\":1,{sums}}}");
        let now = time("2026-11-30T22:10:00Z");
        let read = |text: &[u8]| {
            std::fs::write(folder.path().join("budget-CNY.json"), text).unwrap();
            ledgers.read("CNY", now).map(|ledger| ledger.hour.spent)
        };
        assert_eq!(read(valid.as_bytes()).unwrap(), 1_000_000_000_000);
        for end in 0..valid.len() {
            assert!(read(&valid.as_bytes()[..end]).is_err(), "{end}");
        }
        for wrong in [
            valid.replace("\"1\"", "\"-1\""),
            valid.replace("\"1\"", "1"),
            valid.replace("\"v\":1", "\"v\":2"),
            valid.replace("2026-11-30T22", "2026-13-30T22"),
            format!("{valid}{valid}"),
            "\0".repeat(200),
        ] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    proptest! {
        // Each step syncs a file.
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// The sums contain each cost in exactly the periods in which it was settled.
        #[test]
        fn sums_are_those_of_the_calendar(costs in prop::collection::vec((0_i64..200_000, 0_u64..1000), 1..40)) {
            let folder = tempfile::tempdir().unwrap();
            let ledgers = ledgers(&folder);
            let start = time("2026-11-30T00:00:00Z");
            let mut now = start;
            let mut known = Vec::new();
            for (seconds, cost) in costs {
                now += chrono::Duration::seconds(seconds);
                let request = ledgers.reserve("CNY", 1).unwrap();
                ledgers.settle("CNY", &request, cost.into(), now).unwrap();
                known.push((now, u128::from(cost)));
                let ledger = ledgers.read("CNY", now).unwrap();
                for period in Period::ALL {
                    let since = period.start(now);
                    let sum = known.iter().filter(|(at, _)| *at >= since).map(|(_, cost)| cost).sum::<u128>();
                    prop_assert_eq!(ledger.of(period).spent, sum);
                }
            }
        }
    }
}
