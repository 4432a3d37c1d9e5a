//! Shares the printer between two threads: the thread of the run and the thread that
//! waits for signals.

use std::fmt::Display;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Printer;
use crate::error::Failure;
use crate::event::{Count, Data, Event, Level, Sink};

/// A printer that two threads share.
#[derive(Debug)]
pub struct Shared<O: Write, E: Write> {
    printer: Arc<Mutex<Printer<O, E>>>,
    writes: Arc<AtomicU64>,
}

impl<O: Write, E: Write> Clone for Shared<O, E> {
    fn clone(&self) -> Self {
        Self {
            printer: Arc::clone(&self.printer),
            writes: Arc::clone(&self.writes),
        }
    }
}

impl<O: Write, E: Write> Shared<O, E> {
    /// Shares a printer.
    pub fn new(printer: Printer<O, E>) -> Self {
        Self {
            writes: printer.writes(),
            printer: Arc::new(Mutex::new(printer)),
        }
    }

    /// The counter of the writes to the output, which needs no lock.
    pub fn writes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.writes)
    }

    /// The printer itself.
    pub fn lock(&self) -> MutexGuard<'_, Printer<O, E>> {
        self.printer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the printer. Gives up if the run holds it and writes nothing for `limit`,
    /// because it may be blocked in a write to a full pipe.
    pub fn lock_within(&self, limit: Duration) -> Option<MutexGuard<'_, Printer<O, E>>> {
        let (mut start, mut before) = (Instant::now(), self.writes.load(Ordering::Relaxed));
        loop {
            let now = self.writes.load(Ordering::Relaxed);
            if now != before {
                (start, before) = (Instant::now(), now);
            }
            match self.printer.try_lock() {
                Ok(printer) => return Some(printer),
                Err(std::sync::TryLockError::Poisoned(poisoned)) => {
                    return Some(poisoned.into_inner());
                }
                Err(std::sync::TryLockError::WouldBlock) if start.elapsed() >= limit => {
                    return None;
                }
                Err(std::sync::TryLockError::WouldBlock) => {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
    }
}

impl<O: Write, E: Write> Sink for Shared<O, E> {
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        self.lock().event(event)
    }

    fn data(&mut self, data: Data<'_>) -> Result<(), Failure> {
        self.lock().data(data)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.lock().flush()
    }

    fn printed(&self) -> bool {
        self.lock().printed()
    }

    fn count(&mut self, what: Count<'_>) {
        self.lock().count(what);
    }

    fn hide_key(&mut self, key: &str) {
        self.lock().hide_key(key);
    }

    fn note(&mut self, level: Level, text: &dyn Display) {
        self.lock().note(level, text);
    }
}
