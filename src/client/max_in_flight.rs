//! `--max-in-flight`: at most N requests at a time, over all airx processes of this
//! user, to the same host, port and model with the same key. A slot is a lock on a
//! file, so the kernel frees it when its process ends.
//!
//! Waiting processes form a queue. Each locks a ticket, a file whose name begins with
//! the time, and touches it while it waits. If a ticket is not locked, its process has
//! ended; if it was not touched lately, its process is stopped. Both are skipped.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::private_dir::{PrivateDir, Purpose};
use crate::digest::sha256;
use crate::error::Failure;
use crate::event::{Level, Sink};
use crate::settings::Connection;

/// The first and the longest pause between two searches for a free slot.
const SOON: Duration = Duration::from_millis(1);
const LATEST: Duration = Duration::from_millis(25);

/// A waiting process that has not touched its ticket for this long counts as stopped.
const STOPPED_AFTER: Duration = Duration::from_secs(1);

/// Waits for a slot, without a time limit. The caller has the slot until it drops the file.
/// Returns `None` if `--max-in-flight` is not given. A folder that cannot be used is exit 2.
pub(super) fn take_slot(
    connection: &Connection,
    model: &str,
    sink: &mut dyn Sink,
) -> Result<Option<File>, Failure> {
    let Some(limit) = connection.max_in_flight else {
        return Ok(None);
    };
    let started = Instant::now();
    let slots = Slots {
        dir: PrivateDir::open(Purpose::Slots)?,
        name: name(connection, model),
        limit: limit.get(),
    };
    let ticket = Ticket::take(&slots)?;
    let mut earlier = ticket.earlier()?;
    let mut pause = SOON;
    let (number, lock) = loop {
        if !slots.is_anyone_waiting(&mut earlier)?
            && let Some(found) = slots.find()?
        {
            break found;
        }
        if pause == SOON {
            let text = format!("* waiting for a slot (--max-in-flight {limit})");
            sink.note(Level::Verbose, &text);
            sink.flush()?;
        }
        std::thread::sleep(pause);
        touch(&ticket.lock);
        pause = (pause * 2).min(LATEST);
    };
    let waited = started.elapsed().as_millis();
    let text = format!("* slot {number} after {waited} ms (--max-in-flight {limit})");
    sink.note(Level::Verbose, &text);
    Ok(Some(lock))
}

/// The slots of one host, port, key and model.
struct Slots {
    dir: PrivateDir,
    name: String,
    limit: u32,
}

impl Slots {
    /// The prefix of the names of its tickets.
    fn queue(&self) -> String {
        format!("{}.wait.", self.name)
    }

    /// Whether one of these tickets belongs to a running process. Removes the tickets
    /// of processes that have ended.
    fn is_anyone_waiting(&self, tickets: &mut Vec<String>) -> Result<bool, Failure> {
        let mut at = 0;
        while let Some(ticket) = tickets.get(at) {
            match self.dir.file(ticket)? {
                Some(file) if !self.dir.try_lock(ticket, &file)? => {
                    if is_fresh(&file)? {
                        return Ok(true);
                    }
                    at += 1;
                }
                ended => {
                    if ended.is_some() {
                        self.dir.remove(ticket);
                    }
                    tickets.remove(at);
                }
            }
        }
        Ok(false)
    }

    /// The lowest free slot, if fewer than the limit are taken. Slots with a number
    /// above the limit count too: another run may have a higher limit.
    fn find(&self) -> Result<Option<(u32, File)>, Failure> {
        let mut free = None;
        let mut taken = 0;
        for number in 1.. {
            let name = format!("{}.{number}", self.name);
            let (file, is_last) = match self.dir.file(&name)? {
                Some(file) => (file, false),
                None if free.is_none() => (self.dir.make_file(&name)?, true),
                None => break,
            };
            if !self.dir.try_lock(&name, &file)? {
                taken += 1;
            } else if free.is_none() {
                // Programs that remove old temporary files must not remove it as unused.
                touch(&file);
                free = Some((number, file));
            }
            if taken >= self.limit {
                return Ok(None);
            }
            if is_last {
                break;
            }
        }
        Ok(free)
    }
}

/// A place in the queue, until it is dropped.
struct Ticket<'a> {
    slots: &'a Slots,
    name: String,
    lock: File,
}

impl<'a> Ticket<'a> {
    fn take(slots: &'a Slots) -> Result<Self, Failure> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        loop {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            let name = format!(
                "{}{:020}-{}-{}",
                slots.queue(),
                now.unwrap_or_default().as_nanos(),
                std::process::id(),
                NUMBER.fetch_add(1, Ordering::Relaxed)
            );
            let lock = slots.dir.make_file(&name)?;
            // Another process may have removed the new file, which was not locked yet.
            if slots.dir.try_lock(&name, &lock)? && slots.dir.file(&name)?.is_some() {
                return Ok(Self { slots, name, lock });
            }
            slots.dir.remove(&name);
        }
    }

    /// The tickets taken before this one, oldest first.
    fn earlier(&self) -> Result<Vec<String>, Failure> {
        let queue = self.slots.queue();
        let mut names = self.slots.dir.names()?;
        names.retain(|name| name.starts_with(&queue) && *name < self.name);
        names.sort();
        Ok(names)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.slots.dir.remove(&self.name);
    }
}

/// Whether the file was touched lately.
fn is_fresh(file: &File) -> io::Result<bool> {
    let touched = file.metadata()?.modified()?;
    let age = SystemTime::now().duration_since(touched);
    Ok(age.unwrap_or_else(|error| error.duration()) < STOPPED_AFTER)
}

/// The name of the slots' files: a digest, which does not reveal the key.
fn name(connection: &Connection, model: &str) -> String {
    let url = &connection.endpoint.url;
    let port = url.port_or_known_default().unwrap_or_default().to_string();
    let parts = [
        "airx slot",
        url.host_str().unwrap_or_default(),
        &port,
        connection.credentials(),
        model,
    ];
    let mut text = Vec::new();
    for part in parts {
        // Each part follows its length, so that two lists of parts cannot look the same.
        text.extend_from_slice(&part.len().to_le_bytes());
        text.extend_from_slice(part.as_bytes());
    }
    let mut name = sha256(&text);
    name.truncate(32);
    name
}

/// Sets the file's time to now. Makes the system call directly: the C library's wrapper
/// would be looked up at every start of airx.
fn touch(file: &File) {
    #[cfg(unix)]
    {
        use rustix::fs::{Timespec, Timestamps, UTIME_NOW, futimens};
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        };
        let now = Timestamps {
            last_access: now,
            last_modification: now,
        };
        let _ = futimens(file, &now);
    }
    #[cfg(not(unix))]
    let _ = file.set_modified(std::time::SystemTime::now());
}
