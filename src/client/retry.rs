//! Retries a request until there is an answer, the retries are used up or the deadline
//! has passed, and waits before each retry.

use std::time::{Duration, SystemTime};

use super::RequestSeries;
use super::transport::Transport;
use crate::api::error_codes::is_overload;
use crate::error::{Failure, Server};
use crate::event::{Count, Event, Level, Sink};
use crate::exit::Class;

/// The longest first wait; it doubles with each attempt. Half of each wait is random.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// The first wait after an overload of the model, which can last for minutes.
const OVERLOAD_FIRST: Duration = Duration::from_secs(5);
const OVERLOAD_LONGEST: Duration = Duration::from_secs(40);

/// An attempt that failed.
pub(super) struct Failed<E> {
    pub(super) failure: Failure,
    /// Whether another attempt may succeed.
    pub(super) may_retry: bool,
    /// What the caller receives together with the failure.
    pub(super) detail: E,
}

/// Makes attempts until one succeeds. Once a part of the answer was printed, there is no
/// other attempt. `model` is the name for events.
pub(super) fn retry<T, E>(
    model: Option<&str>,
    series: &mut RequestSeries,
    transport: &mut Transport,
    sink: &mut dyn Sink,
    mut attempt: impl FnMut(&mut RequestSeries, &mut Transport, &mut dyn Sink) -> Result<T, Failed<E>>,
) -> Result<T, Failed<E>> {
    let mut backoff = Backoff::new(transport.connection().retries);
    loop {
        let failed = match attempt(series, transport, sink) {
            Err(failed) if failed.may_retry && !sink.printed() => failed,
            ended => return ended,
        };
        let wait = backoff.wait(&failed.failure, series.left(), series.crowded);
        let announced = wait.and_then(|wait| {
            sink.count(Count::Retries(backoff.used, backoff.retries));
            let next = NextRequest {
                number: series.requests + 1,
                wait,
                model,
                replaced: None,
            };
            next.announce(&failed.failure, sink).map(|()| wait)
        });
        match announced {
            Ok(wait) if !transport.replays() => std::thread::sleep(wait),
            Ok(_) => {}
            Err(failure) => return Err(Failed { failure, ..failed }),
        }
    }
}

/// The request after a failed one.
pub(super) struct NextRequest<'a> {
    pub(super) number: u32,
    /// How long after the failure it is sent.
    pub(super) wait: Duration,
    /// The model that it asks, if it asks one.
    pub(super) model: Option<&'a str>,
    /// The model that was asked before, if that was another.
    pub(super) replaced: Option<&'a str>,
}

impl NextRequest<'_> {
    /// Reports the failure and the request.
    pub(super) fn announce(&self, failure: &Failure, sink: &mut dyn Sink) -> Result<(), Failure> {
        let none = Server::default();
        let server = failure.server.as_deref().unwrap_or(&none);
        let Self { number, model, .. } = *self;
        let after_ms = u64::try_from(self.wait.as_millis()).unwrap_or(u64::MAX);
        sink.event(&Event::Retry {
            request: number,
            after_ms,
            class: failure.class,
            http_status: server.http_status,
            code: server.code.as_deref(),
            message: &failure.message,
            model,
        })?;
        let follows = match (model, self.replaced) {
            (Some(model), Some(replaced)) => format!("asks {model} in place of {replaced}"),
            _ => format!("follows in {after_ms} ms"),
        };
        let text = format_args!("* {failure}; request {number} {follows}");
        sink.note(Level::Verbose, &text);
        sink.flush()
    }
}

/// Counts the retries, and decides how long to wait before each.
#[derive(Debug)]
struct Backoff {
    retries: u32,
    used: u32,
    overloads: u32,
}

impl Backoff {
    fn new(retries: u32) -> Self {
        Self {
            retries,
            used: 0,
            overloads: 0,
        }
    }

    /// How long to wait before the next attempt, or the failure to report if there is none.
    /// `left` is the time until the deadline. A rate limit of a `crowded` run is not counted,
    /// since fewer requests are sent from now on.
    fn wait(
        &mut self,
        failure: &Failure,
        left: Option<Duration>,
        crowded: bool,
    ) -> Result<Duration, Failure> {
        let overload = is_overload(failure.code());
        if self.retries == 0 || (!overload && !crowded && self.used >= self.retries) {
            return Err(failure.clone());
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
        let server = failure.server.as_deref();
        let asked = server.and_then(|server| server.retry_after);
        let wait = asked.unwrap_or(own);
        if left.is_none_or(|left| wait < left) {
            return Ok(wait);
        }
        let mut failure = failure.clone();
        if let Some(asked) = asked {
            failure.class = Class::Busy;
            failure.hint = Some(format!(
                "the server asks to wait {} s, longer than the rest of --timeout",
                asked.as_secs()
            ));
        }
        Err(failure)
    }
}

fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    first
        .saturating_mul(2_u32.saturating_pow(times))
        .min(longest)
}

/// Parses `Retry-After`: seconds, or a date.
pub(super) fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    seconds(value).or_else(|| {
        let date = httpdate::parse_http_date(value).ok()?;
        Some(date.duration_since(SystemTime::now()).unwrap_or_default())
    })
}

/// Parses a number of seconds. Some servers send fractions, which are rounded up.
fn seconds(value: &str) -> Option<Duration> {
    let (integer, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if integer.is_empty() || !digits(integer) || !digits(fraction) {
        return None;
    }
    let more = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    let seconds = integer.parse().unwrap_or(u64::MAX);
    Some(Duration::from_secs(seconds.saturating_add(more)))
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
        let left = Some(Duration::from_secs(left));
        backoff.wait(failure, left, false).ok()
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
            assert!(backoff.wait(&failure, None, true).is_ok());
        }
        assert!(backoff.wait(&failure, None, false).is_ok());
        assert!(backoff.wait(&failure, None, false).is_err());
        assert!(Backoff::new(0).wait(&failure, None, true).is_err());
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
        let left = Some(Duration::from_secs(60));
        let failure = backoff.wait(&busy("1302", Some(90)), left, false);
        assert!(failure.unwrap_err().hint.unwrap().contains("90 s"));
    }
}
