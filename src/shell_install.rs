//! A completion script → the place where the user's shell looks for it, and away
//! from there. Only what airx has written is replaced or removed.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::cli::Shell;
use crate::config::{config_home, folder};
use crate::error::Failure;
use crate::exit::Class;
use crate::safe_path;

/// By this line a script is known as airx's own, whatever its version.
const MARK: &str = "# Written by airx completions --install; changes are lost at the next one.";

/// A shell's completion script, as it was generated when the program was made.
pub fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("../completions/airx.bash"),
        Shell::Zsh => include_str!("../completions/_airx"),
        Shell::Fish => include_str!("../completions/airx.fish"),
        Shell::PowerShell => include_str!("../completions/_airx.ps1"),
        Shell::Elvish => include_str!("../completions/airx.elv"),
    }
}

/// Writes `script` to its place, in one step, and tells where that is.
///
/// # Errors
/// Exit 2: a shell that has no such place, a file there that is not airx's, a
/// folder that cannot be written. Exit 1: the writing itself failed.
pub fn install(shell: Shell, script: &str) -> Result<String, Failure> {
    let place = place(shell)?;
    let text = marked(shell, script);
    let found = read(&place)?;
    let done = match &found {
        Some(found) if *found == text => "up to date",
        Some(found) if !is_own(found, script) => return Err(strange(&place, "replaced")),
        _ => {
            write(&place, &text)?;
            "written"
        }
    };
    let mut told = format!("{}: {done}\n", place.display());
    if shell == Shell::Zsh
        && let Some(line) = line_for_zsh(place.parent().unwrap_or(Path::new("")))
    {
        // Into a string: cannot fail.
        let _ = writeln!(
            told,
            "Put this line into ~/.zshrc, before compinit:\n{line}"
        );
    }
    Ok(told)
}

/// Removes what [`install`] has written, and tells from where.
///
/// # Errors
/// As there.
pub fn uninstall(shell: Shell, script: &str) -> Result<String, Failure> {
    let place = place(shell)?;
    let shown = place.display();
    match read(&place)? {
        None => Ok(format!("{shown}: not there\n")),
        Some(found) if is_own(&found, script) => {
            std::fs::remove_file(&place)
                .map_err(|error| Failure::usage(format!("{shown} cannot be removed: {error}")))?;
            Ok(format!("{shown}: removed\n"))
        }
        Some(_) => Err(strange(&place, "removed")),
    }
}

fn place(shell: Shell) -> Result<PathBuf, Failure> {
    let data = || {
        let home = folder("HOME").map(|home| home.join(".local/share"));
        folder("XDG_DATA_HOME").or(home)
    };
    let place = match shell {
        Shell::Bash => data().map(|data| data.join("bash-completion/completions/airx")),
        Shell::Zsh => data().map(|data| data.join("zsh/site-functions/_airx")),
        Shell::Fish => config_home().map(|config| config.join("fish/completions/airx.fish")),
        Shell::PowerShell | Shell::Elvish => {
            return Err(Failure::usage(
                "--install is for bash, zsh and fish: this shell has no such place",
            )
            .hint("print the script and load it from the shell's own start file"));
        }
    };
    place.ok_or_else(|| {
        Failure::usage("HOME is not set: nobody can tell where the shell looks")
            .hint("print the script instead, without --install")
    })
}

/// The script with the mark; zsh wants its own line to be the first.
fn marked(shell: Shell, script: &str) -> String {
    match script.split_once('\n') {
        Some((first, rest)) if shell == Shell::Zsh => format!("{first}\n{MARK}\n{rest}"),
        _ => format!("{MARK}\n{script}"),
    }
}

/// Written by airx, or printed by it into this file.
fn is_own(found: &str, script: &str) -> bool {
    found == script || found.lines().take(2).any(|line| line == MARK)
}

fn strange(place: &Path, what: &str) -> Failure {
    let place = place.display();
    Failure::usage(format!("{place} is not airx's own, and is not {what}"))
        .hint("move it away first")
}

fn read(place: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read(place) {
        // What is no text is not airx's.
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
    // A link leads to where the user keeps it.
    let target = safe_path::resolved(place).map_err(unusable)?;
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut beside = tempfile::Builder::new()
        .prefix(".airx-")
        .tempfile_in(folder)
        .map_err(unusable)?;
    let failed = |error: std::io::Error| {
        let place = place.display();
        Failure::new(Class::Internal, format!("{place}: {error}"))
    };
    beside.write_all(text.as_bytes()).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o644);
        beside.as_file().set_permissions(mode).map_err(failed)?;
    }
    beside.as_file().sync_all().map_err(failed)?;
    let kept = beside.persist(&target);
    kept.map(drop).map_err(|error| failed(error.error))
}

/// The line that puts `folder` on zsh's path of functions, where neither the
/// environment nor the user's .zshrc does.
fn line_for_zsh(found: &Path) -> Option<String> {
    let on_path = std::env::var_os("FPATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder == found));
    let home = folder("HOME");
    let short = home
        .as_ref()
        .and_then(|home| found.strip_prefix(home).ok())
        .map(|rest| format!("~/{}", rest.display()));
    let whole = found.display().to_string();
    let named = short.clone().unwrap_or_else(|| whole.clone());
    let line = format!("fpath=({} $fpath)", quoted(&named));
    let file = folder("ZDOTDIR").or(home).map(|home| home.join(".zshrc"));
    let file = file.and_then(|file| std::fs::read_to_string(file).ok());
    let in_file = file.is_some_and(|text| {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.starts_with('#') && line.contains("fpath"))
            .any(|line| line.contains(&whole) || short.as_ref().is_some_and(|s| line.contains(s)))
    });
    (!on_path && !in_file).then_some(line)
}

/// A path as one word of zsh, a leading `~/` still expanded.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let (home, rest) = match path.strip_prefix("~/") {
        Some(rest) => ("~/", rest),
        None => ("", path),
    };
    if rest.chars().all(plain) {
        return path.to_owned();
    }
    format!("{home}'{}'", rest.replace('\'', r"'\''"))
}
