//! The file of `--meta`: one object about how the run ended.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::destination::{is_descriptor, open_descriptor};
use crate::error::Failure;
use crate::exit::Class;
use crate::safe_path;

/// The file, open.
#[derive(Debug)]
pub struct Meta {
    path: PathBuf,
    file: File,
}

impl Meta {
    /// Opens the file before anything is sent. Its content stays until the end of the run.
    pub(super) fn open(path: PathBuf) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Err(
                Failure::usage("--meta -: standard output is for the answer")
                    .hint("name a file or a descriptor: --meta /dev/fd/3"),
            );
        }
        if is_descriptor(&path) {
            let file = open_descriptor("--meta", &path)?;
            return Ok(Self { path, file });
        }
        let opened =
            safe_path::resolved(&path).and_then(|target| safe_path::open_to_write(&target, true));
        match opened {
            Ok(file) => Ok(Self { path, file }),
            Err(error) => Err(
                Failure::usage(format!("--meta {}: {error}", path.display()))
                    .hint("nothing was sent"),
            ),
        }
    }

    /// Replaces the content of the file by the object.
    pub(super) fn write(mut self, line: &str) -> Result<(), Failure> {
        // Do not truncate a pipe, a device, or a descriptor of the caller.
        if !is_descriptor(&self.path) {
            let _ = self.file.set_len(0);
        }
        let written = self.file.write_all(format!("{line}\n").as_bytes());
        written.map_err(|error| {
            let what = format!("--meta {}: {error}", self.path.display());
            Failure::new(Class::Internal, what)
        })
    }
}
