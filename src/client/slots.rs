//! `--max-in-flight`: before a request goes out, one of N slots is taken, which
//! all runs of this user share that ask the same host, port and model with the
//! same key. A slot is a lock on a file, so the kernel frees it with whoever
//! held it, however that one ended.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::lock_dir::Folder;
use crate::error::Failure;
use crate::event::{Level, Sink};
use crate::http::digest;
use crate::settings::Connection;

/// Between two looks for a free slot, at first and at most. Only the head of the
/// queue looks; the others sleep until it is their turn.
const SOON: Duration = Duration::from_millis(1);
const LATEST: Duration = Duration::from_millis(25);

/// The right to have one request in flight, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    /// How long it was waited for.
    pub(super) waited: Duration,
    _lock: File,
}

/// Takes a slot, waiting for one as long as it takes; none without a limit.
///
/// # Errors
/// The folder or a file of it cannot be used: exit 2.
pub(super) fn take(
    connection: &Connection,
    model: &str,
    sink: &mut dyn Sink,
) -> Result<Option<Slot>, Failure> {
    let Some(limit) = connection.max_in_flight else {
        return Ok(None);
    };
    let began = Instant::now();
    let places = Places {
        folder: Folder::open()?,
        name: name(connection, model),
        limit: limit.get(),
    };
    // Who waits holds the turnstile, and who comes later queues for it: so all
    // come in about the order in which they asked, and as nobody else takes a
    // slot meanwhile, what is counted can only become less.
    let turnstile = format!("{}.queue", places.name);
    let file = places.open(&turnstile)?;
    let mut told = false;
    if !try_lock(&file).map_err(|error| places.folder.unlockable(&turnstile, &error))? {
        tell(&places, &mut told, sink)?;
        lock(&file).map_err(|error| places.folder.unlockable(&turnstile, &error))?;
    }
    let mut pause = SOON;
    let (number, lock) = loop {
        if let Some(found) = places.find()? {
            break found;
        }
        tell(&places, &mut told, sink)?;
        std::thread::sleep(pause);
        pause = (pause * 2).min(LATEST);
    };
    let waited = began.elapsed();
    let text = format!(
        "* slot {number} after {} ms (--max-in-flight {limit})",
        waited.as_millis()
    );
    sink.note(Level::Verbose, &text);
    Ok(Some(Slot {
        waited,
        _lock: lock,
    }))
}

/// Says once that the wait begins.
fn tell(places: &Places, told: &mut bool, sink: &mut dyn Sink) -> Result<(), Failure> {
    if std::mem::replace(told, true) {
        return Ok(());
    }
    let text = format!("* waiting for a slot (--max-in-flight {})", places.limit);
    sink.note(Level::Verbose, &text);
    sink.flush()
}

/// The slots of one host, port, key and model.
struct Places {
    folder: Folder,
    name: String,
    limit: u32,
}

impl Places {
    fn open(&self, name: &str) -> Result<File, Failure> {
        let file = self.folder.file(name, true)?;
        file.ok_or_else(|| self.folder.unlockable(name, &ErrorKind::NotFound.into()))
    }

    /// The lowest slot that is free, if fewer than the limit are taken. Slots
    /// beyond the limit count too: another run may have been given a higher one.
    fn find(&self) -> Result<Option<(u32, File)>, Failure> {
        let mut free = None;
        let mut taken = 0;
        for number in 1.. {
            let name = format!("{}.{number}", self.name);
            let known = self.folder.file(&name, false)?;
            let last = known.is_none();
            let file = match known {
                Some(file) => file,
                None if free.is_none() => self.open(&name)?,
                None => break,
            };
            match try_lock(&file) {
                Ok(true) if free.is_none() => {
                    // Else whoever tidies old temporary files would remove it in use.
                    touch(&file);
                    free = Some((number, file));
                }
                Ok(true) => {}
                Ok(false) => taken += 1,
                Err(error) => return Err(self.folder.unlockable(&name, &error)),
            }
            if taken >= self.limit {
                return Ok(None);
            }
            if last {
                break;
            }
        }
        Ok(free)
    }
}

/// What the slots' files are called: a digest, which tells nobody the key.
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
    let mut whole = Vec::new();
    for part in parts {
        // With its length before it, no part can pass for the end of another.
        whole.extend_from_slice(&part.len().to_le_bytes());
        whole.extend_from_slice(part.as_bytes());
    }
    let mut name = digest(&whole);
    name.truncate(32);
    name
}

/// Whether the lock could be had at once.
fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Marks the file as used now. The system call itself: the C library's wrapper
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

fn lock(file: &File) -> io::Result<()> {
    loop {
        match file.lock() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
