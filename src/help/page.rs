//! The pages of `airx help` and `--help`.

use std::ffi::OsStr;
use std::fmt::Write as _;

use textwrap::{Options, WordSeparator, WordSplitter};

use crate::cli;
use crate::config::{KEYS, Key, MODEL_KEYS};
use crate::error::Failure;
use crate::exit::{self, Row};
use crate::settings::defaults;

use super::{ENVIRONMENT, ENVIRONMENT_NOTE, TOPICS, Table, Topic};

/// Columns that a text is folded to.
const WIDTH: usize = 80;

/// The help of the program, of a command or of a topic.
///
/// # Errors
/// Class `usage` where there is nothing of that name.
pub fn help<S: AsRef<str>>(subject: &[S]) -> Result<String, Failure> {
    let words: Vec<&str> = subject.iter().map(AsRef::as_ref).collect();
    if let [word] = words.as_slice()
        && let Some(topic) = TOPICS.iter().find(|topic| topic.name == *word)
    {
        return Ok(self::topic(*topic));
    }
    if let Some(help) = cli::long_help(&words) {
        return Ok(help + &footer(words.first().copied()));
    }
    let topics: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
    Err(
        Failure::usage(format!("there is no help on '{}'", words.join(" "))).hint(format!(
            "commands: {}; topics: {}",
            cli::command_names().join(", "),
            topics.join(", ")
        )),
    )
}

/// What `--help` or `-h` among the arguments prints, the program's name not
/// being one of them: clap's own text, and under `--help` what belongs below it.
pub fn help_flag<S: AsRef<OsStr>>(clap_text: &str, arguments: &[S]) -> String {
    let mut arguments = arguments.iter().map(AsRef::as_ref);
    let Some(first) = arguments.next().and_then(OsStr::to_str) else {
        return clap_text.to_owned();
    };
    // The first of the two decides, as it does for clap; a cluster such as -qh is short.
    let flag = arguments.find(|argument| *argument == "--help" || *argument == "-h");
    let below = match first {
        "--help" => footer(None),
        "-h" => String::new(),
        command if flag.is_some_and(|flag| flag == "--help") => footer(Some(command)),
        _ => String::new(),
    };
    clap_text.to_owned() + &below
}

/// An example command line.
#[derive(Debug)]
pub struct Example {
    /// The description, without a final period.
    pub does: &'static str,
    /// The command line, in shell syntax.
    pub line: &'static str,
}

/// The examples of a command; those of the program itself have the name `airx`.
pub fn examples(command: &str) -> Vec<Example> {
    let heading = format!("[{command}]");
    let lines = include_str!("examples.txt").lines();
    let own = lines.skip_while(|line| *line != heading).skip(1);
    let own: Vec<_> = own.take_while(|line| !line.is_empty()).collect();
    let pairs = own.chunks_exact(2);
    let example = |pair: &[&'static str]| Example {
        does: pair[0].trim_start_matches("# "),
        line: pair[1],
    };
    pairs.map(example).collect()
}

/// The text below clap's help of a command, or of the program.
fn footer(command: Option<&str>) -> String {
    let mut text = String::new();
    if command.is_none() {
        text.push_str("\nEnvironment:\n");
        for variable in ENVIRONMENT {
            item(&mut text, variable.name, 20, variable.does);
        }
        paragraph(&mut text, 2, ENVIRONMENT_NOTE);
    }
    text.push_str("\nExamples:\n");
    let of = command.unwrap_or("airx");
    for example in examples(of) {
        let _ = writeln!(text, "  # {}\n  {}", example.does, example.line);
    }
    if command.is_some() {
        text.push_str("\nExit codes:\n");
        exit_codes(&mut text, exit_rows(of));
        if let Some(note) = exit_note(of) {
            paragraph(&mut text, 2, note);
        }
    }
    text
}

/// The exit codes that a command can end with: a command that sends nothing
/// has few of them.
pub fn exit_rows(command: &str) -> &'static [Row] {
    match command {
        "mock" | "models" | "config" | "completions" | "help" => &exit::TABLE[..3],
        _ => exit::TABLE,
    }
}

/// A note on a command's exit status, if the table is not enough.
pub fn exit_note(command: &str) -> Option<&'static str> {
    (command == "mock")
        .then_some("With -- COMMAND: the command's own status, or 128 + n where signal n ended it.")
}

fn exit_codes(text: &mut String, rows: &[Row]) {
    for row in rows {
        let name = format!("{:>3}  {}", row.code, row.name);
        item(text, &name, 18, row.when);
    }
}

fn topic(topic: Topic) -> String {
    let mut text = format!("airx {}: {}\n\n", topic.name, topic.title);
    for opening in topic.opening {
        paragraph(&mut text, 0, opening);
        text.push('\n');
    }
    match topic.table {
        Table::Events => events(&mut text),
        Table::ExitCodes => {
            exit_codes(&mut text, exit::TABLE);
            text.push('\n');
        }
        Table::Keys => keys(&mut text),
    }
    for closing in topic.closing {
        paragraph(&mut text, 0, closing);
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

fn events(text: &mut String) {
    for event in super::events() {
        let _ = writeln!(text, "{}", event.name);
        paragraph(text, 2, &event.when);
        for member in event.members {
            let meaning = format!("({}) {}", member.kind, member.meaning);
            item(text, &member.name, 18, &meaning);
        }
        text.push('\n');
    }
}

fn keys(text: &mut String) {
    text.push_str("Keys of the top level and of profiles\n");
    for key in KEYS {
        item(text, key.name, 20, &key_says(key));
    }
    text.push_str("\nKeys of [models.NAME]\n");
    for (name, says) in MODEL_KEYS {
        item(text, name, 20, says);
    }
    text.push('\n');
}

/// What a key holds, and what comes before and after it.
pub fn key_says(key: &Key) -> String {
    let mut says = key.kind.wants();
    if let Some(default) = defaults::text(key.name) {
        let _ = write!(says, " [default: {default}]");
    }
    if !key.variables.is_empty() {
        let _ = write!(says, " [below {}]", key.variables.join(", "));
    }
    says
}

fn item(text: &mut String, name: &str, column: usize, says: &str) {
    let mut said = String::new();
    paragraph(&mut said, column + 2, says);
    let _ = write!(
        text,
        "  {name:<width$}{}",
        said.trim_start(),
        width = column
    );
}

/// Words folded to the width; a paragraph that begins with a space is not touched.
fn paragraph(text: &mut String, indent: usize, words: &str) {
    if words.starts_with(' ') {
        text.push_str(words);
    } else {
        let indent = " ".repeat(indent);
        let options = Options::new(WIDTH)
            .initial_indent(&indent)
            .subsequent_indent(&indent)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        text.push_str(&textwrap::fill(words, options));
    }
    text.push('\n');
}

#[cfg(test)]
mod tests;
