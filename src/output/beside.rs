//! The temporary file beside a target, which replaces the target in one step.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::safe_path;

/// The random characters at the end of a temporary file's name.
const RANDOM: usize = 6;
/// Most bytes of the target's name that are part of it.
const NAME_MAX: usize = 100;

/// Creates a file beside `target`, with mode 0600: nobody has seen yet what will be
/// in it. It is locked for as long as the run needs it.
pub(super) fn beside(target: &Path) -> io::Result<NamedTempFile> {
    let (folder, prefix) = (safe_path::folder_of(target), prefix(target));
    loop {
        let file = tempfile::Builder::new()
            .prefix(&prefix)
            .rand_bytes(RANDOM)
            .tempfile_in(folder)?;
        let locked = file.as_file().try_lock();
        let taken = matches!(locked, Err(TryLockError::WouldBlock));
        // Another run may have found it without a lock, and removed it.
        if !taken && safe_path::is_at(file.as_file(), file.path()) {
            return Ok(file);
        }
    }
}

/// Removes the temporary files that killed runs left for this target.
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

/// Opens a file, and not what may have taken its place meanwhile.
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

/// Refuses a file that the system will not let this user replace, though its folder
/// takes new files.
///
/// # Errors
/// What stands in the way.
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

/// What Linux knows of the file and its folder beside their modes.
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

/// The reason of a failure, without the temporary file's name that tempfile adds.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at path ") {
        Some((why, _)) => why.to_owned(),
        None => text,
    }
}
