//! `key-command`: a program of the user's, as a password manager's, that prints
//! the key. No shell reads its words, and it has nothing on standard input.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::error::Failure;
use crate::exit::Class;
use crate::process::{self, Limits};

const LIMITS: Limits = Limits {
    timeout: Some(Duration::from_secs(10)),
    bytes: 64 * 1024,
    first_line: true,
};

/// The first line that the command prints. What it says on standard error goes to
/// `say`, line by line. `place` names it in messages.
///
/// # Errors
/// Exit 3: it cannot be started, fails, takes longer than 10 s (then its process
/// group is killed), or prints nothing.
pub(super) fn ask(
    words: &[String],
    place: &str,
    say: &mut dyn FnMut(&str),
) -> Result<String, Failure> {
    let program = words.first().map_or("", String::as_str);
    let failed = |why: String| {
        Failure::new(Class::Account, format!("{place}: {program} {why}"))
            .hint("run the command by hand: its first line must be the key")
    };
    let mut command = Command::new(program);
    command
        .args(words.iter().skip(1))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let ended = process::run(&mut command, None, LIMITS, say)
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    match ended.status {
        Some(0) => {}
        Some(status) => return Err(failed(format!("ended with exit status {status}"))),
        None => return Err(failed("took longer than 10 s and was killed".into())),
    }
    let printed = String::from_utf8_lossy(&ended.stdout.bytes);
    let key = printed.lines().next().unwrap_or_default().trim();
    if key.is_empty() {
        return Err(failed("printed no key on its first line".into()));
    }
    Ok(key.to_owned())
}
