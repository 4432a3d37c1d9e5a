//! A folder that all airx processes of one user share: for the lock files of
//! `--max-in-flight`, or for the ledgers of `--budget`. It is made if it is missing, and
//! refused if another user could change it.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::error::Failure;
use crate::exit::Class;

/// What the folder is for. This decides where it is and what messages name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The slots of `--max-in-flight`, which need not outlive a reboot.
    Slots,
    /// The ledgers of `--budget`.
    Ledgers,
}

impl Purpose {
    /// The option that needs the folder, and the variable that names another place.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Slots => ("--max-in-flight", "XDG_RUNTIME_DIR"),
            Self::Ledgers => ("--budget", "XDG_STATE_HOME"),
        }
    }
}

/// A folder that belongs to this user. It stays open, so that a later change of its path has no
/// effect.
#[derive(Debug)]
pub(super) struct PrivateDir {
    purpose: Purpose,
    path: PathBuf,
    #[cfg(unix)]
    handle: std::os::fd::OwnedFd,
}

impl PrivateDir {
    /// Opens the folder. Makes it with mode 0700 if it is missing.
    pub(super) fn open(purpose: Purpose) -> Result<Self, Failure> {
        let path = purpose.place()?;
        make(&path).map_err(|error| {
            let (_, variable) = purpose.names();
            failed(purpose, &path, &error).hint(format!("set {variable} to another folder"))
        })?;
        Self::at(purpose, path)
    }

    /// Opens the folder if it is there.
    pub(super) fn open_existing(purpose: Purpose) -> Result<Option<Self>, Failure> {
        use ErrorKind::{NotADirectory, NotFound};
        let path = purpose.place()?;
        match path.symlink_metadata() {
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(None),
            _ => Self::at(purpose, path).map(Some),
        }
    }

    /// The path of one of its files.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens one of its files, if it is there.
    pub(super) fn file(&self, name: &str) -> Result<Option<File>, Failure> {
        self.open_file(name, false)
    }

    /// Opens one of its files. Makes it if it is missing.
    pub(super) fn make_file(&self, name: &str) -> Result<File, Failure> {
        let file = self.open_file(name, true)?;
        file.ok_or_else(|| self.failed(name, &ErrorKind::NotFound.into()))
    }

    /// The names of its files.
    pub(super) fn names(&self) -> Result<Vec<String>, Failure> {
        self.list().map_err(|error| self.failed("", &error))
    }

    /// A failure about one of its files: exit 1 if the disk is full, else exit 2.
    pub(super) fn failed(&self, name: &str, error: &io::Error) -> Failure {
        failed(self.purpose, &self.path(name), error)
    }

    /// Waits for the lock on one of its files.
    pub(super) fn lock(&self, name: &str, file: &File) -> Result<(), Failure> {
        file.lock().map_err(|error| self.unlockable(name, &error))
    }

    /// Locks one of its files. Returns `false` if another process holds the lock.
    pub(super) fn try_lock(&self, name: &str, file: &File) -> Result<bool, Failure> {
        match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(self.unlockable(name, &error)),
        }
    }

    fn unlockable(&self, name: &str, error: &io::Error) -> Failure {
        let (_, variable) = self.purpose.names();
        self.failed(name, error).hint(format!(
            "its file system may not support locks: set {variable} to another folder"
        ))
    }

    /// Replaces one of its files in one step: a reader finds the old content or the new.
    /// The caller holds a lock, so that no other process replaces the file meanwhile.
    pub(super) fn replace(&self, name: &str, content: &[u8]) -> Result<(), Failure> {
        let new = format!("{name}.new");
        // A killed process may have left it.
        self.remove(&new);
        let mut file = self.make_file(&new)?;
        file.write_all(content)
            .and_then(|()| file.sync_data())
            .map_err(|error| self.failed(&new, &error))?;
        self.rename(&new, name)
            .map_err(|error| self.failed(name, &error))
    }
}

fn failed(purpose: Purpose, path: &Path, error: &io::Error) -> Failure {
    let class = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Class::Internal
        }
        _ => Class::Usage,
    };
    let (option, _) = purpose.names();
    Failure::new(class, format!("{option}: {}: {error}", path.display()))
}

