//! Completes a command line at the moment of TAB. The scripts in `completions/` set
//! AIRX_COMPLETE to the shell's name and pass the words up to the cursor after `--`.
//!
//! Nothing here uses the network, runs a command or prints an error.
//!
//! The first line of an answer to bash, zsh or fish says what the rest is:
//!
//! - `words`: one candidate per line;
//! - `unfinished`: one candidate per line, and no space follows it;
//! - `files BEFORE`, `folders BEFORE`, `commands BEFORE`: no candidates; the shell completes such a
//!   name after the text BEFORE, which may be empty.

mod candidates;
mod typed;

use std::ffi::{OsStr, OsString};
use std::io;

use clap_complete::engine;
use clap_complete::env::{Elvish, EnvCompleter, Powershell};

use crate::error::Failure;
use candidates::{Paths, Place};

/// The variable that asks for completions instead of a run.
pub const VARIABLE: &str = "AIRX_COMPLETE";

/// The name that the scripts call airx by.
const PROGRAM: &str = "airx";

/// Answers the script of the shell `name`: the candidates for the last word after `--`, in the form
/// that this script reads.
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
    let words = match arguments {
        [dashes, words @ ..] if dashes == "--" && !words.is_empty() => words,
        _ => return Err(wrong()),
    };
    let answer = match name.to_str() {
        Some("bash") => bash(words),
        Some("zsh") => zsh(words),
        Some("fish") => fish(words),
        Some("powershell") => listed(&Powershell, words),
        Some("elvish") => listed(&Elvish, words),
        _ => return Err(wrong()),
    };
    // A failure to complete is an empty answer: the user is typing.
    Ok(answer.unwrap_or_default())
}

/// The completion script of PowerShell or Elvish, which clap_complete generates.
pub fn made_script(powershell: bool) -> String {
    let shell: &dyn EnvCompleter = if powershell { &Powershell } else { &Elvish };
    let mut script = Vec::new();
    // Writing to memory cannot fail.
    let _ = shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script);
    String::from_utf8_lossy(&script).trim().to_owned() + "\n"
}

/// The answer for PowerShell or Elvish, whose scripts clap_complete generates.
fn listed(shell: &dyn EnvCompleter, words: &[OsString]) -> io::Result<Vec<u8>> {
    let mut command = candidates::command(words, Paths::Listed);
    let mut out = Vec::new();
    shell.write_complete(&mut command, words.to_vec(), None, &mut out)?;
    Ok(out)
}

/// bash passes words as they were typed, with their quotes, and shows no descriptions.
fn bash(words: &[OsString]) -> io::Result<Vec<u8>> {
    let words: Vec<OsString> = words.iter().map(unquoted).collect();
    marked(&words, |value, _| {
        let plain = |c: char| c.is_alphanumeric() || "_-./=:@%+,^".contains(c);
        match shlex::try_quote(value) {
            Ok(quoted) if !value.chars().all(plain) => quoted.into_owned(),
            _ => value.to_owned(),
        }
    })
}

/// zsh takes `VALUE:DESCRIPTION`, and quotes what it inserts.
fn zsh(words: &[OsString]) -> io::Result<Vec<u8>> {
    marked(words, |value, help| {
        let value = value.replace('\\', "\\\\").replace(':', "\\:");
        let help = help.map(|text| format!(":{}", text.replace('\\', "\\\\")));
        value + &help.unwrap_or_default()
    })
}

/// fish takes a tab before the description, and quotes what it inserts. It passes the last
/// word as it was typed.
fn fish(words: &[OsString]) -> io::Result<Vec<u8>> {
    let mut words = words.to_vec();
    if let Some(last) = words.last_mut() {
        *last = unquoted(last);
    }
    marked(&words, |value, help| match help {
        Some(text) => format!("{value}\t{text}"),
        None => value.to_owned(),
    })
}

