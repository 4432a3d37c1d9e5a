//! clap's errors as airx reports them: one line that says what and where, and a hint.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Cli;
use crate::error::Failure;
use crate::suggest::nearest;

const BATCH_COMMANDS: &str =
    "use airx batch submit, status, wait, fetch or cancel; see airx help batch";

/// Options that other tools have, and what airx has in their place.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "--stream",
        "to print the answer as it is generated: airx stream",
    ),
    (
        "--no-stream",
        "airx chat prints the answer when it is complete",
    ),
    (
        "--json --structured",
        "to get valid JSON: airx json; to get the server's body: --format json",
    ),
    ("--ndjson --jsonl --events", "use --format ndjson"),
    (
        "--continue --conversation --chat --history",
        "to continue a conversation: --session FILE",
    ),
    (
        "--key --api-key --token",
        "a key on the command line can be seen by others: set AIRX_API_KEY, or use --key-file",
    ),
    (
        "--prompt --message --question",
        "give the prompt without an option: airx chat \"question\"",
    ),
    (
        "--input --attach --attachment",
        "to add a text file: -f FILE; an image: -i FILE",
    ),
    (
        "--url --host --endpoint --api-base --server",
        "use --base-url URL",
    ),
    (
        "--markdown --pretty-print --raw",
        "use --render auto, always or never",
    ),
    ("--max-retries", "use --retries N"),
    (
        "--parallel --jobs",
        "to send one request for each line: --each -c N",
    ),
    (
        "--each --items",
        "many inputs are for airx chat, tools and json",
    ),
];

/// The commands that take a prompt.
const ASKING: &[&str] = &["chat", "stream", "tools", "json"];

/// The failure that clap's refusal of `arguments` (the program's name not among them)
/// stands for.
pub(super) fn parse_error(error: &clap::Error, arguments: &[OsString]) -> Failure {
    let command = arguments.first().and_then(|word| word.to_str());
    let command = command.unwrap_or_default();
    match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if command == "batch" => {
            Failure::usage("airx batch needs a command").hint(BATCH_COMMANDS)
        }
        ErrorKind::InvalidSubcommand => unknown_command(error, command),
        ErrorKind::UnknownArgument => unknown_option(error, command, arguments),
        ErrorKind::MissingRequiredArgument => missing(error, command, arguments),
        _ => {
            let message = wrong_number(error).unwrap_or_else(|| first_line(error));
            let near = word(error, ContextKind::SuggestedValue);
            Failure::usage(message).hint(match near {
                Some(near) => format!("did you mean '{near}'?"),
                None => see_help(command),
            })
        }
    }
}

fn see_help(command: &str) -> String {
    if command.is_empty() || command.starts_with('-') {
        "see airx --help".to_owned()
    } else {
        format!("see airx help {command}")
    }
}

/// What clap says of these words.
fn refusal<'a>(words: impl Iterator<Item = &'a OsStr>) -> Option<clap::Error> {
    let words = std::iter::once(OsStr::new("airx")).chain(words);
    Cli::command().try_get_matches_from(words).err()
}

/// An option or a value was left out that something else needs.
fn missing(error: &clap::Error, command: &str, arguments: &[OsString]) -> Failure {
    let missing = needed(error);
    let is_option = |word: &OsStr| word != "-" && word.as_encoded_bytes().starts_with(b"-");
    let head = arguments.iter().take_while(|word| !is_option(word)).count();
    // clap does not say which option needs them, so it is asked about each one alone.
    let needs = |at: usize| {
        let alone = |count: usize| {
            let words = arguments.iter().take(head);
            let words = words.chain(arguments.iter().skip(at).take(count));
            refusal(words.map(|word| &**word))
                .filter(|error| error.kind() == ErrorKind::MissingRequiredArgument)
        };
        let value = arguments.get(at + 1).filter(|next| !is_option(next));
        let mut needs = needed(&alone(1).or_else(|| value.and_then(|_| alone(2)))?);
        needs.retain(|name| missing.contains(name));
        Some((arguments[at].to_str()?, needs))
    };
    let mut options = (head..arguments.len()).filter(|at| is_option(&arguments[*at]));
    let Some((option, needs)) = options.find_map(needs) else {
        return Failure::usage(format!("airx {command} needs {}", missing.join(" and ")))
            .hint(see_help(command));
    };
    let option = option.split('=').next().unwrap_or_default();
    let hint = match option {
        "--max-cost" => "to limit what one request may cost: --budget AMOUNT/PERIOD".to_owned(),
        _ => see_help(command),
    };
    Failure::usage(format!("{option} needs {}", needs.join(" and "))).hint(hint)
}

/// The names of what is missing: `--run`, or `--each or --split` where one of them is enough.
fn needed(error: &clap::Error) -> Vec<String> {
    let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg) else {
        return Vec::new();
    };
    let name = |text: &str| {
        let text = text.trim_matches(['<', '>']);
        let end = text.find(['[', ' ', '=', '<']).unwrap_or(text.len());
        text[..end].to_owned()
    };
    let names = missing.iter().map(|one| {
        let group = one.strip_prefix("<--").map_or(&**one, |_| &one[1..]);
        let names: Vec<_> = group.split("|--").map(name).collect();
        names.join(" or --")
    });
    names.collect()
}

/// clap's message without "error: ", joined to one line.
fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let lines = text
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .map(str::trim);
    lines.collect::<Vec<_>>().join(" ")
}

