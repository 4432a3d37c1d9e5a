//! Handles SIGINT, SIGTERM and SIGHUP: finishes the output and then ends the process by
//! the same signal, so that a shell loop around it stops too.

use std::io::Read;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::error::Failure;
use crate::exit::Class;
use crate::output::SharedPrinter;
use crate::process;
use crate::temp_files;

/// The longest wait for the printer, which may be blocked by a full pipe.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long child processes have to end.
const GRACE: Duration = Duration::from_millis(250);

/// The longest wait for one write of the last output: the pipe may be full and its
/// reader stopped.
const END: Duration = Duration::from_secs(1);

/// Starts a thread that waits for a signal. A signal that was ignored when the process
/// started (`nohup`, a background job) stays ignored.
pub(crate) fn install(printer: SharedPrinter) {
    let ignored = ignored();
    let wanted = [SIGINT, SIGTERM, SIGHUP]
        .into_iter()
        .filter(|signal| ignored & (1 << (signal - 1)) == 0);
    // If the handlers or the thread cannot be set up, a signal ends the run at once.
    let Ok(mut signals) = Signals::new(wanted) else {
        return;
    };
    let _ = std::thread::Builder::new().spawn(move || {
        let taken = |signal| signal == SIGINT && hook().take().is_some_and(|hook| hook(signal));
        if let Some(signal) = signals.forever().find(|signal| !taken(*signal)) {
            end(signal, &printer);
        }
    });
}

/// Lets a run end after its current work. Returns false if it has ended already.
type Hook = Box<dyn FnOnce(i32) -> bool + Send>;

/// The hook that the first SIGINT calls instead of ending the run.
static HOOK: Mutex<Option<Hook>> = Mutex::new(None);

fn hook() -> MutexGuard<'static, Option<Hook>> {
    HOOK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets the function that the next SIGINT calls instead of ending the run. The SIGINT
/// after that ends the run at once.
pub(crate) fn on_interrupt(end: impl FnOnce(i32) -> bool + Send + 'static) {
    *hook() = Some(Box::new(end));
}

/// The function that runs before a signal ends the process.
static AT_END: OnceLock<fn()> = OnceLock::new();

/// Sets the function that runs before a signal ends the process. Only the first call counts.
pub(crate) fn at_end(run: fn()) {
    let _ = AT_END.set(run);
}

/// Makes a write past the file size limit (`ulimit -f`) fail with an error instead of
/// killing the process. Sets a handler, because child processes would inherit "ignore".
pub(crate) fn survive_file_size_limit() {
    let seen = Arc::new(AtomicBool::new(false));
    let _ = signal_hook::flag::register(SIGXFSZ, seen);
}

/// Ends the process by the signal. Process 1 of a container cannot die of a signal
/// that it sends itself, so it exits with 128 + the signal's number.
pub(crate) fn die(signal: i32) -> ! {
    if std::process::id() != 1 {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    std::process::exit(128 + signal);
}

fn end(signal: i32, printer: &SharedPrinter) {
    let last = Instant::now() + GRACE;
    let children = process::forward_signal(signal);
    let (ended, end) = channel::<()>();
    let shared = printer.clone();
    let finish = move || {
        temp_files::remove_all();
        finish(signal, &shared);
        if let Some(run) = AT_END.get() {
            run();
        }
        drop(ended);
    };
    if std::thread::Builder::new().spawn(finish).is_ok() {
        // Wait while the reader makes progress. A reader that has stopped reading must
        // not prevent airx from ending.
        let mut before = printer.writes();
        while end.recv_timeout(END) == Err(RecvTimeoutError::Timeout) {
            let now = printer.writes();
            if now == before {
                break;
            }
            before = now;
        }
    }
    children.kill_after(last);
    die(signal);
}

fn finish(signal: i32, printer: &SharedPrinter) {
    let name = match signal {
        SIGINT => "SIGINT",
        SIGTERM => "SIGTERM",
        _ => "SIGHUP",
    };
    if let Some(mut printer) = printer.lock_within(PATIENCE) {
        let mut failure = Failure::new(Class::Signal, format!("ended by {name}"));
        failure.signal = Some(signal);
        printer.finish(Err(failure));
        // Keep the lock, so that the run prints nothing after the last event.
        std::mem::forget(printer);
    }
}

/// The signals that are ignored, one bit each. Only Linux reports them.
fn ignored() -> u64 {
    const NAME: &[u8] = b"\nSigIgn:\t";
    // One read is enough: the file is shorter than this buffer.
    let mut status = [0; 4096];
    let read = std::fs::File::open("/proc/self/status").and_then(|mut file| file.read(&mut status));
    let status = &status[..read.unwrap_or(0)];
    memchr::memmem::find(status, NAME)
        .and_then(|at| status[at + NAME.len()..].first_chunk::<16>())
        .and_then(|mask| u64::from_str_radix(std::str::from_utf8(mask).ok()?, 16).ok())
        .unwrap_or(0)
}
