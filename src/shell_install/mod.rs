//! Installs completion scripts and manual pages where the shell and man look for them, and
//! removes them. Only files that airx wrote are replaced or removed.

mod start_files;

use std::fmt::Write as _;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::cli::Shell;
use crate::config::{config_home, folder};
use crate::error::Failure;
use crate::exit::Class;
use crate::safe_path;

/// This line marks a file that any version of airx wrote.
const MARK: &str = "Written by airx completions --install; changes are lost at the next one.";

/// A shell's completion script, which is part of the program.
///
/// # Errors
/// Exit 2: the manual pages are not a script.
pub fn script(shell: Shell) -> Result<&'static str, Failure> {
    Ok(match shell {
        Shell::Bash => include_str!("../../completions/airx.bash"),
        Shell::Zsh => include_str!("../../completions/_airx"),
        Shell::Fish => include_str!("../../completions/airx.fish"),
        Shell::PowerShell => include_str!("../../completions/_airx.ps1"),
        Shell::Elvish => include_str!("../../completions/airx.elv"),
        Shell::Man => {
            return Err(
                Failure::usage("the manual pages are installed, not printed")
                    .hint("airx completions man --install; to read one: airx help chat"),
            );
        }
    })
}

macro_rules! pages {
    ($($name:literal),*) => {
        &[$(($name, include_str!(concat!("../../man/", $name)))),*]
    };
}

/// The manual pages by their file names, which end in the section.
pub const MAN_PAGES: &[(&str, &str)] = pages!(
    "airx-batch-cancel.1",
    "airx-batch-fetch.1",
    "airx-batch-status.1",
    "airx-batch-submit.1",
    "airx-batch-wait.1",
    "airx-batch.1",
    "airx-chat.1",
    "airx-completions.1",
    "airx-config.1",
    "airx-config.5",
    "airx-events.7",
    "airx-exit-codes.7",
    "airx-json.1",
    "airx-mock.1",
    "airx-models.1",
    "airx-stream.1",
    "airx-tools.1",
    "airx.1"
);

/// Writes the script or the pages, each file atomically. Returns a report of the paths, and
/// whether a new shell will complete.
///
/// # Errors
/// Exit 2: the shell has no such folder, a file there is not airx's, or the folder cannot
/// be written. Exit 1: a write failed.
pub fn install(shell: Shell) -> Result<String, Failure> {
    let files = files(shell)?;
    let mut report = String::new();
    for (place, text) in &files {
        let found = read(place)?;
        let done = match &found {
            Some(found) if found == text => "up to date",
            Some(found) if !is_own(found, shell) => return Err(foreign(place, "replaced")),
            _ => write(place, text).map(|()| "written")?,
        };
        // Writing to a string cannot fail.
        let _ = writeln!(report, "{}: {done}", place.display());
    }
    report.push_str(&start_files::after_install(shell, &files[0].0));
    Ok(report)
}

/// Removes the files that [`install`] wrote, and returns a report of the paths.
///
/// # Errors
/// As [`install`].
pub fn uninstall(shell: Shell) -> Result<String, Failure> {
    let mut report = String::new();
    for (place, _) in files(shell)? {
        let shown = place.display();
        match read(&place)? {
            None => {
                let _ = writeln!(report, "{shown}: not there");
            }
            Some(found) if is_own(&found, shell) => {
                std::fs::remove_file(&place).map_err(|error| {
                    Failure::usage(format!("{shown} cannot be removed: {error}"))
                })?;
                let _ = writeln!(report, "{shown}: removed");
                report.push_str(&start_files::after_uninstall(shell, &place));
            }
            Some(_) => return Err(foreign(&place, "removed")),
        }
    }
    Ok(report)
}

/// The files to install: path and text of each.
fn files(shell: Shell) -> Result<Vec<(PathBuf, String)>, Failure> {
    let home = folder("HOME").map(|home| home.join(".local/share"));
    let data = folder("XDG_DATA_HOME").or(home);
    let homeless = || {
        Failure::usage("HOME is not set, so the place to install to is unknown")
            .hint("print the script instead, without --install")
    };
    let data = || data.clone().ok_or_else(homeless);
    let place = match shell {
        Shell::Bash => data()?.join("bash-completion/completions/airx"),
        Shell::Zsh => data()?.join("zsh/site-functions/_airx"),
        Shell::Fish => config_home()
            .ok_or_else(homeless)?
            .join("fish/completions/airx.fish"),
        Shell::Man => {
            let man = data()?.join("man");
            let pages = MAN_PAGES.iter().map(|(name, text)| {
                let section = name.rsplit('.').next().unwrap_or("1");
                let place = man.join(format!("man{section}")).join(name);
                (place, format!(".\\\" {MARK}\n{text}"))
            });
            return Ok(pages.collect());
        }
        Shell::PowerShell | Shell::Elvish => {
            return Err(Failure::usage(
                "--install is for bash, zsh, fish and man: this shell has no such place",
            )
            .hint("print the script and load it from the shell's own start file"));
        }
    };
    let script = script(shell)?;
    // zsh requires `#compdef` on the first line.
    let text = match script.split_once('\n') {
        Some((first, rest)) if shell == Shell::Zsh => format!("{first}\n# {MARK}\n{rest}"),
        _ => format!("# {MARK}\n{script}"),
    };
    Ok(vec![(place, text)])
}

/// Whether airx wrote the file, or the user redirected the printed script into it.
fn is_own(found: &str, shell: Shell) -> bool {
    let mut first = found.lines().take(2);
    first.any(|line| line.ends_with(MARK)) || script(shell).is_ok_and(|script| script == found)
}

fn foreign(place: &Path, what: &str) -> Failure {
    let place = place.display();
    Failure::usage(format!("{place} was not written by airx and is not {what}"))
        .hint("move it away first")
}

fn read(place: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read(place) {
        // A file that is not UTF-8 is not airx's.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let place = place.display();
            Err(Failure::usage(format!("{place} cannot be read: {error}")))
        }
    }
}

fn write(place: &Path, text: &str) -> Result<(), Failure> {
    let unusable = |error: std::io::Error| {
        let place = place.display();
        Failure::usage(format!("{place} cannot be written: {error}"))
    };
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder).map_err(unusable)?;
    }
    // Follow a symbolic link, and keep it.
    let target = safe_path::resolved(place).map_err(unusable)?;
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new()
        .prefix(".airx-")
        .tempfile_in(folder)
        .map_err(unusable)?;
    let failed = |error: std::io::Error| {
        let place = place.display();
        Failure::new(Class::Internal, format!("{place}: {error}"))
    };
    temporary.write_all(text.as_bytes()).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o644);
        temporary.as_file().set_permissions(mode).map_err(failed)?;
    }
    temporary.as_file().sync_all().map_err(failed)?;
    let kept = temporary.persist(&target);
    kept.map(drop).map_err(|error| failed(error.error))
}
