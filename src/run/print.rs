//! The texts of `models`, `completions` and `help`: in goes what was asked for,
//! out comes what standard output shows. Nothing here is touched by a run that
//! makes a request.

use std::ffi::OsStr;
use std::fmt::Write as _;

use clap::CommandFactory;

use crate::cli::{Cli, ModelsFormat, Shell};
use crate::config::{KEYS, Key, MODEL_KEYS};
use crate::error::Failure;
use crate::exit::{self, Row};
use crate::help::{ENVIRONMENT, ENVIRONMENT_NOTE, EVENTS, EXAMPLES};
use crate::help::{TOPICS, Topic};
use crate::models::{self, MODELS, Model};
use crate::table::{Align, Medium, table};

/// Columns that a text is folded to.
const WIDTH: usize = 80;

/// The table of known models.
pub fn models(format: ModelsFormat, medium: Medium) -> String {
    match format {
        ModelsFormat::Text => models_table(medium),
        ModelsFormat::Json => serde_json::json!(models::all()).to_string() + "\n",
        ModelsFormat::Ndjson => models::all()
            .into_iter()
            .map(|model| serde_json::json!(model).to_string() + "\n")
            .collect(),
    }
}

fn models_table(medium: Medium) -> String {
    const COLUMNS: [(&str, Align); 8] = [
        ("model", Align::Left),
        ("window", Align::Right),
        ("output", Align::Right),
        ("in", Align::Right),
        ("out", Align::Right),
        ("", Align::Left),
        ("extra", Align::Left),
        ("V0/V1/V2/V3", Align::Right),
    ];
    let mut rows = vec![COLUMNS.map(|(head, _)| head.to_owned())];
    rows.extend(models::all().into_iter().map(models_row));
    let text = table(&rows, COLUMNS.map(|(_, align)| align), medium);
    text + "\n" + &prices_of() + "\n"
}

fn models_row(model: &Model) -> [String; 8] {
    let absent = || "-".to_owned();
    let price = |pick: fn(&models::Price) -> u64| {
        let price = model.price.as_ref();
        price.map_or_else(absent, |price| models::amount(pick(price)))
    };
    let extra = match (model.vision, model.thinking) {
        (Some(true), Some(true)) => "both",
        (Some(true), _) => "images",
        (_, Some(true)) => "thinks",
        _ => "-",
    };
    let tiers = |tiers: [u16; 4]| tiers.map(|limit| limit.to_string()).join("/");
    [
        model.name.to_owned(),
        model.context.map_or_else(absent, tokens),
        model.max_output.map_or_else(absent, tokens),
        price(|price| price.input),
        price(|price| price.output),
        model
            .price
            .map_or_else(absent, |price| price.currency.to_owned()),
        extra.to_owned(),
        model.concurrency.map_or_else(absent, tiers),
    ]
}

/// A limit as the provider's pages write it, where it is a round one.
fn tokens(number: u32) -> String {
    const K: u32 = 1024;
    match number {
        n if n % (K * K) == 0 => format!("{}M", n / (K * K)),
        n if n % K == 0 => format!("{}K", n / K),
        n => n.to_string(),
    }
}

fn prices_of() -> String {
    let dates = || MODELS.iter().filter_map(|model| model.price?.date);
    let (first, last) = (dates().min().unwrap_or("-"), dates().max().unwrap_or("-"));
    let span = if first == last {
        first.to_owned()
    } else {
        format!("{first} to {last}")
    };
    format!("Prices are per million tokens, listed on {span}. Providers change them.")
}

/// A shell's completion script, as it was generated when the program was made.
pub fn completions(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("../../completions/airx.bash"),
        Shell::Zsh => include_str!("../../completions/_airx"),
        Shell::Fish => include_str!("../../completions/airx.fish"),
        Shell::PowerShell => include_str!("../../completions/_airx.ps1"),
        Shell::Elvish => include_str!("../../completions/airx.elv"),
    }
}

/// The help of the program, of a command or of a topic.
///
/// # Errors
/// Class `usage` where there is nothing of that name.
pub fn help<S: AsRef<str>>(subject: &[S]) -> Result<String, Failure> {
    let Some(first) = subject.first().map(AsRef::as_ref) else {
        let help = Cli::command().render_long_help().to_string();
        return Ok(help + &footer(None));
    };
    let topic = TOPICS.iter().find(|topic| topic.name() == first);
    if let Some(topic) = topic.filter(|_| subject.len() == 1) {
        return Ok(self::topic(*topic));
    }
    let mut program = Cli::command();
    program.build();
    let mut words = subject.iter().map(AsRef::as_ref);
    let found = words.try_fold(&mut program, |command, word: &str| {
        command.find_subcommand_mut(word)
    });
    if let Some(command) = found {
        let help = command.render_long_help().to_string();
        return Ok(help + &footer(Some(first)));
    }
    let words: Vec<&str> = subject.iter().map(AsRef::as_ref).collect();
    let subject = words.join(" ");
    let commands: Vec<&str> = program
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    let topics: Vec<&str> = TOPICS.iter().map(|topic| topic.name()).collect();
    Err(
        Failure::usage(format!("there is no help on '{subject}'")).hint(format!(
            "commands: {}; topics: {}",
            commands.join(", "),
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

/// What stands below clap's help of a command, or of the program.
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
    let examples = EXAMPLES.iter().find(|(name, _)| *name == of);
    for example in examples.map_or(&[][..], |(_, examples)| examples) {
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

/// What a command's exit status tells beyond the table.
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

/// The text of a topic.
fn topic(topic: Topic) -> String {
    let mut text = format!("airx {}: {}\n\n", topic.name(), topic.title());
    for opening in topic.opening() {
        paragraph(&mut text, 0, opening);
        text.push('\n');
    }
    match topic {
        Topic::Events => events(&mut text),
        Topic::ExitCodes => {
            exit_codes(&mut text, exit::TABLE);
            text.push('\n');
        }
        Topic::Config => keys(&mut text),
    }
    for closing in topic.closing() {
        paragraph(&mut text, 0, closing);
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

fn events(text: &mut String) {
    for event in EVENTS {
        let _ = writeln!(text, "{}", event.name);
        paragraph(text, 2, event.when);
        for member in event.members {
            let tells = format!("({}) {}", member.kind, member.tells);
            item(text, member.name, 18, &tells);
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
    if !key.default.is_empty() {
        let _ = write!(says, " [default: {}]", key.default);
    }
    if !key.variables.is_empty() {
        let _ = write!(says, " [below {}]", key.variables.join(", "));
    }
    says
}

/// A name, and from a column on what there is to say of it.
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
        text.push('\n');
        return;
    }
    let mut column = 0;
    for word in words.split_whitespace() {
        if column > 0 && column + 1 + word.chars().count() > WIDTH {
            text.push('\n');
            column = 0;
        }
        if column == 0 {
            let _ = write!(text, "{:indent$}", "");
            column = indent;
        } else {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += word.chars().count();
    }
    text.push('\n');
}

#[cfg(test)]
mod tests;
