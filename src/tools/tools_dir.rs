//! `--tools-dir`: each executable of a folder describes itself with `--tool-schema`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::Limits;
use super::command::{ChildEnvironment, ToolCommand};
use crate::error::Failure;
use crate::process::{self, Finished};
use crate::safe_path;

/// The option that asks an executable for its function object.
const FLAG: &str = "--tool-schema";

const LIMITS: Limits = Limits {
    timeout: Some(Duration::from_secs(10)),
    bytes: 1 << 20,
    first_line: false,
};

/// The function objects of the folder's executables, by their file names.
pub(super) fn functions(
    folder: &Path,
    environment: &ChildEnvironment,
) -> Result<Vec<(Value, ToolCommand)>, Failure> {
    let place = format!("--tools-dir {}", folder.display());
    let unreadable = |error| Failure::usage(format!("{place} cannot be read: {error}"));
    safe_path::resolved(folder).map_err(unreadable)?;
    let executables = executables(folder).map_err(unreadable)?;
    if executables.is_empty() {
        return Err(Failure::usage(format!(
            "{place}: it contains no executable"
        )));
    }
    let describe = |path: PathBuf| {
        let name = path.display();
        check_owner(&path).map_err(|error| {
            Failure::usage(format!("--tools-dir: {name}: {error}"))
                .hint("nothing was run; use a folder that only you can write to")
        })?;
        let function = function(&path, environment)
            .map_err(|why| Failure::usage(format!("--tools-dir: {name}: {why}")))?;
        Ok((function, ToolCommand::new(path)))
    };
    executables.into_iter().map(describe).collect()
}

/// The executables of a folder, sorted. Hidden files are left out; links are followed.
fn executables(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let metadata = std::fs::metadata(entry.path());
        if !is_hidden && metadata.is_ok_and(|metadata| is_executable(&metadata)) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    metadata.is_file()
}

/// Refuses an executable that another user may have put into a folder that all can
/// write to, directly or by a link.
#[cfg(unix)]
fn check_owner(path: &Path) -> std::io::Result<()> {
    let program = safe_path::resolved(path)?;
    for path in [path, &program] {
        if safe_path::is_strangers_in_open_folder(path) {
            return Err(safe_path::planted());
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// The function object that an executable prints.
fn function(path: &Path, environment: &ChildEnvironment) -> Result<Value, String> {
    let mut process = ToolCommand::new(path).to_process(environment);
    process.arg(FLAG);
    let Finished {
        status,
        stdout,
        stderr,
        ..
    } = process::run(&mut process, None, LIMITS, &mut |_| {})
        .map_err(|error| format!("it cannot be started: {error}"))?;
    match status {
        None => Err(format!(
            "{FLAG} does not end within {} s",
            LIMITS.timeout.unwrap_or_default().as_secs()
        )),
        Some(0) => serde_json::from_slice(&stdout.bytes)
            .map_err(|error| format!("what {FLAG} prints is not JSON: {error}")),
        Some(status) => {
            let last = stderr.trim().lines().last();
            let words = last.map_or_else(String::new, |line| format!(": {line}"));
            Err(format!("{FLAG} ended with status {status}{words}"))
        }
    }
}
