//! Resolves a path to the file that it names, refuses files that another user may have
//! put there, compares files by identity, and opens named pipes without waiting forever
//! for the other end.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::time::{Duration, Instant};

#[cfg(unix)]
use rustix::fs::OFlags;

/// The number of links that Linux follows.
const LINKS: usize = 40;

/// Resolves the links of `path`. The last link may lead to a file that does not exist yet.
///
/// # Errors
/// Another user put a link or its target into a folder that all can write to, or the
/// links form a cycle.
pub(crate) fn resolved(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        if is_planted(&path) {
            return Err(planted());
        }
        match std::fs::read_link(&path) {
            // A link of /proc, such as /dev/stdout, may not lead to a path.
            Ok(_) if std::fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) => {
                return Ok(path);
            }
            Ok(to) => {
                path = path
                    .parent()
                    .map_or_else(|| to.clone(), |folder| folder.join(&to));
            }
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links"))
}

/// Identifies a file independently of its name, by device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId(u64, u64);

impl FileId {
    #[cfg(unix)]
    pub(crate) fn of(file: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(file.dev(), file.ino())
    }

    /// On other systems an open file cannot be replaced.
    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Self {
        Self(0, 0)
    }
}

/// Whether `path` still names the open file.
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => FileId::of(&open) == FileId::of(&named),
        _ => false,
    }
}

/// Whether two paths name the same file: by different spellings, links or hard
/// links. The files need not exist yet.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(one), Ok(other)) = (std::fs::metadata(one), std::fs::metadata(other)) {
        return FileId::of(&one) == FileId::of(&other);
    }
    matches!((location(one), location(other)), (Some(one), Some(other)) if one == other)
}

/// The canonical path of a file, which may not exist yet.
fn location(path: &Path) -> Option<PathBuf> {
    let path = resolved(path).ok()?;
    if let Ok(path) = path.canonicalize() {
        return Some(path);
    }
    let folder = folder_of(&path).canonicalize().ok()?;
    Some(folder.join(path.file_name()?))
}

/// How long to wait for another program to open the other end of a named pipe.
#[cfg(unix)]
const GRACE: Duration = Duration::from_secs(1);
#[cfg(unix)]
const PAUSE: Duration = Duration::from_millis(5);

/// Opens the file for writing. If it is missing and `create` is set, makes a regular
/// file.
///
/// # Errors
/// It cannot be opened, or is a named pipe that no program reads.
pub(crate) fn open_to_write(path: &Path, create: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).truncate(false).create(create);
    #[cfg(not(unix))]
    return options.open(path);
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        let start = Instant::now();
        let file = loop {
            let error = match options.open(path) {
                Ok(file) => break file,
                Err(error) => error,
            };
            let is_pipe = path.metadata().is_ok_and(|found| is_pipe(&found));
            if !is_pipe || Errno::from_io_error(&error) != Some(Errno::NXIO) {
                return Err(error);
            }
            if start.elapsed() >= GRACE {
                return Err(io::Error::other("no program reads this pipe"));
            }
            std::thread::sleep(PAUSE);
        };
        // From here on, writing to a full pipe waits for its reader.
        block(&file)?;
        Ok(file)
    }
}

/// Opens a file for [`read_all`].
///
/// # Errors
/// It cannot be opened.
pub(crate) fn open_to_read(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    options.read(true).open(path)
}

