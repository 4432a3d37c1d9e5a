//! A path → the file that it leads to, its links resolved; and not what somebody
//! else has put in its place. Imports nothing of the crate.

use std::io;
use std::path::{Path, PathBuf};

/// As many links as Linux follows.
const LINKS: usize = 40;

/// `path` with its links resolved, the last one too where it leads nowhere yet.
///
/// # Errors
/// Another user put a link, or what it leads to, into a folder that all can write
/// to; or the links go round in a circle.
pub(crate) fn resolved(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        if is_planted(&path) {
            return Err(planted());
        }
        match std::fs::read_link(&path) {
            // A link of /proc, as /dev/stdout is, may name no path at all.
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

/// The error for a file that another user put where all can write.
pub(crate) fn planted() -> io::Error {
    let why = "another user put it into a folder that all can write to";
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// Whether `path` itself, link or not, belongs to another user and its folder can be
/// written to by all, sticky or not. Stricter than what Linux asks of links: for
/// files that are going to be run.
#[cfg(unix)]
pub(crate) fn is_strangers_in_open_folder(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    const OPEN: u32 = 0o002;
    let (Ok(found), Ok(folder)) = (path.symlink_metadata(), folder_of(path).metadata()) else {
        return false;
    };
    folder.mode() & OPEN != 0 && found.uid() != rustix::process::geteuid().as_raw()
}

#[cfg(unix)]
fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// Whether `path` itself, link or not, is another user's in a folder like `/tmp`.
/// Linux refuses to follow such a link, where it is told to; to resolve links by
/// hand would go around that.
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

/// Whether what belongs to `owner`, in a folder with such a mode and owner, may
/// have been put there by anybody but `user`.
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
    fn links_that_go_round_end() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("1"), folder.path().join("2"));
        std::os::unix::fs::symlink(&one, &two).unwrap();
        std::os::unix::fs::symlink(&two, &one).unwrap();
        assert!(resolved(&one).is_err());
    }
}
