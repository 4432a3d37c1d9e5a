//! Asks for approval of calls on the controlling terminal, even if standard input and
//! output are redirected.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};

use serde_json::value::RawValue;

use crate::error::Failure;
use crate::terminal::one_line;

/// How calls are approved.
#[derive(Debug)]
pub enum Approval {
    /// Every call may run: `--yes`.
    Always,
    /// Ask the person at the controlling terminal.
    Ask(File),
}

impl Approval {
    /// Opens the controlling terminal, to ask there.
    ///
    /// # Errors
    /// There is none: exit 2.
    pub fn ask_each() -> Result<Self, Failure> {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty");
        terminal.map(Self::Ask).map_err(|_| {
            Failure::usage("--run: there is no terminal on which to ask for each call")
                .hint("--yes runs them without asking")
        })
    }

    /// Whether this call may run. `command` says what it runs. Only an explicit yes allows it.
    ///
    /// # Errors
    /// The terminal is gone: exit 1.
    pub fn allows(&self, name: &str, arguments: &RawValue, command: &str) -> Result<bool, Failure> {
        let mut terminal = match self {
            Self::Always => return Ok(true),
            Self::Ask(terminal) => terminal,
        };
        // Repeat the name at the end, because the arguments may fill the screen.
        let text = format!(
            "airx: the model calls {name}\n  {}\n  runs: {}\nrun {name}? [y/N] ",
            shown(arguments.get()),
            shown(command),
            name = shown(name),
        );
        // Ignore keys that were pressed before the question.
        #[cfg(unix)]
        rustix::termios::tcflush(terminal, rustix::termios::QueueSelector::IFlush)
            .map_err(std::io::Error::from)?;
        terminal.write_all(text.as_bytes())?;
        let mut answer = String::new();
        BufReader::new(terminal).read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }
}

/// The maximum number of characters of arguments or of a command to show: about one screen.
const SHOWN_MAX: usize = 2000;

/// `text` on one line, made safe, with every character visible. A text that is too long
/// is cut, and its length is added.
fn shown(text: &str) -> String {
    let Some((cut, _)) = text.char_indices().nth(SHOWN_MAX) else {
        return visible(&one_line(text));
    };
    let total = text.chars().count();
    format!(
        "{}\n  [cut here: {SHOWN_MAX} of {total} characters are shown]",
        visible(&one_line(&text[..cut]))
    )
}

/// Replaces characters that take no space on a screen with their code points, because they could
/// hide what a call does.
fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible(c) {
            // Writing to a string cannot fail.
            let _ = write!(visible, "<U+{:04X}>", u32::from(c));
        } else {
            visible.push(c);
        }
    }
    visible
}

/// Whether a character takes no space on a screen: the default ignorable characters of
/// Unicode and the line separators.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