fn unknown_command(error: &clap::Error, command: &str) -> Failure {
    let word = word(error, ContextKind::InvalidSubcommand).unwrap_or_default();
    let near = self::word(error, ContextKind::SuggestedSubcommand);
    if command == "batch" {
        let near = near.map(|near| format!("did you mean airx batch {near}?"));
        return Failure::usage(format!("airx batch has no command {word:?}"))
            .hint(near.unwrap_or_else(|| BATCH_COMMANDS.to_owned()));
    }
    let ask = format!("to ask a question: airx chat {word:?}");
    Failure::usage(format!("{word:?} is not a command")).hint(match near {
        Some(near) => format!("did you mean airx {near}? {ask}"),
        None => ask,
    })
}

fn unknown_option(error: &clap::Error, command: &str, arguments: &[OsString]) -> Failure {
    let option = word(error, ContextKind::InvalidArg).unwrap_or_default();
    if !option.starts_with('-') {
        return unexpected_word(&option, command, arguments);
    }
    if let Some(failure) = negative_number(&option, arguments) {
        return failure;
    }
    let failure = Failure::usage(format!("unknown option '{option}'"));
    let name = option.split('=').next().unwrap_or_default();
    if command.starts_with('-') {
        let command = arguments
            .iter()
            .find(|word| !word.as_encoded_bytes().starts_with(b"-"));
        let command = command.and_then(|word| word.to_str());
        let known = command.filter(|word| ASKING.contains(word));
        return failure.hint(format!(
            "options follow the command: airx {} {option}",
            known.unwrap_or("chat")
        ));
    }
    let elsewhere = ELSEWHERE
        .iter()
        .find(|(names, _)| names.split(' ').any(|known| known == name));
    if let Some((_, hint)) = elsewhere.filter(|_| name.trim_start_matches('-') != command) {
        return failure.hint(*hint);
    }
    // clap suggests names that have little in common, too.
    let near = word(error, ContextKind::SuggestedArg);
    if let Some(near) = near.filter(|near| nearest(name, [near.as_str()]).is_some()) {
        return failure.hint(format!("did you mean '{near}'?"));
    }
    let mut hint = see_help(command);
    if ASKING.contains(&command) {
        let _ = write!(hint, "; to send it as text: airx {command} -- '{option}'");
    }
    failure.hint(hint)
}

/// A word that is no option, for a command that takes no words, or no more.
fn unexpected_word(word: &str, command: &str, arguments: &[OsString]) -> Failure {
    let failure = Failure::usage(format!("unexpected argument '{word}'"));
    let at = arguments.iter().skip(1).position(|one| one == word);
    let Some(at) = at.filter(|_| command == "mock") else {
        return failure.hint(see_help(command));
    };
    let (options, rest) = arguments.split_at(at + 1);
    let line = [options, &["--".into()], rest].concat();
    let line: Vec<_> = line.iter().map(|word| shell_word(word)).collect();
    failure.hint(format!(
        "put -- before the command: airx {}",
        line.join(" ")
    ))
}

/// A word as a shell reads it.
fn shell_word(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A negative number that follows an option, which clap takes for an option, too.
fn negative_number(number: &str, arguments: &[OsString]) -> Option<Failure> {
    number.parse::<f64>().ok()?;
    let is_pair =
        |pair: &[OsString]| pair[1] == *number && pair[0].as_encoded_bytes().starts_with(b"-");
    let at = arguments.windows(2).position(is_pair)?;
    let mut joined = arguments.to_vec();
    joined[at].push("=");
    joined[at].push(number);
    joined.remove(at + 1);
    let error = refusal(joined.iter().map(|word| &**word));
    let option = arguments[at].display();
    match error {
        Some(error) if error.kind() == ErrorKind::ValueValidation => {
            Some(parse_error(&error, &joined))
        }
        Some(_) => None,
        None => Some(
            Failure::usage(format!("unknown option '{number}'"))
                .hint(format!("as the value of {option}: {option}={number}")),
        ),
    }
}

fn word(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.clone()),
        Some(ContextValue::Strings(words)) => words.first().cloned(),
        _ => None,
    }
}

/// What is wrong with the number that this error is about; none if it is about none.
fn wrong_number(error: &clap::Error) -> Option<String> {
    let option = word(error, ContextKind::InvalidArg)?;
    let value = word(error, ContextKind::InvalidValue)?;
    let why = why(&value, error.source()?)?;
    let option = option.split(' ').next().unwrap_or_default();
    Some(format!("{option}: {why}"))
}

fn why(value: &str, source: &(dyn Error + 'static)) -> Option<String> {
    if source.is::<ParseFloatError>() {
        return Some(format!("'{value}' is not a number"));
    }
    if let Some(error) = source.downcast_ref::<ParseIntError>() {
        let digits = value.strip_prefix('-').unwrap_or_default();
        let is_negative = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        return Some(match error.kind() {
            IntErrorKind::PosOverflow => format!("{value} is too large"),
            _ if is_negative => format!("{value} is too small: 0 or more"),
            _ => format!("'{value}' is not a whole number"),
        });
    }
    // "0 is not in 1..=1000"
    let text = source.to_string();
    let (number, range) = text.split_once(" is not in ")?;
    let (low, high) = range.split_once("..")?;
    let high = high.trim_start_matches('=');
    let (number, least, most): (i128, i128, i128) =
        (number.parse().ok()?, low.parse().ok()?, high.parse().ok()?);
    let what = if number < least {
        "too small"
    } else {
        "too large"
    };
    Some(if most >= i64::MAX.into() {
        format!("{value} is {what}: {low} or more")
    } else {
        format!("{value} is {what}: {low} to {high}")
    })
}

#[cfg(test)]
mod tests;
