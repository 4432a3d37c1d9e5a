//! `--each -o FILE`: results → a file that has each as soon as it is there, and
//! at the run's end, in one step, all of them in input order.
//!
//! What is promised: a result is in the file, by one write, before the next one
//! is begun, so that no end of airx loses it or leaves more than the last line
//! torn. The disk has it when a later one comes, a second after the last sync at
//! the earliest, and at the end of the run; until then it is the system's, and a
//! power cut can cost it.
//!
//! A FILE that has results of another run is not touched before this one has
//! succeeded: until then its own are in FILE.partial. `--resume` goes on with
//! FILE.partial where there is one, else with FILE.

mod open;
mod scan;

use std::fs::{File, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::Failure;
use crate::event::Earlier;
use crate::exit::Class;
use crate::temp_files::Made;

/// Between two syncs, at least.
const SYNC: Duration = Duration::from_secs(1);

/// The file of a run's results.
#[derive(Debug)]
pub struct Journal {
    file: File,
    /// What is written to: the target itself, or FILE.partial.
    path: PathBuf,
    /// The file that was named, links resolved.
    target: PathBuf,
    /// The mode of the file that is replaced.
    known: Option<Permissions>,
    /// This run made the file, and has put nothing into it.
    made: Option<Made>,
    parts: Vec<Part>,
    /// Where the next line goes: the file's length.
    end: u64,
    /// What is done already, by an earlier run.
    resumed: Earlier,
    /// All that was begun has ended: the lines can be put in order.
    settled: bool,
    synced: Instant,
}

/// A line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    /// Where it belongs, as [`place`] tells.
    place: u64,
    at: u64,
    length: u64,
}

impl Journal {
    /// What an earlier run has done, by index; asked for once.
    pub(super) fn take_resumed(&mut self) -> Earlier {
        std::mem::take(&mut self.resumed)
    }

    /// Nothing that was begun is still to come.
    pub(super) fn settle(&mut self) {
        self.settled = true;
    }

    /// Writes a line.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let (file, end) = (&self.file, self.end);
        let write = || {
            (&*file).write_all(line).inspect_err(|_| {
                // What fits no more is taken back, lest the next line follows it.
                let _ = file.set_len(end);
            })
        };
        match self.made.take() {
            Some(made) => {
                let written = made.fill(write);
                self.made = written.is_err().then_some(made);
                written?;
            }
            None => write()?,
        }
        let length = line.len() as u64;
        self.parts.push(Part {
            place: place(line),
            at: self.end,
            length,
        });
        self.end += length;
        if self.synced.elapsed() >= SYNC {
            self.file.sync_data()?;
            self.synced = Instant::now();
        }
        Ok(())
    }

    /// The run has succeeded: the named file has all of its results, in order.
    pub(super) fn keep(mut self) -> Result<(), Failure> {
        let target = self.target.clone();
        self.put_in_order(&target)
            .map_err(|error| self.failed(&error))?;
        if self.path != self.target {
            // It has become the target, or its lines have been put there.
            let _ = std::fs::remove_file(&self.path);
        }
        // Empty, it is what came of no items.
        if let Some(made) = &self.made {
            made.fill(|| Ok(()))?;
        }
        Ok(())
    }

    /// The run has failed: what came stays where it was written. The place of
    /// it, where that is not the file that was named.
    pub(super) fn set_aside(mut self) -> Option<PathBuf> {
        if self.made.is_some() {
            return None;
        }
        if self.settled {
            let path = self.path.clone();
            // As it stands it can be taken up again.
            let _ = self.put_in_order(&path);
        } else {
            let _ = self.file.sync_data();
        }
        (self.path != self.target).then(|| self.path.clone())
    }

    /// Puts the lines in order into `to`, which has them all or is as it was.
    fn put_in_order(&mut self, to: &Path) -> io::Result<()> {
        self.parts.sort_unstable();
        let mut end = 0;
        let in_order = self.parts.iter().all(|part| {
            let follows = part.at == end;
            end = part.at + part.length;
            follows
        });
        if in_order && end == self.end && self.path == to {
            return self.file.sync_all();
        }
        let folder = to.parent().filter(|path| !path.as_os_str().is_empty());
        let mut beside = tempfile::Builder::new()
            .prefix(".airx-")
            .tempfile_in(folder.unwrap_or(Path::new(".")))?;
        {
            let mut out = io::BufWriter::new(&mut beside);
            for part in &self.parts {
                (&self.file).seek(SeekFrom::Start(part.at))?;
                let copied = io::copy(&mut (&self.file).take(part.length), &mut out)?;
                if copied != part.length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            out.flush()?;
        }
        super::atomic_file::take_mode(beside.as_file(), self.known.take())?;
        beside.as_file().sync_all()?;
        beside.persist(to)?;
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> Failure {
        let path = self.path.display();
        Failure::new(
            Class::Internal,
            format!("--output {}: {error}", self.target.display()),
        )
        .hint(format!("all results are in {path}; --resume takes them up"))
    }
}

/// Where an event's line belongs: the start before all results, each of those by
/// its index, the run's end behind them.
fn place(line: &[u8]) -> u64 {
    if line.starts_with(br#"{"type":"start""#) {
        return 0;
    }
    let index = line.strip_prefix(br#"{"type":"result","index":"#);
    let digits = index.and_then(|rest| rest.split(|byte| !byte.is_ascii_digit()).next());
    let index = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok());
    index.map_or(u64::MAX, |index| index.saturating_add(1))
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
