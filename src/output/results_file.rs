//! The file of `--each -o FILE`. Each result is written to it as it arrives. At the end
//! of the run one atomic step puts all results in input order.
//!
//! - Each result is written with one write before the next one is accepted. No matter
//!   how airx ends, no result is lost, and at most the last line is incomplete.
//! - The file is synced at most once a second, and at the end. A power cut can lose the
//!   results since the last sync.
//! - A FILE with results of another run is replaced when this run has
//!   succeeded. Until then this run writes to FILE.partial. `--resume` continues
//!   FILE.partial if it exists, else FILE.
//! - The file is locked, so that no other run uses the same FILE.
//! - Other programs may remove, replace or change the file. Then this run keeps its
//!   results, if necessary in another file, and fails unless FILE has all of them.

mod lines;

use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::atomic_file::{copy_mode, create_temporary, partial, remove_leftovers, replaceable};
use super::destination::unusable;
use crate::error::Failure;
use crate::event::Earlier;
use crate::exit::Class;
use crate::safe_path::{self, FileId, is_at};
use crate::temp_files::TempFile;

/// The shortest time between two syncs.
const SYNC: Duration = Duration::from_secs(1);

/// The file of a run's results.
#[derive(Debug)]
pub struct ResultsFile {
    file: File,
    /// The file that is written: the target itself, or FILE.partial.
    path: PathBuf,
    /// The path that the user named, with links resolved.
    target: PathBuf,
    /// The file that will be replaced, and its lock.
    replaced: Option<Replaced>,
    /// This run created the file, and has not written to it yet.
    created: Option<TempFile>,
    /// The offset of this run's first line.
    start: u64,
    /// The file's length.
    end: u64,
    /// The number of results of an earlier run and of this one.
    results: u64,
    pub(super) earlier: Earlier,
    /// No request is in flight any more, so the lines can be put in order.
    pub(super) settled: bool,
    /// What another program did to the file during the run.
    disturbed: Option<&'static str>,
    synced: Instant,
}

/// The file that was at the target path when the run began.
#[derive(Debug)]
struct Replaced {
    /// Keeps the lock if this run writes to another file.
    _lock: Option<File>,
    permissions: Permissions,
    stamp: Stamp,
}

/// The values that show whether a file has changed.
type Stamp = (FileId, u64, Option<SystemTime>);

fn stamp(file: &Metadata) -> Stamp {
    (FileId::of(file), file.len(), file.modified().ok())
}

const REPLACED: &str = "another program replaced it during the run";
const WRITTEN: &str = "another program wrote to it during the run";

impl ResultsFile {
    /// Opens and locks the file, and reads what an earlier run left in it. Returns `None`
    /// if the path does not name a regular file. With `resume` its content is kept.
    pub(super) fn open(path: &Path, resume: bool) -> Result<Option<Self>, Failure> {
        let failed = |error: io::Error| unusable(path, &error);
        let target = safe_path::resolved(path).map_err(failed)?;
        let found = match fs::metadata(&target) {
            Ok(found) if !found.is_file() => return Ok(None),
            found => found.ok(),
        };
        remove_leftovers(&target);
        // The target is locked in any case, so that two runs on one FILE
        // exclude each other.
        let mut existing = None;
        if let Some(found) = &found {
            let file = appending().open(&target).map_err(failed)?;
            lock(&file, &target)?;
            replaceable(&target, found).map_err(failed)?;
            // The end of the run needs a temporary file. Try this before any
            // request costs money.
            create_temporary(&target).map_err(failed)?;
            existing = Some(file);
        }
        let full = found.as_ref().is_some_and(|found| found.len() > 0);
        let place = place(&target, full, resume, failed)?;
        safe_path::resolved(&place).map_err(failed)?;
        let (file, created, held) = match existing {
            Some(file) if place == target => (file, None, None),
            existing => {
                let (file, created) = open_or_create(&place).map_err(failed)?;
                lock(&file, &place)?;
                (file, created, existing)
            }
        };
        let (earlier, end) = lines::read_earlier(&file, &place)?;
        Ok(Some(Self {
            replaced: found.map(|found| Replaced {
                _lock: held,
                permissions: found.permissions(),
                stamp: stamp(&found),
            }),
            file,
            path: place,
            target,
            created,
            start: end,
            end,
            results: earlier.count(),
            earlier,
            settled: false,
            disturbed: None,
            synced: Instant::now(),
        }))
    }

    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.ensure_in_place()?;
        let length = self.file.metadata()?.len();
        if length != self.end {
            self.disturbed.get_or_insert(WRITTEN);
        }
        let file = &self.file;
        let write = || {
            (&*file).write_all(line).inspect_err(|_| {
                // Remove a part of a line, so that the next line does not continue it.
                let _ = file.set_len(length);
            })
        };
        match &self.created {
            Some(created) => created.fill(write)?,
            None => write()?,
        }
        self.created = None;
        self.end = length + line.len() as u64;
        let is_result = |line: &&[u8]| line.starts_with(br#"{"type":"result""#);
        self.results += line.split(|byte| *byte == b'\n').filter(is_result).count() as u64;
        if self.synced.elapsed() >= SYNC {
            self.file.sync_data()?;
            self.synced = Instant::now();
        }
        Ok(())
    }

