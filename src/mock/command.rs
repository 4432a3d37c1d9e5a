//! `airx mock -- COMMAND`: runs the command against the server. SIGTERM and SIGHUP are
//! passed on to it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use tempfile::TempDir;

use crate::error::Failure;
use crate::settings::Provider;

/// Runs `words` against the server at `base_url` and returns its exit status.
pub(super) fn run(words: &[OsString], base_url: &str, key: &str) -> Result<u8, Failure> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::usage("no command follows --"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    // A client could prefer a provider's own variables to the mock's address and key.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if Provider::ALL
            .iter()
            .any(|it| text.starts_with(it.variable_prefix()))
        {
            command.env_remove(&name);
        }
    }
    command.env("AIRX_BASE_URL", base_url);
    command.env("AIRX_API_KEY", key);
    let (folder, _link) = folder_of(&env::current_exe()?)?;
    let path = path_with(&folder, env::var_os("PATH").as_deref())?;
    command.env("PATH", path);

    run_to_end(&mut command).map(status_code)
}

/// The failure of a command that cannot be started, with the exit status of env(1).
fn not_started(command: &Command, error: &io::Error) -> Failure {
    let (status, hint) = match error.kind() {
        ErrorKind::NotFound => (
            127,
            "check its name and PATH; for a line of shell: airx mock -- sh -c 'LINE'",
        ),
        _ => (
            126,
            "it must be an executable file; for a script: airx mock -- sh FILE",
        ),
    };
    let what = format!("cannot run {}: {error}", command.get_program().display());
    let mut failure = Failure::usage(what).hint(hint);
    failure.status = Some(status);
    failure
}

/// A folder in which `airx` is this program: its own folder, or a temporary one with a
/// link if the program has another name.
fn folder_of(program: &Path) -> Result<(PathBuf, Option<TempDir>), Failure> {
    let own = program.parent().unwrap_or(Path::new("."));
    #[cfg(unix)]
    if program.file_name() != Some(OsStr::new("airx")) {
        let folder = TempDir::with_prefix("airx-")?;
        std::os::unix::fs::symlink(program, folder.path().join("airx"))?;
        return Ok((folder.path().to_owned(), Some(folder)));
    }
    Ok((own.to_owned(), None))
}

/// `PATH` with `folder` first.
fn path_with(folder: &Path, path: Option<&OsStr>) -> Result<OsString, Failure> {
    let rest = path.into_iter().flat_map(env::split_paths);
    env::join_paths([folder.to_owned()].into_iter().chain(rest)).map_err(|error| {
        let name = folder.display();
        Failure::usage(format!("{name} cannot be put on PATH: {error}"))
    })
}

fn status_code(status: ExitStatus) -> u8 {
    let code = status.code();
    #[cfg(unix)]
    let code = {
        use std::os::unix::process::ExitStatusExt;
        code.or_else(|| status.signal().map(|number| 128 + number))
    };
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Runs the command and passes SIGTERM and SIGHUP on to it. The terminal sends SIGINT to
/// both.
#[cfg(unix)]
fn run_to_end(command: &mut Command) -> Result<ExitStatus, Failure> {
    use rustix::process::{Pid, Signal, kill_process};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    // They are caught, not ignored: the command would inherit an ignored signal.
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let mut child = command
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let pid = Pid::from_child(&child);
    let handle = signals.handle();
    let forwarder = std::thread::spawn(move || {
        for number in &mut signals {
            let signal = match number {
                SIGTERM => Signal::TERM,
                SIGHUP => Signal::HUP,
                _ => continue,
            };
            // The child may have ended already.
            let _ = kill_process(pid, signal);
        }
    });
    let status = child.wait();
    handle.close();
    let _ = forwarder.join();
    Ok(status?)
}

#[cfg(not(unix))]
fn run_to_end(command: &mut Command) -> Result<ExitStatus, Failure> {
    command
        .status()
        .map_err(|error| not_started(command, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_airx_comes_first_on_the_path() {
        let own = Path::new("/opt/airx/bin/airx");
        let (folder, link) = folder_of(own).unwrap();
        assert!(link.is_none());
        let path = path_with(&folder, Some(OsStr::new("/bin"))).unwrap();
        let folders: Vec<_> = env::split_paths(&path).collect();
        assert_eq!(folders, [Path::new("/opt/airx/bin"), Path::new("/bin")]);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_with_another_name_is_found_by_a_link() {
        let own = Path::new("/opt/airx/bin/airx-0.1");
        let (folder, link) = folder_of(own).unwrap();
        assert_eq!(std::fs::read_link(folder.join("airx")).unwrap(), own);
        drop(link);
        assert!(!folder.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_status_is_the_command_s_or_128_and_the_signal() {
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(status_code(ExitStatus::from_raw(7 << 8)), 7);
        assert_eq!(status_code(ExitStatus::from_raw(9)), 137);
    }

    #[test]
    fn a_command_that_cannot_be_started_is_named() {
        let words = [OsString::from("no-such-command-here")];
        let failure = run(&words, "http://127.0.0.1:1", "key").unwrap_err();
        assert_eq!(failure.exit(), 127);
        assert!(failure.message.contains("no-such-command-here"));
    }
}
