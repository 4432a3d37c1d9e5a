//! The options under "Input": what the messages are made of.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Each, Split};

/// What the messages are made of.
#[derive(Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Input", next_display_order = 1)]
pub struct InputArgs {
    /// Words of the prompt; `-` is standard input
    ///
    /// The words are joined by spaces. The user message is the prompt, then each --file, then standard input, with a blank
    /// line between the parts. A pipe, a socket or a file on standard input is read and added;
    /// a terminal is not. If a pipe stays silent for 60s (AIRX_STDIN_WAIT), airx exits 2 and
    /// sends nothing. `-` puts standard input in its place and waits for it without a limit.
    #[arg(value_name = "PROMPT", display_order = 0)]
    pub prompt: Vec<OsString>,

    /// System message, or @FILE with its text
    ///
    /// `@@` at the beginning is a literal `@`.
    #[arg(short, long, value_name = "TEXT|@FILE")]
    pub system: Option<OsString>,

    /// Add a text file to the message (repeat)
    ///
    /// `-` is standard input. Where there are two or more files, each is headed by its name.
    #[arg(short, long, value_name = "FILE")]
    pub file: Vec<PathBuf>,

    /// Add an image, for vision models (repeat)
    ///
    /// A file (PNG, JPEG, GIF, WebP or BMP) is sent as a data URL. `-` is standard input.
    #[arg(short, long, value_name = "FILE|URL|-")]
    pub image: Vec<PathBuf>,

    /// Read earlier turns from FILE: a JSON array or NDJSON
    ///
    /// `-` is standard input. The prompt becomes the last turn. If the last message of FILE
    /// is the user's or a tool's, no prompt is needed and standard input is not read.
    /// --system replaces a leading system message.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "session",
        hide_short_help = true
    )]
    pub messages: Option<PathBuf>,

    /// Keep the conversation in FILE and continue it
    ///
    /// NDJSON, one message a line. A new file gets the --system text and mode 0600. The file
    /// is locked during the run and extended only if the run succeeds.
    #[arg(long, value_name = "FILE")]
    pub session: Option<PathBuf>,

    /// Do not read standard input
    ///
    /// Needed inside a `while read` loop over a pipe: there airx would read the lines of the
    /// loop, because it cannot tell that pipe from its own input. AIRX_NO_STDIN=1 does the
    /// same. --each handles all lines in one run.
    #[arg(short, long)]
    pub no_stdin: bool,

    /// Replace bytes that are not UTF-8 instead of refusing the input
    ///
    /// In files, standard input, the prompt, --system and --stop. Binary data is refused with
    /// --lossy, too.
    #[arg(long, hide_short_help = true)]
    pub lossy: bool,

    /// Accept empty input where you asked for input: `-`, -f, @FILE, --messages
    ///
    /// Without this option, such empty input exits 2 and nothing is sent, because the command
    /// that should have produced it has probably failed. It also silences the warning about
    /// an empty pipe on standard input.
    #[arg(long, hide_short_help = true)]
    pub allow_empty_input: bool,

    /// A warning about the words of the prompt.
    #[arg(skip)]
    pub warning: Option<String>,
}

impl InputArgs {
    /// The warning if the prompt begins with a value of an option that was given without one:
    /// such a value follows `=` only.
    pub(super) fn bare_option_warning(&self, arguments: &[OsString]) -> Option<String> {
        let word = self.prompt.first()?.to_str()?;
        let at = arguments.iter().position(|argument| argument == word)?;
        let before = &arguments[..at];
        if before.iter().any(|argument| argument == "--") {
            return None;
        }
        let option = before.iter().find(|option| match option.to_str() {
            Some("--each") => Each::from_str(word, false).is_ok(),
            Some("--split") => Split::from_str(word, false).is_ok(),
            Some("--extract" | "-x") => ["first", "all", "last"].contains(&word),
            _ => false,
        })?;
        let option = option.display();
        Some(format!(
            "`{word}` is a word of the prompt; for the option's value write {option}={word}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Parsed, parse, program};

    fn warned(words: &[&str]) -> Option<String> {
        let arguments: Vec<OsString> = words.iter().map(OsString::from).collect();
        match parse(&mut program(), &arguments) {
            Parsed::Run(mut command) => command.common()?.input.warning.take(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_value_without_its_equals_sign_is_noticed() {
        for (words, meant) in [
            (&["chat", "--each", "csv", "Greet {x}"][..], "--each=csv"),
            (&["json", "--each", "-q", "files", "Sum"], "--each=files"),
            (&["tools", "--each", "json"], "--each=json"),
            (&["stream", "--split", "diff", "Review"], "--split=diff"),
            (&["chat", "-x", "all", "Write"], "-x=all"),
            (&["chat", "--extract", "last", "Write"], "--extract=last"),
        ] {
            let warning = warned(words).unwrap();
            assert!(warning.ends_with(&format!("write {meant}")), "{warning}");
        }
        assert_eq!(
            warned(&["chat", "--each", "csv", "Greet {x}"]).unwrap(),
            "`csv` is a word of the prompt; for the option's value write --each=csv"
        );
    }

    #[test]
    fn other_words_are_words() {
        for words in [
            &["chat", "--each=csv", "Greet {x}"][..],
            &["chat", "--each=csv", "json", "Greet"],
            &["chat", "--each", "Greet", "csv"],
            &["chat", "--each", "csv file {}"],
            &["chat", "--each", "--", "csv"],
            &["chat", "--each", "diff", "this"],
            &["chat", "csv", "--each"],
            &["chat", "csv"],
            &["models"],
        ] {
            assert_eq!(warned(words), None, "{words:?}");
        }
    }
}