    /// Checks that the path still names the open file. If it was removed, it is
    /// restored; if it was replaced, its content is kept as FILE.partial.
    fn ensure_in_place(&mut self) -> io::Result<()> {
        if is_at(&self.file, &self.path) {
            return Ok(());
        }
        let gone = |path: &Path| path.symlink_metadata().is_err();
        if gone(&self.path) {
            return self.move_to(&self.path.clone());
        }
        self.disturbed.get_or_insert(REPLACED);
        let partial = partial(&self.target).ok_or_else(|| io::Error::other(REPLACED))?;
        let numbered = |number| {
            let mut name = partial.clone().into_os_string();
            name.push(format!("-{number}"));
            PathBuf::from(name)
        };
        let mut free = std::iter::once(partial.clone()).chain((2..).map(numbered));
        let free = free.find(|path| gone(path)).unwrap_or(partial.clone());
        self.move_to(&free)
    }

    /// Copies the lines to a new file and continues there.
    fn move_to(&mut self, path: &Path) -> io::Result<()> {
        let (file, created) = create(path)?;
        (&self.file).rewind()?;
        created.fill(|| io::copy(&mut &self.file, &mut &file).map(drop))?;
        lock(&file, path).map_err(io::Error::other)?;
        self.file = file;
        self.created = None;
        path.clone_into(&mut self.path);
        Ok(())
    }

