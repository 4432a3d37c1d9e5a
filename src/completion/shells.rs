//! The answers that the scripts of bash, zsh and fish read. The first line says what the
//! rest is:
//!
//! - `words`: a candidate a line;
//! - `unfinished`: a candidate a line, and no space follows it;
//! - `files BEFORE`, `folders BEFORE`, `commands BEFORE`: none; the shell completes such a
//!   name after the text BEFORE, which may be empty.

use std::ffi::OsString;
use std::io::{Error, Write};

use clap_complete::engine::{self, CompletionCandidate};

use super::candidates;
use super::paths::{Paths, Place};

type Done = Result<(), Error>;

/// bash passes words as they were typed, with their quotes, and shows no descriptions.
pub(super) fn bash(words: &[OsString], out: &mut dyn Write) -> Done {
    let words: Vec<OsString> = words.iter().map(unquoted).collect();
    answer(&words, out, |candidate, out| {
        let value = candidate.get_value().to_string_lossy();
        let plain = |c: char| c.is_alphanumeric() || "_-./=:@%+,^".contains(c);
        match shlex::try_quote(&value) {
            Ok(quoted) if !value.chars().all(plain) => writeln!(out, "{quoted}"),
            _ => writeln!(out, "{value}"),
        }
    })
}

/// zsh takes `VALUE:DESCRIPTION`, and quotes what it inserts.
pub(super) fn zsh(words: &[OsString], out: &mut dyn Write) -> Done {
    answer(words, out, |candidate, out| {
        let value = candidate.get_value().to_string_lossy();
        let value = value.replace('\\', "\\\\").replace(':', "\\:");
        match summary(candidate) {
            Some(text) => writeln!(out, "{value}:{}", text.replace('\\', "\\\\")),
            None => writeln!(out, "{value}"),
        }
    })
}

/// fish takes a tab before the description, and quotes what it inserts. It passes the last
/// word as it was typed.
pub(super) fn fish(words: &[OsString], out: &mut dyn Write) -> Done {
    let mut words = words.to_vec();
    if let Some(last) = words.last_mut() {
        *last = unquoted(last);
    }
    answer(&words, out, |candidate, out| {
        let value = candidate.get_value().to_string_lossy();
        match summary(candidate) {
            Some(text) => writeln!(out, "{value}\t{text}"),
            None => writeln!(out, "{value}"),
        }
    })
}

fn answer(
    words: &[OsString],
    out: &mut dyn Write,
    line: fn(&CompletionCandidate, &mut dyn Write) -> Done,
) -> Done {
    let mut command = candidates::command(words, Paths::Marked);
    let found = engine::complete(&mut command, words.to_vec(), words.len() - 1, None)?;
    let marked = found.iter().find_map(|it| Some((Place::of(it)?, it)));
    if let Some((place, candidate)) = marked {
        let before = candidate.get_value().to_string_lossy();
        return writeln!(out, "{} {before}", place.name());
    }
    let unfinished = |it: &CompletionCandidate| it.get_value().to_string_lossy().ends_with('=');
    let kind = if found.iter().any(unfinished) {
        "unfinished"
    } else {
        "words"
    };
    writeln!(out, "{kind}")?;
    // A line is a candidate.
    let one_line = |it: &&CompletionCandidate| !it.get_value().to_string_lossy().contains('\n');
    found
        .iter()
        .filter(one_line)
        .try_for_each(|it| line(it, out))
}

/// The first line of a description.
fn summary(candidate: &CompletionCandidate) -> Option<String> {
    let help = candidate.get_help()?.to_string();
    help.lines().next().map(str::to_owned)
}

/// A word without the quotes that a shell would remove. A word whose quote is still open
/// loses it.
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

    fn asked(shell: fn(&[OsString], &mut dyn Write) -> Done, line: &[&str]) -> String {
        let words: Vec<OsString> = ["airx"].iter().chain(line).map(Into::into).collect();
        let mut out = Vec::new();
        shell(&words, &mut out).unwrap();
        String::from_utf8(out).unwrap()
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
