//! clap's errors in airx's own form: one line that says what and where, and a
//! hint.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::Failure;

/// What to tell of `batch`.
const ACTIONS: &str = "airx batch submit, status, wait, fetch or cancel; airx help batch";

/// The failure that a refused command line is.
pub fn refusal(error: &clap::Error) -> Failure {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        if error.render().to_string().contains("Usage: airx batch ") {
            return Failure::usage("batch: what to do was not said").hint(ACTIONS);
        }
        return Failure::usage("no command was given")
            .hint("to ask a question: airx chat \"question\"; the commands: airx --help");
    }
    let text = error.render().to_string();
    let told = text.strip_prefix("error: ").unwrap_or(&text);
    let first = told
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .map(str::trim);
    let failure = Failure::usage(first.collect::<Vec<_>>().join(" "));
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.clone()),
        Some(ContextValue::Strings(words)) => words.first().cloned(),
        _ => None,
    };
    if error.kind() == ErrorKind::InvalidSubcommand {
        let question = word(ContextKind::InvalidSubcommand).unwrap_or_default();
        let ask = format!("airx chat {question:?}");
        if told.contains("Usage: airx batch ") {
            let near = word(ContextKind::SuggestedSubcommand);
            let near = near.map(|near| format!("did you mean airx batch {near}?"));
            return Failure::usage(format!("batch cannot {question:?}"))
                .hint(near.unwrap_or_else(|| ACTIONS.to_owned()));
        }
        return Failure::usage(format!("{question:?} is no command")).hint(
            match word(ContextKind::SuggestedSubcommand) {
                Some(near) => format!("did you mean airx {near}? To ask a question: {ask}"),
                None => format!("to ask a question: {ask}"),
            },
        );
    }
    let unknown = error.kind() == ErrorKind::UnknownArgument;
    if unknown && word(ContextKind::InvalidArg).is_some_and(|arg| arg == "--each") {
        return failure.hint("many inputs are for airx chat, tools and json");
    }
    let tips: Vec<_> = told
        .lines()
        .filter_map(|line| line.trim().strip_prefix("tip: "))
        .collect();
    if tips.is_empty() {
        failure.hint("see --help")
    } else {
        failure.hint(tips.join("; "))
    }
}