    /// Call this if the run has succeeded: the target gets all results, in order.
    pub(super) fn keep(mut self) -> Result<(), Failure> {
        self.finish().map_err(|error| self.failed(&error))?;
        // If the run had no items, keep the empty file.
        if let Some(created) = &self.created {
            created.fill(|| Ok(()))?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.ensure_in_place()?;
        if self.file.metadata()?.len() != self.end {
            self.disturbed.get_or_insert(WRITTEN);
        }
        if self.path != self.target {
            let found = std::fs::metadata(&self.target).ok();
            let stood = self.replaced.as_ref().map(|replaced| replaced.stamp);
            // If the target was removed, it can still be written.
            if found.is_some_and(|found| Some(stamp(&found)) != stood) {
                self.disturbed.get_or_insert(REPLACED);
            }
        }
        if let Some(what) = self.disturbed {
            return Err(io::Error::other(what));
        }
        let target = self.target.clone();
        self.put_in_order(&target)?;
        if self.path != self.target {
            // The target has all lines now.
            let _ = std::fs::remove_file(&self.path);
        }
        Ok(())
    }

    /// Call this if the run has failed: the results stay where they were written.
    /// Returns the path if it is not the target.
    pub(super) fn set_aside(mut self) -> Option<PathBuf> {
        if self.created.is_some() {
            return None;
        }
        let undisturbed = self.ensure_in_place().is_ok() && self.disturbed.is_none();
        if self.settled && undisturbed {
            let path = self.path.clone();
            // If this fails, the file can still be resumed as it is.
            let _ = self.put_in_order(&path);
        } else {
            let _ = self.file.sync_data();
        }
        (self.path != self.target).then(|| self.path.clone())
    }

    /// Writes the lines in order to `to`. If this fails, `to` is unchanged.
    fn put_in_order(&mut self, to: &Path) -> io::Result<()> {
        let order = lines::order(&self.file, self.start)?;
        let Some(order) = order.filter(|order| order.results >= self.results) else {
            self.disturbed = Some(WRITTEN);
            return Err(io::Error::other(WRITTEN));
        };
        if order.is_file && self.path == to {
            return self.file.sync_all();
        }
        let mut temporary = create_temporary(to)?;
        {
            let mut out = io::BufWriter::new(&mut temporary);
            let mut reader = BufReader::with_capacity(64 * 1024, &self.file);
            let (mut line, mut position) = (Vec::new(), reader.seek(SeekFrom::Start(0))?);
            for at in order.lines {
                // A relative seek keeps the buffer if the next line is in it.
                reader.seek_relative(at.cast_signed() - position.cast_signed())?;
                line.clear();
                position = at + reader.read_until(b'\n', &mut line)? as u64;
                out.write_all(&line)?;
            }
            out.flush()?;
        }
        let permissions = self.replaced.take().map(|replaced| replaced.permissions);
        copy_mode(temporary.as_file(), permissions)?;
        temporary.as_file().sync_all()?;
        temporary.persist(to)?;
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> Failure {
        let path = self.path.display();
        let message = format!("--output {}: {error}", self.target.display());
        let hint = match self.disturbed {
            Some(WRITTEN) => {
                format!("the results are in {path}, not in order; check it, then use --resume")
            }
            _ => format!("all results are in {path}; --resume continues with them"),
        };
        Failure::new(Class::Internal, message).hint(hint)
    }
}

/// The file to write to: the target, or FILE.partial.
fn place(
    target: &Path,
    full: bool,
    resume: bool,
    failed: impl Fn(io::Error) -> Failure,
) -> Result<PathBuf, Failure> {
    let Some(partial) = partial(target) else {
        return Ok(target.to_owned());
    };
    if holds_results(&partial) {
        if resume {
            return Ok(partial);
        }
        let what = format!(
            "{} has results of a run that did not end",
            partial.display()
        );
        let hint = "continue that run with --resume, or remove the file to start again";
        return Err(Failure::usage(what).hint(hint));
    }
    if !full || resume {
        return Ok(target.to_owned());
    }
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(partial),
    }
}

/// Whether a file contains results, and not the output of another command.
fn holds_results(path: &Path) -> bool {
    let first = || -> io::Result<String> {
        // Check the type before opening it: a pipe would wait for its writer.
        if !fs::symlink_metadata(path)?.is_file() {
            return Ok(String::new());
        }
        let mut first = String::new();
        BufReader::new(File::open(path)?)
            .take(4096)
            .read_line(&mut first)?;
        Ok(first)
    };
    let results = [r#"{"type":"result","#, r#"{"type":"start","#];
    first().is_ok_and(|line| results.iter().any(|start| line.starts_with(start)))
}

fn appending() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    options
}

fn open_or_create(path: &Path) -> io::Result<(File, Option<TempFile>)> {
    match appending().open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            create(path).map(|(file, created)| (file, Some(created)))
        }
        opened => opened.map(|file| (file, None)),
    }
}

/// Creates the file with mode 0600.
fn create(path: &Path) -> io::Result<(File, TempFile)> {
    let mut options = appending();
    options.create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    TempFile::create(path, || options.open(path))
}

/// Locks the file at `path` against other runs.
fn lock(file: &File, path: &Path) -> Result<(), Failure> {
    let busy = || {
        let what = format!("--output {}: another run is writing it", path.display());
        Failure::usage(what).hint("wait until it ends, or name another file")
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(busy()),
        // The other run has just ended and replaced the file.
        Ok(()) if !safe_path::is_at(file, path) => Err(busy()),
        // Some file systems have no locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
