//! clap's errors as airx reports them: one line that says what and where, and a hint.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::Failure;
use crate::suggest::nearest;

const BATCH_COMMANDS: &str =
    "use airx batch submit, status, wait, fetch or cancel; see airx help batch";

/// Options that other tools have, and what airx has in their place.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (
        &["--stream"],
        "to print the answer as it is generated: airx stream",
    ),
    (
        &["--no-stream"],
        "airx chat prints the answer when it is complete",
    ),
    (
        &["--json", "--structured"],
        "to get valid JSON: airx json; to get the server's body: --format json",
    ),
    (&["--ndjson", "--jsonl", "--events"], "use --format ndjson"),
    (
        &["--continue", "--conversation", "--chat", "--history"],
        "to continue a conversation: --session FILE",
    ),
    (
        &["--key", "--api-key", "--token"],
        "a key on the command line can be seen by others: set AIRX_API_KEY, or use --key-file",
    ),
    (
        &["--prompt", "--message", "--question"],
        "give the prompt without an option: airx chat \"question\"",
    ),
    (
        &["--input", "--attach", "--attachment"],
        "to add a text file: -f FILE; an image: -i FILE",
    ),
    (
        &["--url", "--host", "--endpoint", "--api-base", "--server"],
        "use --base-url URL",
    ),
    (
        &["--markdown", "--pretty-print", "--raw"],
        "use --render auto, always or never",
    ),
    (&["--max-retries"], "use --retries N"),
    (
        &["--parallel", "--jobs"],
        "to send one request for each line: --each -c N",
    ),
    (
        &["--each", "--items"],
        "many inputs are for airx chat, tools and json",
    ),
];

/// The failure that clap's refusal of `arguments` (the program's name not among them)
/// stands for.
pub(super) fn parse_error(error: &clap::Error, arguments: &[OsString]) -> Failure {
    let command = arguments.first().and_then(|word| word.to_str());
    match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if command == Some("batch") => {
            Failure::usage("airx batch needs a command").hint(BATCH_COMMANDS)
        }
        ErrorKind::InvalidSubcommand => unknown_command(error, command),
        ErrorKind::UnknownArgument => unknown_option(error, command.unwrap_or_default(), arguments),
        _ => {
            let near = word(error, ContextKind::SuggestedValue);
            Failure::usage(first_line(error)).hint(match (near, command) {
                (Some(near), _) => format!("did you mean '{near}'?"),
                (None, Some(command)) if !command.starts_with('-') => {
                    format!("see airx help {command}")
                }
                _ => "see airx --help".to_owned(),
            })
        }
    }
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

fn unknown_command(error: &clap::Error, command: Option<&str>) -> Failure {
    let word = word(error, ContextKind::InvalidSubcommand).unwrap_or_default();
    let near = self::word(error, ContextKind::SuggestedSubcommand);
    if command == Some("batch") {
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
    let failure = Failure::usage(format!("unknown option '{option}'"));
    let name = option.split('=').next().unwrap_or_default();
    if command.starts_with('-') {
        let command = arguments
            .iter()
            .find(|word| !word.as_encoded_bytes().starts_with(b"-"));
        let command = command.and_then(|word| word.to_str());
        let known = command.filter(|word| ["chat", "stream", "tools", "json"].contains(word));
        return failure.hint(format!(
            "options follow the command: airx {} {option}",
            known.unwrap_or("chat")
        ));
    }
    let elsewhere = ELSEWHERE.iter().find(|(names, _)| names.contains(&name));
    if let Some((_, hint)) = elsewhere.filter(|_| name.trim_start_matches('-') != command) {
        return failure.hint(*hint);
    }
    // clap suggests names that have little in common, too.
    let near = word(error, ContextKind::SuggestedArg);
    if let Some(near) = near.filter(|near| nearest(name, [near.as_str()]).is_some()) {
        return failure.hint(format!("did you mean '{near}'?"));
    }
    let takes_text = ["chat", "stream", "tools", "json"].contains(&command);
    failure.hint(if takes_text {
        format!("see airx help {command}; to send it as text: airx {command} -- '{option}'")
    } else {
        format!("see airx help {command}")
    })
}

fn word(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.clone()),
        Some(ContextValue::Strings(words)) => words.first().cloned(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn hint(words: &[&str]) -> String {
        let arguments: Vec<OsString> = words.iter().map(OsString::from).collect();
        let program = [std::ffi::OsStr::new("airx")];
        let all = program
            .into_iter()
            .chain(arguments.iter().map(|word| &**word));
        let error = Cli::command().try_get_matches_from(all).unwrap_err();
        parse_error(&error, &arguments).hint.unwrap_or_default()
    }

    #[test]
    fn an_option_of_another_tool_finds_its_place_here() {
        for (names, expected) in ELSEWHERE {
            for name in names.iter().filter(|name| !name.starts_with("--item")) {
                assert_eq!(
                    hint(&["stream", name]),
                    if *name == "--stream" {
                        continue;
                    } else {
                        *expected
                    }
                );
            }
        }
        assert!(hint(&["chat", "--stream"]).contains("airx stream"));
        assert!(hint(&["json", "--json"]).contains("airx json -- '--json'"));
    }
}