/// Reads a file to its end, but at most `max` bytes.
///
/// # Errors
/// It cannot be read, or is a named pipe that no program writes to.
pub(crate) fn read_all(file: &File, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    #[cfg(unix)]
    {
        if is_pipe(&file.metadata()?) {
            bytes = first_piece(file)?;
        }
        block(file)?;
    }
    let rest = max.saturating_sub(bytes.len() as u64);
    file.take(rest).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Waits until a program has opened a pipe for writing. Returns what it has written.
#[cfg(unix)]
fn first_piece(mut pipe: &File) -> io::Result<Vec<u8>> {
    let (start, mut piece) = (Instant::now(), [0; 4096]);
    loop {
        match pipe.read(&mut piece) {
            Ok(0) if start.elapsed() >= GRACE => {
                return Err(io::Error::other("no program writes to this pipe"));
            }
            Ok(0) => std::thread::sleep(PAUSE),
            Ok(length) => return Ok(piece[..length].to_vec()),
            // A program has opened the pipe, but not written yet.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(unix)]
fn is_pipe(file: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&file.file_type())
}

/// Makes reads and writes of a file block.
#[cfg(unix)]
fn block(file: &File) -> io::Result<()> {
    use rustix::fs::{fcntl_getfl, fcntl_setfl};
    Ok(fcntl_setfl(file, fcntl_getfl(file)? - OFlags::NONBLOCK)?)
}

/// The error for a file that another user put into a folder that all can write to.
pub(crate) fn planted() -> io::Error {
    let why = "another user put it into a folder that all can write to";
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// Whether `path` itself, link or not, belongs to another user and all users can write to
/// its folder, sticky or not. This is stricter than the rule of Linux for links, because
/// the file will be executed.
#[cfg(unix)]
pub(crate) fn is_strangers_in_open_folder(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    const OPEN: u32 = 0o002;
    let (Ok(found), Ok(folder)) = (path.symlink_metadata(), folder_of(path).metadata()) else {
        return false;
    };
    folder.mode() & OPEN != 0 && found.uid() != rustix::process::geteuid().as_raw()
}

/// The folder of a path; `.` if the path names none.
pub(crate) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// Whether `path` itself, link or not, belongs to another user in a folder like `/tmp`.
/// Linux can refuse to follow such a link (`protected_symlinks`), and resolving links
/// here must not bypass that.
#[cfg(unix)]
fn is_planted(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(found), Ok(folder)) = (path.symlink_metadata(), folder_of(path).metadata()) else {
        return false;
    };
    let user = rustix::process::geteuid().as_raw();
    is_strangers(found.uid(), (folder.mode(), folder.uid()), user)
}

#[cfg(not(unix))]
fn is_planted(_: &Path) -> bool {
    false
}

/// Whether another user than `user` may have put a file of `owner` into a folder with
/// this mode and owner.
#[cfg(unix)]
fn is_strangers(owner: u32, folder: (u32, u32), user: u32) -> bool {
    const STICKY_AND_OPEN: u32 = 0o1002;
    let (mode, host) = folder;
    mode & STICKY_AND_OPEN == STICKY_AND_OPEN && owner != user && owner != host
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_for_all_holds_what_strangers_put_there() {
        let (me, root, other) = (1000, 0, 1001);
        assert!(is_strangers(other, (0o41777, root), me));
        assert!(is_strangers(other, (0o41777, me), me));
        assert!(is_strangers(me, (0o41777, root), root));
        for (owner, folder) in [
            (me, (0o41777, root)),
            (root, (0o41777, root)),
            (other, (0o40755, root)),
            (other, (0o40777, root)),
            (other, (0o41770, root)),
        ] {
            assert!(!is_strangers(owner, folder, me), "{owner} {folder:?}");
        }
    }

    #[test]
    fn a_file_is_recognised_by_any_of_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for exists in [false, true] {
            if exists {
                std::fs::write(at("file"), "").unwrap();
                std::fs::hard_link(at("file"), at("hard")).unwrap();
                assert!(same_file(&at("file"), &at("hard")));
            } else {
                std::os::unix::fs::symlink("file", at("link")).unwrap();
                std::os::unix::fs::symlink(".", at("folder")).unwrap();
            }
            for name in ["file", "./file", "link", "folder/file", "folder/link"] {
                assert!(same_file(&at("file"), &at(name)), "{name}, {exists}");
            }
            assert!(!same_file(&at("file"), &at("other")));
        }
    }

    #[test]
    fn links_that_go_round_end() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("1"), folder.path().join("2"));
        std::os::unix::fs::symlink(&one, &two).unwrap();
        std::os::unix::fs::symlink(&two, &one).unwrap();
        assert!(resolved(&one).is_err());
    }
}