/// Makes the folder and those above it, if they are missing.
fn make(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => builder.recursive(true).create(path),
        made => made,
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt;

    use rustix::fs::{
        AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, open, openat, renameat, unlinkat,
    };
    use rustix::io::Errno;
    use rustix::process::geteuid;

    use super::{Failure, File, Path, PathBuf, PrivateDir, Purpose, io};
    use crate::config::folder;

    impl Purpose {
        pub(super) fn place(self) -> Result<PathBuf, Failure> {
            match self {
                Self::Slots => Ok(runtime_folder()),
                Self::Ledgers => state_folder(),
            }
        }

        /// The access that others must not have. A reader could take the lock of a slot.
        fn forbidden(self) -> Mode {
            match self {
                Self::Slots => Mode::RWXG | Mode::RWXO,
                Self::Ledgers => Mode::WGRP | Mode::WOTH,
            }
        }
    }

    /// `$XDG_RUNTIME_DIR/airx`, else `airx-UID` in the folder of temporary files. The
    /// variable is ignored if its folder is missing or belongs to another user (`sudo`
    /// keeps the variable).
    fn runtime_folder() -> PathBuf {
        let user = geteuid().as_raw();
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let is_own = |found: Metadata| found.is_dir() && found.uid() == user;
        let own = runtime.filter(|path| path.is_absolute() && path.metadata().is_ok_and(is_own));
        match own {
            Some(path) => path.join("airx"),
            None => std::env::temp_dir().join(format!("airx-{user}")),
        }
    }

    /// `$XDG_STATE_HOME/airx`, else `~/.local/state/airx`.
    fn state_folder() -> Result<PathBuf, Failure> {
        let home = || folder("HOME").map(|home| home.join(".local/state"));
        let state = folder("XDG_STATE_HOME").or_else(home).ok_or_else(|| {
            Failure::usage("--budget: airx has no folder for the ledger: HOME is not set")
                .hint("set HOME or XDG_STATE_HOME")
        })?;
        Ok(state.join("airx"))
    }

    impl PrivateDir {
        pub(in crate::client) fn at(purpose: Purpose, path: PathBuf) -> Result<Self, Failure> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let handle = open(&path, flags, Mode::empty()).map_err(|error| match error {
                Errno::LOOP | Errno::NOTDIR | Errno::MLINK => {
                    refused(purpose, &path, "is a link or not a folder")
                }
                error => {
                    let why = format!("cannot be opened: {}", io::Error::from(error));
                    refused(purpose, &path, &why)
                }
            })?;
            let found = fstat(&handle).map_err(io::Error::from)?;
            check_owner(purpose, &path, &found)?;
            let mode = Mode::from_raw_mode(found.st_mode);
            if mode.intersects(purpose.forbidden()) {
                let why = format!("is open to others (mode {:04o})", mode.as_raw_mode());
                return Err(refused(purpose, &path, &why));
            }
            Ok(Self {
                purpose,
                path,
                handle,
            })
        }

        /// Returns `None` if the file is missing and `make` is not set.
        pub(super) fn open_file(&self, name: &str, make: bool) -> Result<Option<File>, Failure> {
            let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
            let flags = if make { flags | OFlags::CREATE } else { flags };
            let refused = |why| refused(self.purpose, &self.path(name), why);
            let file = match openat(&self.handle, name, flags, Mode::RUSR | Mode::WUSR) {
                Ok(file) => file,
                Err(Errno::NOENT) if !make => return Ok(None),
                Err(Errno::LOOP | Errno::MLINK) => return Err(refused("is a link")),
                Err(error) => return Err(self.failed(name, &error.into())),
            };
            let found = fstat(&file).map_err(io::Error::from)?;
            if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
                return Err(refused("is not a file"));
            }
            check_owner(self.purpose, &self.path(name), &found)?;
            Ok(Some(File::from(file)))
        }

        pub(super) fn list(&self) -> io::Result<Vec<String>> {
            let entries = Dir::read_from(&self.handle)?;
            let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
            names.collect()
        }

        /// Removes one of its files, if it is still there.
        pub(in crate::client) fn remove(&self, name: &str) {
            let _ = unlinkat(&self.handle, name, AtFlags::empty());
        }

        pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
            Ok(renameat(&self.handle, from, &self.handle, to)?)
        }
    }

    fn check_owner(purpose: Purpose, path: &Path, found: &Stat) -> Result<(), Failure> {
        if found.st_uid == geteuid().as_raw() {
            return Ok(());
        }
        let why = format!("belongs to another user (uid {})", found.st_uid);
        Err(refused(purpose, path, &why))
    }

    fn refused(purpose: Purpose, path: &Path, why: &str) -> Failure {
        let (option, variable) = purpose.names();
        Failure::usage(format!("{option}: {} {why}", path.display())).hint(format!(
            "it must belong to you (a folder with mode 0700): remove it, or set {variable} to \
             another folder"
        ))
    }
}

#[cfg(not(unix))]
mod other {
    use super::{Failure, File, PathBuf, PrivateDir, Purpose, io};
    use crate::config::folder;

    impl Purpose {
        /// On these systems each user has their own temporary files and local data.
        pub(super) fn place(self) -> Result<PathBuf, Failure> {
            let state = match self {
                Self::Slots => None,
                Self::Ledgers => folder("XDG_STATE_HOME").or_else(|| folder("LOCALAPPDATA")),
            };
            Ok(state.unwrap_or_else(std::env::temp_dir).join("airx"))
        }
    }

    impl PrivateDir {
        pub(in crate::client) fn at(purpose: Purpose, path: PathBuf) -> Result<Self, Failure> {
            Ok(Self { purpose, path })
        }

        /// Returns `None` if the file is missing and `make` is not set.
        pub(super) fn open_file(&self, name: &str, make: bool) -> Result<Option<File>, Failure> {
            let mut options = File::options();
            options.read(true).write(true).create(make);
            match options.open(self.path(name)) {
                Ok(file) => Ok(Some(file)),
                Err(error) if !make && error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(self.failed(name, &error)),
            }
        }

        pub(super) fn list(&self) -> io::Result<Vec<String>> {
            let entries = std::fs::read_dir(&self.path)?;
            let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
            names.collect()
        }

        /// Removes one of its files, if it is still there.
        pub(in crate::client) fn remove(&self, name: &str) {
            let _ = std::fs::remove_file(self.path(name));
        }

        pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
            std::fs::rename(self.path(from), self.path(to))
        }
    }
}
