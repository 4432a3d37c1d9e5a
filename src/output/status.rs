//! What a person sees on standard error while a run goes on: a spinner until the
//! first token, a line that tells how far many items are.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// It appears once the wait has lasted this long.
const PATIENCE: Duration = Duration::from_millis(400);
const TICK: Duration = Duration::from_millis(100);

/// A spinner that is gone, wiped from the terminal, when it is dropped.
#[derive(Debug)]
pub(crate) struct Spinner {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Spinner {
    /// Starts the wait; none where no thread can be had for it.
    pub(crate) fn start(message: &str) -> Option<Self> {
        let (stop, stopped) = channel::<()>();
        let message = message.to_owned();
        let run = move || {
            if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
                .with_style(ProgressStyle::default_spinner())
                .with_message(message);
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                bar.tick();
            }
            bar.finish_and_clear();
        };
        let thread = std::thread::Builder::new().spawn(run).ok()?;
        Some(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // Joined, so that the line is wiped before the answer's first byte.
            let _ = thread.join();
        }
    }
}

/// A line that is kept up to date, and wiped from the terminal when it is dropped.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// Shows it.
    pub(crate) fn start() -> Self {
        let style = ProgressStyle::with_template("{spinner} airx: {wide_msg}");
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// Tells something new.
    pub(crate) fn show(&self, line: String) {
        self.0.set_message(line);
    }

    /// Has something else written, above it.
    pub(crate) fn apart<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
