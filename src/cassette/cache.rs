//! `--cache`: keeps complete answers in a folder, one file for each request, and finds them
//! again. A file has the form of a recording. Its name is the hash of the URL and of the
//! request without ids.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::file_format::{self, RequestView, read};
use super::record::{OpenRecording, TEMPORARY, prepare, write_unnamed};
use super::replay::{ReplayedBody, replayed};
use crate::error::Failure;
use crate::event::Level;
use crate::http::Head;
use crate::secret::Scrubber;

/// Digits of the hash in a file's name. A recording has fewer, so the two are not confused.
const DIGITS: usize = 32;

/// A temporary file that is older than this belongs to a run that was killed.
const LEFT_AFTER: Duration = Duration::from_secs(3600);

/// The folder of the cache.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// The age from which an answer is no longer used; `None` means any age is accepted.
    ttl: Option<Duration>,
    /// The URL that requests go to.
    url: String,
    scrubber: Scrubber,
    /// Whether the folder has been checked and can be used.
    ready: bool,
    /// Whether the temporary files of killed runs have been removed.
    clean: bool,
    /// The last exchange, which [`Cache::keep`] may write to a file.
    open: Option<OpenRecording>,
}

/// The note to print if the cache has no usable answer to a request.
pub(crate) struct Miss(pub(crate) Level, pub(crate) String);

impl Miss {
    /// Reports that the answer in the file `path` is not used, and why.
    pub(crate) fn unused(path: &Path, why: &str) -> Self {
        let text = format!("* {} {why}: asking again", path.display());
        Self(Level::Verbose, text)
    }

    /// Reports that the file `path` cannot be used, and why.
    pub(crate) fn damaged(path: &Path, why: &str) -> Self {
        let path = path.display();
        let text = format!("--cache: {path} cannot be used: {why}; asking again");
        Self(Level::Warning, text)
    }
}

impl Cache {
    pub(crate) fn new(
        folder: PathBuf,
        ttl: Option<Duration>,
        url: String,
        scrubber: Scrubber,
    ) -> Self {
        Self {
            folder,
            ttl,
            url,
            scrubber,
            ready: false,
            clean: false,
            open: None,
        }
    }

    /// From now on, an exchange that contains this key is not kept.
    pub(crate) fn hide_key(&mut self, key: &str) {
        self.scrubber.hide_key(key);
    }

    /// Makes the folder if it is missing. Exit 2 if it cannot be used, or if others could put
    /// answers into it.
    pub(crate) fn prepare(&mut self) -> Result<(), Failure> {
        if self.ready {
            return Ok(());
        }
        let refused = |why: String| {
            let place = self.folder.display();
            Failure::usage(format!("--cache {place}: {why}"))
                .about("cache")
                .hint("name a folder of your own, or leave out --cache")
        };
        let found = match (prepare(&self.folder), self.folder.metadata()) {
            (_, Ok(found)) if !found.is_dir() => return Err(refused("it is not a folder".into())),
            (Ok(()), Ok(found)) => found,
            (Err(error), _) | (_, Err(error)) => return Err(refused(error.to_string())),
        };
        is_private(&found).map_err(refused)?;
        self.ready = true;
        Ok(())
    }

    fn path(&self, request: &RequestView) -> PathBuf {
        let mut name = request.digest(&self.url);
        name.truncate(DIGITS);
        self.folder.join(name + ".json")
    }

    /// Finds the response to `request`, and its file. Does not check that the answer is complete.
    pub(crate) fn find(
        &mut self,
        request: &RequestView,
    ) -> Result<(Head, ReplayedBody, PathBuf), Miss> {
        self.open = None;
        let path = self.path(request);
        let missing = || {
            let text = "* the cache has no answer to this request".to_owned();
            Err(Miss(Level::Verbose, text))
        };
        let found = match path.symlink_metadata() {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return missing(),
            Err(error) => return Err(Miss::damaged(&path, &error.to_string())),
        };
        if self.ttl.is_some_and(|ttl| age(&found) >= ttl) {
            return Err(Miss::unused(&path, "is older than --cache-ttl"));
        }
        match response(&path, &found, request) {
            Ok(Some((head, body))) => Ok((head, body, path)),
            Ok(None) => missing(),
            Err(why) => Err(Miss::damaged(&path, &why)),
        }
    }

    /// Starts an exchange. Its answer can be kept when it is complete.
    pub(crate) fn start(&mut self, body: &[u8]) -> &mut OpenRecording {
        self.open.insert(OpenRecording::of(body))
    }

    /// Writes the answer of the last exchange to its file and replaces an older one. `under` turns
    /// the request that was sent into the request that the file is for. Returns the path, `None` if
    /// there was no exchange, or the reason why the answer is not kept.
    pub(crate) fn keep(
        &mut self,
        under: impl FnOnce(RequestView) -> RequestView,
    ) -> Result<Option<PathBuf>, String> {
        let Some(mut open) = self.open.take() else {
            return Ok(None);
        };
        if !open.is_complete() {
            return Err("the answer is too long".to_owned());
        }
        open.request = under(open.request);
        let path = self.path(&open.request);
        if matches!(open.mask(&self.scrubber), (true, _) | (_, true)) {
            return Err("the exchange holds a key or another secret".to_owned());
        }
        if !std::mem::replace(&mut self.clean, true) {
            remove_leftovers(&self.folder);
        }
        let saved = open.save(|recording| -> io::Result<()> {
            write_unnamed(&self.folder, recording)?.persist(&path)?;
            Ok(())
        });
        match saved.transpose() {
            Ok(saved) => Ok(saved.map(|()| path)),
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    }
}

/// The time since a file was written. A time in the future means that the clock was changed.
fn age(found: &Metadata) -> Duration {
    let written = found.modified().unwrap_or_else(|_| SystemTime::now());
    let age = SystemTime::now().duration_since(written);
    age.unwrap_or_default()
}

/// Removes the temporary files of runs that were killed while they wrote.
fn remove_leftovers(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_temporary = name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes());
        let is_old = |found: Metadata| age(&found) >= LEFT_AFTER;
        if is_temporary && entry.metadata().is_ok_and(is_old) {
            // Another run may have removed it.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Reads the response to `request` from its file.
fn response(
    path: &Path,
    found: &Metadata,
    request: &RequestView,
) -> Result<Option<(Head, ReplayedBody)>, String> {
    if !found.is_file() {
        return Err("it is not a file".to_owned());
    }
    is_private(found)?;
    let Some(recording) = read(path)? else {
        return Ok(None);
    };
    if recording.request != *request {
        return Err("it holds another request".to_owned());
    }
    let response = replayed(recording.response, path).ok_or(file_format::UNREADABLE_BODY)?;
    Ok(Some(response))
}

/// Fails if another user may have written the file or folder.
#[cfg(unix)]
fn is_private(found: &Metadata) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    const OTHERS_WRITE: u32 = 0o002;
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(format!("it belongs to another user (uid {})", found.uid()));
    }
    if found.mode() & OTHERS_WRITE != 0 {
        let mode = found.mode() & 0o7777;
        return Err(format!("all users can write to it (mode {mode:04o})"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn is_private(_: &Metadata) -> Result<(), String> {
    Ok(())
}
