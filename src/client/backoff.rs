//! How long to wait before the next try, and when to give up.

use std::time::Duration;

use crate::api::error_codes::is_overload;
use crate::error::Failure;
use crate::event::Count;
use crate::exit::Class;

/// The longest first wait; it doubles with each attempt. Half of each wait is random.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// The first wait after an overload of the model, which can last for minutes.
const OVERLOAD_FIRST: Duration = Duration::from_secs(5);
const OVERLOAD_LONGEST: Duration = Duration::from_secs(40);

/// Counts the retries.
#[derive(Debug)]
pub(super) struct Backoff {
    retries: u32,
    used: u32,
    overloads: u32,
}

/// What to do after a failure.
#[derive(Debug)]
pub(super) enum Next {
    /// Try again after this long.
    Wait(Duration),
    /// Report this failure.
    GiveUp(Failure),
}

impl Backoff {
    /// The number of the next retry, and how many there may be.
    pub(super) fn count(&self) -> Count<'static> {
        Count::Retries(self.used, self.retries)
    }

    pub(super) fn new(retries: u32) -> Self {
        Self {
            retries,
            used: 0,
            overloads: 0,
        }
    }

    /// Decides on the next attempt; `left` is the time until the deadline. A rate limit
    /// of a `crowded` run is not counted, since fewer requests are sent from now on.
    pub(super) fn next(
        &mut self,
        failure: &Failure,
        left: Option<Duration>,
        crowded: bool,
    ) -> Next {
        let server = failure.server.as_deref();
        let overload = is_overload(server.and_then(|server| server.code.as_deref()));
        if self.retries == 0 || (!overload && !crowded && self.used >= self.retries) {
            return Next::GiveUp(failure.clone());
        }
        let own = if overload {
            let step = doubled(OVERLOAD_FIRST, self.overloads, OVERLOAD_LONGEST);
            self.overloads += 1;
            // At least the step, to spare the model, and a random part above it, so that
            // waiting clients do not all return at once.
            step + (step / 5).mul_f64(fastrand::f64())
        } else {
            let step = doubled(FIRST, self.used, LONGEST);
            self.used += u32::from(!crowded);
            step / 2 + (step / 2).mul_f64(fastrand::f64())
        };
        let asked = server.and_then(|server| server.retry_after);
        let wait = asked.unwrap_or(own);
        if left.is_none_or(|left| wait < left) {
            return Next::Wait(wait);
        }
        let mut failure = failure.clone();
        if let Some(asked) = asked {
            failure.class = Class::Busy;
            failure.hint = Some(format!(
                "the server asks to wait {} s, longer than the rest of --timeout",
                asked.as_secs()
            ));
        }
        Next::GiveUp(failure)
    }
}

fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    first
        .saturating_mul(2_u32.saturating_pow(times))
        .min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(code: &str, retry_after: Option<u64>) -> Failure {
        let mut failure = Failure::new(Class::Busy, "busy");
        failure.server_mut().code = Some(code.into());
        failure.server_mut().retry_after = retry_after.map(Duration::from_secs);
        failure
    }

    fn waits(backoff: &mut Backoff, failure: &Failure, left: u64) -> Option<Duration> {
        match backoff.next(failure, Some(Duration::from_secs(left)), false) {
            Next::Wait(wait) => Some(wait),
            Next::GiveUp(_) => None,
        }
    }

    #[test]
    fn the_waits_double_from_one_to_thirty_seconds_and_half_of_each_is_random() {
        let mut backoff = Backoff::new(7);
        for bound in [1, 2, 4, 8, 16, 30, 30] {
            let wait = waits(&mut backoff, &busy("1302", None), 300).unwrap();
            let bound = Duration::from_secs(bound);
            assert!(wait >= bound / 2 && wait <= bound, "{wait:?}");
        }
        assert_eq!(waits(&mut backoff, &busy("1302", None), 300), None);
    }

    #[test]
    fn five_retries_take_sixteen_to_thirty_one_seconds() {
        let sums = (0..100).map(|_| {
            let mut backoff = Backoff::new(5);
            let waits = std::iter::from_fn(|| waits(&mut backoff, &busy("1302", None), 300));
            waits.sum::<Duration>()
        });
        let sums: Vec<_> = sums.collect();
        let within = Duration::from_millis(15_500)..=Duration::from_secs(31);
        assert!(sums.iter().all(|sum| within.contains(sum)), "{sums:?}");
        assert_ne!(sums.iter().min(), sums.iter().max());
    }

    #[test]
    fn overload_is_not_counted_and_starts_at_five_seconds() {
        let mut backoff = Backoff::new(1);
        for bound in [5, 10, 20, 40, 40] {
            let wait = waits(&mut backoff, &busy("1305", None), 300).unwrap();
            assert!(
                wait >= Duration::from_secs(bound)
                    && wait <= Duration::from_secs(bound + bound / 5)
            );
        }
        assert!(waits(&mut backoff, &busy("1302", None), 300).is_some());
        assert_eq!(waits(&mut Backoff::new(0), &busy("1305", None), 300), None);
    }

    #[test]
    fn a_rate_limit_of_a_crowded_run_is_not_counted() {
        let (mut backoff, failure) = (Backoff::new(1), busy("1302", None));
        for _ in 0..9 {
            assert!(matches!(backoff.next(&failure, None, true), Next::Wait(_)));
        }
        assert!(matches!(backoff.next(&failure, None, false), Next::Wait(_)));
        let end = backoff.next(&failure, None, false);
        assert!(matches!(end, Next::GiveUp(_)));
        let none = Backoff::new(0).next(&failure, None, true);
        assert!(matches!(none, Next::GiveUp(_)));
    }

    #[test]
    fn the_server_s_wait_is_obeyed_unless_it_passes_the_deadline() {
        let mut backoff = Backoff::new(3);
        assert_eq!(
            waits(&mut backoff, &busy("1302", Some(0)), 300),
            Some(Duration::ZERO)
        );
        assert_eq!(
            waits(&mut backoff, &busy("1302", Some(7)), 300),
            Some(Duration::from_secs(7))
        );
        let Next::GiveUp(failure) = backoff.next(
            &busy("1302", Some(90)),
            Some(Duration::from_secs(60)),
            false,
        ) else {
            panic!("it waits past the deadline");
        };
        assert!(failure.hint.unwrap().contains("90 s"));
    }
}
