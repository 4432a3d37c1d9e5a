//! A spinner on standard error while a person waits for the first token.

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

/// indicatif's one call into the C library's mathematics, for a speed that the
/// spinner does not show. Were it left to libm, every run would load libm: a tenth
/// of a short one's processor time.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(
    unsafe_code,
    reason = "the name that indicatif's code is linked to; the program alone sees it"
)]
#[unsafe(no_mangle)]
extern "C" fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}
