//! A file that is replaced in one step when the run has succeeded. Until then the answer
//! is in a temporary file in the same folder.

use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, PersistError};

use crate::error::Failure;
use crate::exit::Class;
use crate::safe_path;

/// The random characters at the end of a temporary file's name.
const RANDOM: usize = 6;
/// The most bytes of the target's name in a temporary file's name.
const NAME_MAX: usize = 100;

/// A file to replace, and the temporary file that replaces it.
#[derive(Debug)]
pub struct AtomicFile {
    temporary: NamedTempFile,
    target: PathBuf,
    /// The permissions of the file that is replaced.
    permissions: Option<Permissions>,
}

impl AtomicFile {
    /// Prepares to replace `target`, a path without links. `found` describes the file
    /// that is there, if any.
    pub(super) fn open(target: PathBuf, found: Option<&Metadata>) -> io::Result<Self> {
        match found {
            Some(found) => {
                replaceable(&target, found)?;
                // A file without write permission must not be replaced either.
                OpenOptions::new().write(true).open(&target)?;
            }
            None if names_folder(&target) => return Err(ErrorKind::IsADirectory.into()),
            None => {}
        }
        remove_leftovers(&target);
        Ok(Self {
            temporary: create_temporary(&target)?,
            target,
            permissions: found.map(Metadata::permissions),
        })
    }

    /// Call this if the run has succeeded: replaces the file and syncs it.
    pub(super) fn keep(self) -> Result<(), Failure> {
        let Self {
            temporary,
            target,
            permissions,
        } = self;
        let file = temporary.as_file();
        let kept = match copy_mode(file, permissions).and_then(|()| file.sync_all()) {
            Ok(()) => temporary.persist(&target).map(drop),
            Err(error) => Err(PersistError {
                error,
                file: temporary,
            }),
        };
        kept.map_err(|PersistError { error, file }| {
            set_aside(file, &target);
            let message = format!("--output {}: {error}", target.display());
            Failure::new(Class::Internal, message)
        })
    }

    /// Call this if the run has failed: the file stays as it was. Returns the path of
    /// the file with the part that arrived, if any.
    pub(super) fn set_aside(self) -> Option<PathBuf> {
        let written = self.temporary.as_file().metadata();
        let came = written.is_ok_and(|written| written.len() > 0);
        came.then(|| set_aside(self.temporary, &self.target))
            .flatten()
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps the part that arrived as `FILE.partial`, which only its owner can read.
fn set_aside(temporary: NamedTempFile, target: &Path) -> Option<PathBuf> {
    let partial = partial(target)?;
    match temporary.persist(&partial) {
        Ok(_) => Some(partial),
        // A folder has that name, or the name is too long: keep the temporary name.
        Err(error) => error.file.keep().ok().map(|(_, path)| path),
    }
}

/// `FILE.partial`, for the part that arrived before the run failed.
pub(super) fn partial(target: &Path) -> Option<PathBuf> {
    let mut name = target.file_name()?.to_owned();
    name.push(".partial");
    Some(target.with_file_name(name))
}

/// Whether a path of a missing file can only name a folder.
fn names_folder(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    name.ends_with(b"/") || name.ends_with(b"/.")
}

/// Gives the file the mode of the file that it replaces, without set-user-ID,
/// set-group-ID and the sticky bit.
#[cfg(unix)]
pub(super) fn copy_mode(file: &File, from: Option<Permissions>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let Some(from) = from else {
        return Ok(());
    };
    let (now, mode) = (file.metadata()?.permissions().mode(), from.mode() & 0o777);
    // If the file system has no modes, both are the same.
    if now & 0o777 == mode {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(super) fn copy_mode(file: &File, from: Option<Permissions>) -> io::Result<()> {
    from.map_or(Ok(()), |from| file.set_permissions(from))
}

/// Creates a temporary file in the folder of `target`, with mode 0600. It is locked for
/// as long as the run needs it.
pub(super) fn create_temporary(target: &Path) -> io::Result<NamedTempFile> {
    let (folder, prefix) = (safe_path::folder_of(target), prefix(target));
    loop {
        let file = tempfile::Builder::new()
            .prefix(&prefix)
            .rand_bytes(RANDOM)
            .tempfile_in(folder)?;
        let locked = file.as_file().try_lock();
        let taken = matches!(locked, Err(TryLockError::WouldBlock));
        // Another run may have removed the file before it was locked.
        if !taken && safe_path::is_at(file.as_file(), file.path()) {
            return Ok(file);
        }
    }
}

/// Removes the temporary files that killed runs have left for this target.
pub(super) fn remove_leftovers(target: &Path) {
    let prefix = prefix(target);
    let Ok(entries) = safe_path::folder_of(target).read_dir() else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(&prefix));
        let ours = random.is_some_and(|random| {
            random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if ours && is_dead(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a temporary file is this user's and no run holds its lock.
fn is_dead(path: &Path) -> bool {
    let Ok(found) = path.symlink_metadata() else {
        return false;
    };
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::uid(&found) != rustix::process::geteuid().as_raw() {
        return false;
    }
    let locked = |file: File| file.try_lock().is_ok() && safe_path::is_at(&file, path);
    found.is_file() && open(path).is_ok_and(locked)
}

/// Opens a file, and checks that it was not replaced in the meantime.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    options.read(true).open(path)
}

/// `.airx-FILE-`.
fn prefix(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let mut end = name.len().min(NAME_MAX);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!(".airx-{}-", &name[..end])
}

/// Refuses a file that the system does not allow this user to replace, although the
/// user may create files in its folder.
pub(super) fn replaceable(target: &Path, file: &Metadata) -> io::Result<()> {
    match obstacle(target, file) {
        Some(obstacle) => Err(io::Error::other(format!(
            "it cannot be replaced at the end of the run: {obstacle}"
        ))),
        None => Ok(()),
    }
}

#[cfg(unix)]
fn obstacle(target: &Path, file: &Metadata) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt;
    const STICKY: u32 = 0o1000;
    let user = rustix::process::geteuid();
    let sticky = |folder: &Metadata| {
        folder.mode() & STICKY != 0 && folder.uid() != user.as_raw() && file.uid() != user.as_raw()
    };
    if !user.is_root()
        && safe_path::folder_of(target)
            .metadata()
            .is_ok_and(|folder| sticky(&folder))
    {
        return Some("it belongs to another user, in a folder where only owners replace files");
    }
    #[cfg(target_os = "linux")]
    return attribute(target);
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(not(unix))]
fn obstacle(_: &Path, _: &Metadata) -> Option<&'static str> {
    None
}

/// The attributes of the file and its folder on Linux, other than modes.
#[cfg(target_os = "linux")]
fn attribute(target: &Path) -> Option<&'static str> {
    use rustix::fs::{AtFlags, CWD, StatxAttributes as Has, StatxFlags, statx};
    let attributes = |path: &Path| {
        let found = statx(CWD, path, AtFlags::empty(), StatxFlags::empty());
        found.map_or(Has::empty(), |found| found.stx_attributes)
    };
    let file = attributes(target);
    if file.contains(Has::MOUNT_ROOT) {
        return Some("it is mounted by itself; mount its folder instead");
    }
    let fixed = Has::APPEND | Has::IMMUTABLE;
    (file | attributes(safe_path::folder_of(target)))
        .intersects(fixed)
        .then_some("it or its folder is append-only or immutable (chattr)")
}

/// The text of an error, without the temporary file's name that tempfile adds.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at path ") {
        Some((why, _)) => why.to_owned(),
        None => text,
    }
}