/// The answer for a shell that completes paths itself. `line` makes a line from a value and the
/// first line of its description.
fn marked(words: &[OsString], line: impl Fn(&str, Option<&str>) -> String) -> io::Result<Vec<u8>> {
    let mut command = candidates::command(words, Paths::Marked);
    let found = engine::complete(&mut command, words.to_vec(), words.len() - 1, None)?;
    let place = found.iter().find_map(|it| Some((Place::of(it)?, it)));
    if let Some((place, candidate)) = place {
        let before = candidate.get_value().to_string_lossy();
        return Ok(format!("{} {before}\n", place.name()).into());
    }
    let values = found.iter().map(|it| it.get_value().to_string_lossy());
    let kind = if values.clone().any(|value| value.ends_with('=')) {
        "unfinished\n"
    } else {
        "words\n"
    };
    let mut out = kind.to_owned();
    // Each candidate is one line.
    for (value, candidate) in values
        .zip(&found)
        .filter(|(value, _)| !value.contains('\n'))
    {
        let help = candidate.get_help().map(ToString::to_string);
        let help = help.as_deref().and_then(|text| text.lines().next());
        out += &line(&value, help);
        out.push('\n');
    }
    Ok(out.into())
}

/// Removes the quotes from a word as a shell does. Also removes an opening quote that is not closed
/// yet.
fn unquoted(word: &OsString) -> OsString {
    let Some(text) = word.to_str() else {
        return word.clone();
    };
    let open = text.strip_prefix(['"', '\'']);
    match (shlex::split(text).as_deref(), open) {
        (Some([one]), _) => one.into(),
        (None, Some(rest)) => rest.into(),
        _ => word.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(shell: fn(&[OsString]) -> io::Result<Vec<u8>>, line: &[&str]) -> String {
        let words: Vec<OsString> = ["airx"].iter().chain(line).map(Into::into).collect();
        String::from_utf8(shell(&words).unwrap()).unwrap()
    }

    #[test]
    fn a_word_loses_the_quotes_of_the_shell() {
        for (typed, word) in [
            ("plain", "plain"),
            ("\"a b\"", "a b"),
            ("a\\ b", "a b"),
            ("\"open", "open"),
            ("", ""),
            ("~/x", "~/x"),
        ] {
            assert_eq!(unquoted(&typed.into()), *word, "{typed}");
        }
    }

    #[test]
    fn the_first_line_says_what_follows() {
        assert_eq!(asked(bash, &["cha"]), "words\nchat\n");
        assert_eq!(asked(bash, &["chat", "-f", ""]), "files \n");
        assert_eq!(asked(bash, &["chat", "--file=s"]), "files --file=\n");
        assert_eq!(asked(bash, &["chat", "-s", "@"]), "files @\n");
        assert_eq!(asked(bash, &["chat", "-s", "Be "]), "words\n");
        assert_eq!(asked(bash, &["chat", "--record", ""]), "folders \n");
        assert_eq!(asked(bash, &["mock", "--", ""]), "commands \n");
        assert_eq!(asked(bash, &["mock", "--", "sh", ""]), "files \n");
    }

    #[test]
    fn an_attached_value_is_not_a_word_of_its_own() {
        let attached = asked(bash, &["chat", "--each="]);
        assert!(attached.contains("\n--each=csv\n"), "{attached}");
        assert_eq!(asked(bash, &["chat", "-x=la"]), "words\n-x=last\n");
        let next = asked(bash, &["chat", "--each", ""]);
        assert!(
            !next.contains("csv") && next.contains("\n--model\n"),
            "{next}"
        );
    }

    #[test]
    fn descriptions_are_one_line_in_the_form_of_the_shell() {
        assert_eq!(
            asked(zsh, &["chat", "--thinking", ""]),
            "words\non:Think first\noff:Answer at once\n"
        );
        assert_eq!(
            asked(fish, &["help", "exit"]),
            "words\nexit-codes\tthe exit codes of airx\n"
        );
    }

    #[test]
    fn every_option_is_offered_and_what_help_hides_is_not() {
        let options = asked(bash, &["batch", "status", "--"]);
        assert!(options.contains("\n--timeout\n") && !options.contains("--replay"));
        let options = asked(bash, &["stream", "--first"]);
        assert_eq!(options, "words\n--first-token-timeout\n");
    }
}
