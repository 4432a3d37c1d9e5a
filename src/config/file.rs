//! Finds and reads the configuration file, and reads environment variables.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::cli::FileArgs;
use crate::error::Failure;

/// Longest file that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// The value of an environment variable, without the spaces and line ends around it.
/// An empty value counts as unset.
///
/// # Errors
/// The value is not valid UTF-8: exit 2.
pub fn variable(name: &str) -> Result<Option<String>, Failure> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(trimmed(&value).to_owned()).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Failure::usage(format!("{name} is not valid UTF-8")))
        }
    }
}

/// The value of a variable that names a file or a folder; like [`variable`], but it
/// need not be UTF-8.
pub fn path_variable(name: &str) -> Option<PathBuf> {
    let value = std::env::var_os(name)?;
    let path = match value.to_str() {
        Some(text) => PathBuf::from(trimmed(text)),
        None => PathBuf::from(value),
    };
    Some(path).filter(|path| !path.as_os_str().is_empty())
}

/// Removes the white space around a value, which Windows line ends or pasting may add.
fn trimmed(value: &str) -> &str {
    value.trim_matches([' ', '\t', '\r', '\n'])
}

/// Reads the file that the option or variable names, or the user's file if it exists. Returns
/// its path and its text.
pub(super) fn read(choice: &FileArgs) -> Result<Option<(PathBuf, String)>, Failure> {
    if let Some(path) = chosen_path(choice) {
        let name = choice.config.as_ref().map_or("AIRX_CONFIG", |_| "--config");
        return match File::open(&path) {
            Ok(file) => text(&path, file).map(|text| Some((path, text))),
            Err(error) => Err(Failure::usage(format!(
                "{name}: {} cannot be read: {error}",
                path.display()
            ))),
        };
    }
    let Some(path) = default_path() else {
        return Ok(None);
    };
    match File::open(&path) {
        Ok(file) => text(&path, file).map(|text| Some((path, text))),
        Err(error) if absent(&error) => Ok(None),
        Err(error) => Err(unreadable(&path, &error.to_string())
            .hint("set AIRX_CONFIG=/dev/null to run without a configuration file")),
    }
}

/// The file that an option or a variable names.
pub fn chosen_path(choice: &FileArgs) -> Option<PathBuf> {
    let named = choice.config.clone();
    named.or_else(|| path_variable("AIRX_CONFIG"))
}

/// The path of the user's own file, which may not exist.
pub fn default_path() -> Option<PathBuf> {
    config_home().map(|folder| folder.join("airx").join("config.toml"))
}

/// The folder of configurations: `$XDG_CONFIG_HOME`, else `~/.config`; on Windows the application
/// data.
pub fn config_home() -> Option<PathBuf> {
    if cfg!(windows) {
        return folder("APPDATA");
    }
    folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")))
}

/// The folder that a variable names; `None` for a relative path.
pub fn folder(name: &str) -> Option<PathBuf> {
    path_variable(name).filter(|folder| folder.is_absolute())
}

fn absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn unreadable(path: &Path, why: &str) -> Failure {
    Failure::usage(format!("{} cannot be read: {why}", path.display()))
}

/// Reads the text of the file. Fails if other users can write the file.
fn text(path: &Path, file: File) -> Result<String, Failure> {
    let wrong = |error: std::io::Error| unreadable(path, &error.to_string());
    let metadata = file.metadata().map_err(wrong)?;
    if access(&metadata) == Access::Written || is_strangers(&metadata) {
        return Err(Failure::usage(format!(
            "{}: others can write this file, which decides where keys and prompts are sent",
            path.display()
        ))
        .hint("check its owner and its mode (chmod go-w)"));
    }
    let mut bytes = Vec::new();
    let read = file.take(LIMIT + 1).read_to_end(&mut bytes);
    if read.map_err(wrong)? as u64 > LIMIT {
        return Err(unreadable(path, "it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        unreadable(path, &format!("it is not UTF-8 from byte {at} on"))
    })
}

/// What others may do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing, or the file is not a regular file.
    None,
    /// Group or others can read it.
    Read,
    /// Group or others can write it.
    Written,
}

/// What others may do with this file.
pub fn access(metadata: &std::fs::Metadata) -> Access {
    #[cfg(unix)]
    if metadata.is_file() {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
        return match mode {
            mode if mode & 0o022 != 0 => Access::Written,
            mode if mode & 0o044 != 0 => Access::Read,
            _ => Access::None,
        };
    }
    let _ = metadata;
    Access::None
}

/// Whether a regular file belongs to a user other than this one and root.
fn is_strangers(metadata: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let owner = metadata.uid();
        metadata.is_file() && owner != 0 && owner != rustix::process::geteuid().as_raw()
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        false
    }
}
