//! Opens pipes and devices for writing, without waiting for a reader that may never
//! come.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// What the reader of a named pipe has to open it, where both are started together.
const GRACE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(5);

/// Opens what is there.
///
/// # Errors
/// It cannot be opened, or is a named pipe that no program reads.
pub(super) fn open(path: &Path) -> io::Result<File> {
    open_with(OpenOptions::new().write(true), path)
}

/// Opens what is there, or makes a regular file.
///
/// # Errors
/// As of [`open`].
pub(super) fn open_or_make(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).truncate(false).create(true);
    open_with(&mut options, path)
}

#[cfg(unix)]
fn open_with(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};

    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    use rustix::io::Errno;

    options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let start = Instant::now();
    let file = loop {
        let error = match options.open(path) {
            Ok(file) => break file,
            Err(error) => error,
        };
        let is_pipe = path
            .metadata()
            .is_ok_and(|found| found.file_type().is_fifo());
        if !is_pipe || Errno::from_io_error(&error) != Some(Errno::NXIO) {
            return Err(error);
        }
        if start.elapsed() >= GRACE {
            return Err(io::Error::other("no program reads this pipe"));
        }
        std::thread::sleep(PAUSE);
    };
    // From here on a full pipe waits for its reader.
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file)
}

#[cfg(not(unix))]
fn open_with(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}
