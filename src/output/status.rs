//! The status line on standard error: a spinner until the first token, or a progress bar
//! for many items. Both are wiped before anything else is printed.

use std::fmt::Write as _;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Options;
use crate::event::{Count, Event, Items, Parts, Tally, millis};
use crate::terminal::one_line;

/// The spinner appears once the wait has lasted this long.
const PATIENCE: Duration = Duration::from_millis(400);
const TICK: Duration = Duration::from_millis(100);

/// The status line and its state.
#[derive(Debug, Default)]
pub(super) struct Status {
    /// Standard error is a terminal, neither `--quiet` nor `--verbose` is given, and the
    /// run is not over.
    shown: bool,
    /// The run has many items.
    many: bool,
    waiting: Arc<Mutex<Waiting>>,
    spinner: Option<Spinner>,
    bar: Option<Bar>,
    items: Option<Items>,
}

impl Status {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            shown: options.progress && !options.quiet && !options.verbose,
            many: options.many,
            waiting: Arc::new(Mutex::new(Waiting::new(options.command))),
            ..Self::default()
        }
    }

    /// Reads the values for the spinner from an event.
    pub(super) fn event(&mut self, event: &Event<'_>) {
        if !self.shown || self.many {
            return;
        }
        let mut waiting = locked(&self.waiting);
        match event {
            Event::Start { model, .. } => waiting.model = model.map(str::to_owned),
            Event::Retry {
                after_ms,
                class,
                http_status,
                code,
                model,
                ..
            } => {
                let reason = match (http_status, code) {
                    (Some(status), Some(code)) => format!("HTTP {status}, error {code}"),
                    (Some(status), None) => format!("HTTP {status}"),
                    (None, Some(code)) => format!("error {code}"),
                    (None, None) => class.name().to_owned(),
                };
                waiting.retry(reason, Duration::from_millis(*after_ms), *model);
            }
            _ => {}
        }
    }

    /// Shows that a request is sent, or the progress of the items.
    pub(super) fn count(&mut self, what: &Count<'_>, tally: &Tally) {
        match what {
            Count::Items(items) => {
                self.items = Some(*items);
                self.show_bar(|| progress(items, tally));
            }
            Count::Parts(Some(parts)) => self.show_bar(|| parts_line(parts, tally)),
            Count::Parts(None) => self.bar = None,
            // The bar shows the progress of all requests.
            _ if !self.shown || self.many || self.bar.is_some() => {}
            Count::Request if self.spinner.is_none() => {
                self.spinner = Spinner::start(&self.waiting);
            }
            Count::Retries(number, limit) => {
                let mut waiting = locked(&self.waiting);
                // Retries after an overload are not counted.
                waiting.retries = (*number > 0).then_some((*number, *limit));
            }
            _ => {}
        }
    }

    fn show_bar(&mut self, line: impl FnOnce() -> String) {
        if self.shown {
            let bar = self.bar.get_or_insert_with(Bar::start);
            bar.0.set_message(line());
        }
    }

    pub(super) fn clear_spinner(&mut self) {
        self.spinner = None;
    }

    /// Hides the bar while `write` prints.
    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.0.suspend(write),
            None => write(),
        }
    }

    /// The run is over: nothing more is shown.
    pub(super) fn end(&mut self) {
        self.shown = false;
        self.spinner = None;
        self.bar = None;
    }

    pub(super) fn summary(&self, tally: &Tally) -> Option<String> {
        let items = self.items.as_ref()?;
        let elapsed = millis(tally.elapsed());
        Some(format!("{}, {elapsed} ms", sum(items, tally)))
    }
}

/// The values that the spinner shows.
#[derive(Debug, Default)]
struct Waiting {
    command: &'static str,
    model: Option<String>,
    since: Option<Instant>,
    /// The previous model, if the retry asks another one.
    replaced: Option<String>,
    /// The number of the retry, and the maximum.
    retries: Option<(u32, u32)>,
    /// The reason of the retry, and its start.
    retry: Option<(String, Instant)>,
}

impl Waiting {
    fn new(command: &'static str) -> Self {
        Self {
            command,
            ..Self::default()
        }
    }

    fn retry(&mut self, reason: String, after: Duration, model: Option<&str>) {
        self.retry = Some((reason, Instant::now() + after));
        let is_new = self.model.as_deref() != model;
        self.replaced = self.model.take().filter(|_| is_new);
        self.model = model.map(str::to_owned);
    }

