//! The options under "Input": what the messages are made of.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args};

/// What the messages are made of.
#[derive(Debug, Default, Args)]
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
    #[arg(short, long, value_name = "FILE", action = ArgAction::Append)]
    pub file: Vec<PathBuf>,

    /// Add an image, for vision models (repeat)
    ///
    /// A file (PNG, JPEG, GIF, WebP or BMP) is sent as a data URL. `-` is standard input.
    #[arg(short, long, value_name = "FILE|URL|-", action = ArgAction::Append)]
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
