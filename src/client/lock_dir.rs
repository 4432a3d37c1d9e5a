//! The folder of lock files that all airx processes of one user share. It is made if it
//! is missing, and refused if another user could change it.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use crate::error::Failure;

/// A folder that belongs to this user, held open: a later change of its path has no
/// effect.
#[derive(Debug)]
pub(super) struct LockDir {
    path: PathBuf,
    #[cfg(unix)]
    handle: std::os::fd::OwnedFd,
}

impl LockDir {
    /// A failure about the folder or a file in it.
    fn failed(&self, name: &str, error: &io::Error) -> Failure {
        let path = self.path.join(name);
        Failure::usage(format!("--max-in-flight: {}: {error}", path.display()))
    }

    /// The failure when a file in it cannot be locked.
    pub(super) fn unlockable(&self, name: &str, error: &io::Error) -> Failure {
        self.failed(name, error)
            .hint("its file system may not support locks: set XDG_RUNTIME_DIR to another folder")
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, mkdir, open, openat, unlinkat};
    use rustix::io::Errno;
    use rustix::process::geteuid;

    use super::{Failure, File, LockDir, PathBuf, io};

    /// `$XDG_RUNTIME_DIR/airx`, else `airx-UID` in the folder of temporary files. The
    /// variable is ignored if its folder is missing or belongs to another user (`sudo`
    /// keeps the variable).
    fn place() -> PathBuf {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let own = |path: &PathBuf| {
            path.is_absolute()
                && path
                    .metadata()
                    .is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw())
        };
        match runtime.filter(own) {
            Some(path) => path.join("airx"),
            None => std::env::temp_dir().join(format!("airx-{}", geteuid().as_raw())),
        }
    }

    fn refused(path: &Path, why: &str) -> Failure {
        Failure::usage(format!("--max-in-flight: {} {why}", path.display())).hint(
            "it must be a folder that belongs to you, with mode 0700: remove it, or set XDG_RUNTIME_DIR to another folder",
        )
    }

    impl LockDir {
        /// Opens the folder. Makes it with mode 0700 if it is missing.
        pub(in super::super) fn open() -> Result<Self, Failure> {
            let path = place();
            match mkdir(&path, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => {
                    let why = format!("cannot be made: {}", io::Error::from(error));
                    return Err(refused(&path, &why));
                }
            }
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let handle = match open(&path, flags, Mode::empty()) {
                Ok(handle) => handle,
                Err(Errno::LOOP | Errno::NOTDIR | Errno::MLINK) => {
                    return Err(refused(&path, "is a link or not a folder"));
                }
                Err(error) => {
                    let why = format!("cannot be opened: {}", io::Error::from(error));
                    return Err(refused(&path, &why));
                }
            };
            let found = fstat(&handle).map_err(io::Error::from)?;
            if found.st_uid != geteuid().as_raw() {
                let why = format!("belongs to another user (uid {})", found.st_uid);
                return Err(refused(&path, &why));
            }
            let mode = Mode::from_raw_mode(found.st_mode);
            if mode.intersects(Mode::RWXG | Mode::RWXO) {
                let why = format!("is open to others (mode {:04o})", mode.as_raw_mode());
                return Err(refused(&path, &why));
            }
            Ok(Self { path, handle })
        }

        /// Opens one of its files. Returns `None` if it is missing and `make` is not set.
        pub(in super::super) fn file(
            &self,
            name: &str,
            make: bool,
        ) -> Result<Option<File>, Failure> {
            let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
            let flags = if make { flags | OFlags::CREATE } else { flags };
            let file = match openat(&self.handle, name, flags, Mode::RUSR | Mode::WUSR) {
                Ok(file) => file,
                Err(Errno::NOENT) if !make => return Ok(None),
                Err(error) => return Err(self.failed(name, &error.into())),
            };
            let found = fstat(&file).map_err(io::Error::from)?;
            if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
                return Err(refused(&self.path.join(name), "is not a file"));
            }
            Ok(Some(File::from(file)))
        }

        /// The names of its files.
        pub(in super::super) fn names(&self) -> io::Result<Vec<String>> {
            let entries = Dir::read_from(&self.handle)?;
            let names = entries.map(|entry| {
                let name = entry?.file_name().to_string_lossy().into_owned();
                Ok(name)
            });
            names.collect()
        }

        /// Removes one of its files, if it is still there.
        pub(in super::super) fn remove(&self, name: &str) {
            let _ = unlinkat(&self.handle, name, AtFlags::empty());
        }
    }
}

#[cfg(not(unix))]
mod other {
    use super::{Failure, File, LockDir, io};

    impl LockDir {
        /// Opens the folder. On these systems each user has their own temporary files.
        pub(in super::super) fn open() -> Result<Self, Failure> {
            let path = std::env::temp_dir().join("airx");
            std::fs::create_dir_all(&path)?;
            Ok(Self { path })
        }

        /// Opens one of its files. Returns `None` if it is missing and `make` is not set.
        pub(in super::super) fn file(
            &self,
            name: &str,
            make: bool,
        ) -> Result<Option<File>, Failure> {
            let mut options = File::options();
            options.read(true).write(true).create(make);
            match options.open(self.path.join(name)) {
                Ok(file) => Ok(Some(file)),
                Err(error) if !make && error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(self.failed(name, &error)),
            }
        }

        /// The names of its files.
        pub(in super::super) fn names(&self) -> io::Result<Vec<String>> {
            let entries = std::fs::read_dir(&self.path)?;
            let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
            names.collect()
        }

        /// Removes one of its files, if it is still there.
        pub(in super::super) fn remove(&self, name: &str) {
            let _ = std::fs::remove_file(self.path.join(name));
        }
    }
}
