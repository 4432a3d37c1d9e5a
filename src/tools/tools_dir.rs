//! A folder of executables → the function object that each tells of itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::Limits;
use super::program::{Program, Surroundings};
use crate::error::Failure;
use crate::process::{self, Ended};
use crate::safe_path;

/// What asks an executable for its function object.
const FLAG: &str = "--tool-schema";

/// Longest wait for it, and its longest form.
const LIMITS: Limits = Limits {
    timeout: Some(Duration::from_secs(10)),
    bytes: 1 << 20,
    first_line: false,
};

/// The functions of `folder`'s executables, in the order of their names.
pub(super) fn functions(
    folder: &Path,
    surroundings: &Surroundings,
) -> Result<Vec<(Value, Program)>, Failure> {
    let place = format!("--tools-dir {}", folder.display());
    let unreadable = |error| Failure::usage(format!("{place} cannot be read: {error}"));
    safe_path::resolved(folder).map_err(unreadable)?;
    let executables = executables(folder).map_err(unreadable)?;
    if executables.is_empty() {
        return Err(Failure::usage(format!("{place}: it holds no executable")));
    }
    let ask = |path: PathBuf| {
        check_owner(&path).map_err(|why| {
            Failure::usage(format!("--tools-dir: {}: {why}", path.display()))
                .hint("nothing was run; use a folder that only you can write to")
        })?;
        let function = function(&path, surroundings)
            .map_err(|why| Failure::usage(format!("--tools-dir: {}: {why}", path.display())))?;
        Ok((function, Program::new(path)))
    };
    executables.into_iter().map(ask).collect()
}

fn executables(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        // Links are followed: a folder of links to tools is a fine one.
        let is_one = || std::fs::metadata(entry.path()).is_ok_and(|data| is_executable(&data));
        if !hidden && is_one() {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(unix)]
fn is_executable(data: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    data.is_file() && data.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(data: &std::fs::Metadata) -> bool {
    data.is_file()
}

/// Refuses an executable that another user may have put into a folder that all can
/// write to, be it by a link.
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

/// What one executable tells of itself.
fn function(path: &Path, surroundings: &Surroundings) -> Result<Value, String> {
    let mut command = Program::new(path).command(surroundings);
    command.arg(FLAG);
    let ended = process::run(&mut command, None, LIMITS, &mut |_| {})
        .map_err(|why| format!("it cannot be started: {why}"))?;
    let Ended {
        status,
        stdout,
        errors,
        ..
    } = ended;
    let said = match errors.trim().lines().last() {
        Some(line) => format!(": {line}"),
        None => String::new(),
    };
    match status {
        None => Err(format!(
            "{FLAG} has no end within {} s",
            LIMITS.timeout.unwrap_or_default().as_secs()
        )),
        Some(0) => serde_json::from_slice(&stdout.bytes)
            .map_err(|why| format!("what {FLAG} prints is not JSON: {why}")),
        Some(status) => Err(format!("{FLAG} ended with status {status}{said}")),
    }
}
