//! A folder that all airx processes of one user share: for the lock files of
//! `--max-in-flight`, or for the ledgers of `--budget`. It is made if it is missing, and
//! refused if another user could change it.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

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
    /// The option that needs the folder.
    fn option(self) -> &'static str {
        match self {
            Self::Slots => "--max-in-flight",
            Self::Ledgers => "--budget",
        }
    }

    /// The variable that names another place.
    fn variable(self) -> &'static str {
        match self {
            Self::Slots => "XDG_RUNTIME_DIR",
            Self::Ledgers => "XDG_STATE_HOME",
        }
    }
}

/// A folder that belongs to this user, held open: a later change of its path has no
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
            let variable = purpose.variable();
            failed(purpose, &path.display().to_string(), &error)
                .hint(format!("set {variable} to another folder"))
        })?;
        Self::at(purpose, path)
    }

    /// Opens the folder if it is there.
    pub(super) fn open_existing(purpose: Purpose) -> Result<Option<Self>, Failure> {
        let path = purpose.place()?;
        match path.symlink_metadata() {
            Err(error) if is_missing(&error) => Ok(None),
            _ => Self::at(purpose, path).map(Some),
        }
    }

    /// The path of one of its files.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A failure about one of its files: exit 1 if the disk is full, else exit 2.
    pub(super) fn failed(&self, name: &str, error: &io::Error) -> Failure {
        failed(self.purpose, &self.path(name).display().to_string(), error)
    }

    /// The failure when a file in it cannot be locked.
    pub(super) fn unlockable(&self, name: &str, error: &io::Error) -> Failure {
        let variable = self.purpose.variable();
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
        let file = self.file(&new, true)?;
        let mut file = file.ok_or_else(|| self.failed(&new, &ErrorKind::NotFound.into()))?;
        file.write_all(content)
            .and_then(|()| file.sync_data())
            .map_err(|error| self.failed(&new, &error))?;
        self.rename(&new, name)
            .map_err(|error| self.failed(name, &error))
    }
}

fn failed(purpose: Purpose, path: &str, error: &io::Error) -> Failure {
    let class = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Class::Internal
        }
        _ => Class::Usage,
    };
    Failure::new(class, format!("{}: {path}: {error}", purpose.option()))
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Makes the folder and those above it, if they are missing.
fn make(path: &std::path::Path) -> io::Result<()> {
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
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use rustix::fs::{
        AtFlags, Dir, FileType, Mode, OFlags, fstat, open, openat, renameat, unlinkat,
    };
    use rustix::io::Errno;
    use rustix::process::geteuid;

    use super::{Failure, File, PathBuf, PrivateDir, Purpose, io};
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
        fn refused(&self, path: &Path, why: &str) -> Failure {
            refused(self.purpose, path, why)
        }

        pub(in super::super) fn at(purpose: Purpose, path: PathBuf) -> Result<Self, Failure> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let handle = match open(&path, flags, Mode::empty()) {
                Ok(handle) => handle,
                Err(Errno::LOOP | Errno::NOTDIR | Errno::MLINK) => {
                    return Err(refused(purpose, &path, "is a link or not a folder"));
                }
                Err(error) => {
                    let why = format!("cannot be opened: {}", io::Error::from(error));
                    return Err(refused(purpose, &path, &why));
                }
            };
            let found = fstat(&handle).map_err(io::Error::from)?;
            if found.st_uid != geteuid().as_raw() {
                let why = format!("belongs to another user (uid {})", found.st_uid);
                return Err(refused(purpose, &path, &why));
            }
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
                Err(Errno::LOOP | Errno::MLINK) => {
                    return Err(self.refused(&self.path(name), "is a link"));
                }
                Err(error) => return Err(self.failed(name, &error.into())),
            };
            let found = fstat(&file).map_err(io::Error::from)?;
            if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
                return Err(self.refused(&self.path(name), "is not a file"));
            }
            if found.st_uid != geteuid().as_raw() {
                let why = format!("belongs to another user (uid {})", found.st_uid);
                return Err(self.refused(&self.path(name), &why));
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

        pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
            Ok(renameat(&self.handle, from, &self.handle, to)?)
        }
    }

    fn refused(purpose: Purpose, path: &Path, why: &str) -> Failure {
        let (option, variable) = (purpose.option(), purpose.variable());
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
        pub(in super::super) fn at(purpose: Purpose, path: PathBuf) -> Result<Self, Failure> {
            Ok(Self { purpose, path })
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
                Err(error) if !make && error.kind() == io::ErrorKind::NotFound => Ok(None),
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

        pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
            std::fs::rename(self.path.join(from), self.path.join(to))
        }
    }
}
