//! Completes a command line at the moment of TAB. The scripts in `completions/` set
//! AIRX_COMPLETE to the shell's name and pass the words up to the cursor after `--`.
//!
//! Nothing here uses the network, runs a command or prints an error.

mod candidates;
mod paths;
mod shells;
mod typed;

use std::ffi::{OsStr, OsString};

use clap_complete::env::{Elvish, EnvCompleter, Powershell};

use crate::error::Failure;
use paths::Paths;

/// The variable that asks for completions instead of a run.
pub const VARIABLE: &str = "AIRX_COMPLETE";

/// The name that the scripts call airx by.
const PROGRAM: &str = "airx";

/// What the script of the shell `name` asks for: the candidates for the last word after
/// `--`, in the form that this script reads.
///
/// # Errors
/// Exit 2: the variable was not set by a completion script.
pub fn answer(name: &OsStr, arguments: &[OsString]) -> Result<Vec<u8>, Failure> {
    let wrong = || {
        Failure::usage(format!(
            "{VARIABLE} is set, and this is no completion script"
        ))
        .hint(format!("unset {VARIABLE}"))
    };
    let [dashes, words @ ..] = arguments else {
        return Err(wrong());
    };
    if dashes != "--" || words.is_empty() {
        return Err(wrong());
    }
    let mut out = Vec::new();
    // A failure to complete is an empty answer: the user is typing.
    let _ = match name.to_str() {
        Some("bash") => shells::bash(words, &mut out),
        Some("zsh") => shells::zsh(words, &mut out),
        Some("fish") => shells::fish(words, &mut out),
        Some("powershell") => other(&Powershell, words, &mut out),
        Some("elvish") => other(&Elvish, words, &mut out),
        _ => return Err(wrong()),
    };
    Ok(out)
}

/// A shell whose script clap_complete makes.
fn other(
    shell: &dyn EnvCompleter,
    words: &[OsString],
    out: &mut Vec<u8>,
) -> Result<(), std::io::Error> {
    let mut command = candidates::command(words, Paths::Listed);
    shell.write_complete(&mut command, words.to_vec(), None, out)
}

/// The script of a shell whose script clap_complete makes: PowerShell or Elvish.
pub fn made_script(powershell: bool) -> String {
    let shell: &dyn EnvCompleter = if powershell { &Powershell } else { &Elvish };
    let mut script = Vec::new();
    // Writing to memory cannot fail.
    let _ = shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script);
    String::from_utf8_lossy(&script).trim().to_owned() + "\n"
}