    /// The words of the spinner: command, model, seconds, and the retry.
    fn words(&self, now: Instant) -> String {
        let mut words = format!("airx {}", self.command);
        if let Some(model) = &self.model {
            let _ = write!(words, ": {}", one_line(model));
        }
        let since = self
            .since
            .map_or(0, |since| now.duration_since(since).as_secs());
        let _ = write!(words, ", {since} s");
        if let Some((reason, start)) = &self.retry {
            if let Some(replaced) = &self.replaced {
                let _ = write!(words, ", in place of {}", one_line(replaced));
            } else {
                words.push_str(", retry");
            }
            if let Some((number, limit)) = self.retries {
                let _ = write!(words, " {number} of {limit}");
            }
            let left = start.saturating_duration_since(now);
            if !left.is_zero() {
                let _ = write!(words, " in {} s", left.as_millis().div_ceil(1000));
            }
            let _ = write!(words, ": {}", one_line(reason));
        }
        words
    }
}

/// A spinner that is wiped from the terminal when it is dropped.
#[derive(Debug)]
struct Spinner(Option<(Sender<()>, JoinHandle<()>)>);

impl Spinner {
    /// Starts the spinner. Returns `None` if no thread can be started.
    fn start(waiting: &Arc<Mutex<Waiting>>) -> Option<Self> {
        let (stop, stopped) = channel::<()>();
        let waiting = Arc::clone(waiting);
        locked(&waiting).since.get_or_insert_with(Instant::now);
        let run = move || {
            if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = progress_bar("{spinner} {wide_msg}");
            loop {
                let words = locked(&waiting).words(Instant::now());
                bar.set_message(words);
                bar.tick();
                if stopped.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            bar.finish_and_clear();
        };
        let thread = std::thread::Builder::new().spawn(run).ok()?;
        Some(Self(Some((stop, thread))))
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.0.take() {
            drop(stop);
            // Joined, so that the line is wiped before the answer's first byte.
            let _ = thread.join();
        }
    }
}

fn locked(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

fn progress_bar(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template);
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

/// A line that is kept up to date, and wiped when it is dropped.
#[derive(Debug)]
struct Bar(ProgressBar);

impl Bar {
    fn start() -> Self {
        let bar = progress_bar("{spinner} airx: {wide_msg}");
        bar.enable_steady_tick(TICK);
        Self(bar)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Parts, tokens and cost.
fn parts_line(parts: &Parts, tally: &Tally) -> String {
    let Parts {
        done,
        count,
        in_flight,
    } = parts;
    let mut line = format!("{done} of {count} parts answered, {in_flight} in flight");
    push_usage(&mut line, tally);
    line
}

/// Items, tokens and cost.
fn sum(items: &Items, tally: &Tally) -> String {
    let mut line = format!("{} done", items.done + items.kept);
    if items.kept > 0 {
        let _ = write!(line, " ({} before)", items.kept);
    }
    let _ = write!(line, ", {} failed", items.failed);
    if items.in_flight > 0 {
        let _ = write!(line, ", {} in flight", items.in_flight);
    }
    push_usage(&mut line, tally);
    line
}

/// Adds tokens and cost, as far as they are known.
fn push_usage(line: &mut String, tally: &Tally) {
    if tally.cached > 0 {
        let _ = write!(line, ", {} from the cache", tally.cached);
    }
    if let Some(usage) = tally.usage {
        let tokens = usage.prompt_tokens + usage.completion_tokens;
        let _ = write!(line, ", {tokens} tokens");
    }
    if let Some(cost) = tally.cost {
        let _ = write!(line, ", {} {}", cost.amount(), cost.currency());
    }
}

/// The line of `--usage`: tokens, cost, time to the first token, total time.
pub(super) fn usage(tally: &Tally) -> String {
    let tokens = match tally.usage {
        Some(usage) => format!(
            "{} + {} tokens",
            usage.prompt_tokens, usage.completion_tokens
        ),
        None => "tokens unknown".to_owned(),
    };
    let cost = match tally.cost {
        Some(cost) => format!("{} {}", cost.amount(), cost.currency()),
        None => "cost unknown".to_owned(),
    };
    let mut line = format!("airx: {tokens}, {cost}");
    let _ = match tally.cached {
        0 => Ok(()),
        1 if tally.is_cached() => write!(line, ", from the cache"),
        1 => write!(line, ", 1 answer from the cache"),
        count => write!(line, ", {count} answers from the cache"),
    };
    let models: Vec<&str> = tally.fallback.iter().map(String::as_str).collect();
    if !models.is_empty() {
        let _ = write!(line, ", answered by {}", models.join(" and "));
    }
    if let Some(ttft) = tally.ttft {
        let _ = write!(line, ", first token after {} ms", millis(ttft));
    }
    let _ = write!(line, ", {} ms in total", millis(tally.elapsed()));
    line
}

/// The words of the bar.
fn progress(items: &Items, tally: &Tally) -> String {
    let mut line = sum(items, tally);
    if let Some(left) = left(items, tally.elapsed()) {
        let seconds = left.as_secs();
        let _ = write!(line, ", {}:{:02} left", seconds / 60, seconds % 60);
    }
    line
}

/// Estimates the time left from the part of the input that is finished. Returns `None`
/// if the size of the input is not known.
fn left(items: &Items, elapsed: Duration) -> Option<Duration> {
    let (read, size) = items.read?;
    let ended = items.done + items.failed;
    let started = ended + items.in_flight + items.kept;
    if ended == 0 || read == 0 || size < read {
        return None;
    }
    let total = u128::from(started) * u128::from(size) / u128::from(read);
    let open = total.saturating_sub(u128::from(ended + items.kept));
    let left = elapsed.as_millis() * open / u128::from(ended);
    Some(Duration::from_millis(u64::try_from(left).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::usage::Usage;
    use crate::models::PriceList;

    #[test]
    fn the_spinner_names_the_model_the_seconds_and_the_retry() {
        let now = Instant::now();
        let mut waiting = Waiting::new("chat");
        assert_eq!(waiting.words(now), "airx chat, 0 s");
        waiting.model = Some("glm-4-airx".to_owned());
        waiting.since = now.checked_sub(Duration::from_millis(7300));
        assert_eq!(waiting.words(now), "airx chat: glm-4-airx, 7 s");
        waiting.retries = Some((2, 5));
        waiting.retry = Some(("HTTP 500".to_owned(), now + Duration::from_millis(3200)));
        let words = "airx chat: glm-4-airx, 7 s, retry 2 of 5";
        assert_eq!(waiting.words(now), format!("{words} in 4 s: HTTP 500"));
        let later = now + Duration::from_secs(4);
        assert!(waiting.words(later).ends_with("retry 2 of 5: HTTP 500"));
    }

    #[test]
    fn the_spinner_names_the_model_that_is_asked_in_place_of_another() {
        let mut waiting = Waiting::new("chat");
        waiting.model = Some("glm-4-airx".to_owned());
        waiting.retry("error 1305".to_owned(), Duration::ZERO, Some("glm-4-plus"));
        let words = "airx chat: glm-4-plus, 0 s, in place of glm-4-airx: error 1305";
        assert_eq!(waiting.words(Instant::now()), words);
        waiting.retries = Some((1, 5));
        waiting.retry("HTTP 500".to_owned(), Duration::ZERO, Some("glm-4-plus"));
        let words = "airx chat: glm-4-plus, 0 s, retry 1 of 5: HTTP 500";
        assert_eq!(waiting.words(Instant::now()), words);
    }

    #[test]
    fn what_is_left_follows_from_what_has_ended() {
        let items = |done, in_flight, read| Items {
            done,
            in_flight,
            read: Some((read, 1000)),
            ..Items::default()
        };
        let left = |items: &Items| left(items, Duration::from_secs(10)).map(|left| left.as_secs());
        assert_eq!(left(&items(4, 1, 500)), Some(15));
        assert_eq!(left(&items(10, 0, 1000)), Some(0));
        assert_eq!(left(&items(0, 5, 500)), None);
        assert_eq!(
            left(&Items {
                read: None,
                ..items(4, 1, 1)
            }),
            None
        );
    }

    #[test]
    fn the_line_shows_what_is_known() {
        let mut tally = Tally::default();
        let items = Items {
            done: 3,
            failed: 1,
            in_flight: 5,
            kept: 2,
            read: None,
        };
        assert_eq!(
            progress(&items, &tally),
            "5 done (2 before), 1 failed, 5 in flight"
        );
        let usage = Usage {
            prompt_tokens: 10,
            completion_tokens: 20,
            ..Usage::default()
        };
        tally.count(&Count::Usage(usage, "glm-4-airx", PriceList::BigModel));
        assert!(progress(&items, &tally).ends_with("5 in flight, 30 tokens, 0.0003 CNY"));
    }
}
