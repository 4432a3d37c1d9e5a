//! Which candidates each argument has.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use clap::builder::PossibleValue;
use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, possible_value_candidates};

use super::paths::{Paths, Place};
use super::typed::Typed;
use crate::cli::program;
use crate::config::Config;
use crate::help::TOPICS;
use crate::models;

/// The command line with its candidates. They depend on the `words` typed so far.
pub(super) fn command(words: &[OsString], paths: Paths) -> Command {
    let mut command = program();
    // The arguments of the commands are made when they are needed; here they are.
    command.build();
    let typed = Arc::new(Typed::new(words));
    with_candidates(command, &typed, paths)
}

fn with_candidates(command: Command, typed: &Arc<Typed>, paths: Paths) -> Command {
    let command = command.mut_args(|arg| match candidates(&arg, typed, paths) {
        Some(completer) => {
            let completer = if_attached(&arg, typed, completer);
            arg.add(completer)
        }
        None => arg,
    });
    command.mut_subcommands(|command| with_candidates(command, typed, paths))
}

/// An option whose value must be attached (`--each=csv`) takes no next word.
fn if_attached(arg: &Arg, typed: &Typed, completer: ArgValueCompleter) -> ArgValueCompleter {
    if !arg.is_require_equals_set() || typed.is_option {
        return completer;
    }
    values(Vec::new)
}

fn candidates(arg: &Arg, typed: &Arc<Typed>, paths: Paths) -> Option<ArgValueCompleter> {
    let typed = Arc::clone(typed);
    Some(match arg.get_id().as_str() {
        "model" | "fallback" => values(move || model_names(&typed)),
        "profile" => values(move || profile_names(&typed)),
        "accept" => values(finish_reasons),
        "only" => values(move || tool_names(&typed)),
        "exec" => values(move || tool_names_to_assign(&typed)),
        "subject" => values(move || help_subjects(&typed)),
        "fail" => ArgValueCompleter::new(faults(arg)),
        "merge" => values(|| named(&[("concat", "The answers in order, or their arrays joined")])),
        "web_search" => values(search_engines),
        "extract" => {
            values(|| named(&[("all", "All code blocks"), ("last", "The last code block")]))
        }
        "command" => program_to_run(&typed, paths),
        _ => return by_value(arg, paths),
    })
}

/// What the name of the value says: a file, a folder; else the values of an enum.
fn by_value(arg: &Arg, paths: Paths) -> Option<ArgValueCompleter> {
    let name = arg.get_value_names()?.first()?.as_str();
    Some(match name {
        _ if name.starts_with("FILE") => Place::File.completer("", paths),
        _ if name.ends_with("@FILE") => Place::File.completer("@", paths),
        "DIR" => Place::Folder.completer("", paths),
        _ => {
            let known = arg.get_value_parser().possible_values()?;
            let known: Vec<PossibleValue> = known.collect();
            values(move || possible_value_candidates(known.clone()))
        }
    })
}

/// Keeps the candidates that begin with what is typed.
fn keep_prefix(candidates: &mut Vec<CompletionCandidate>, typed: &str) {
    candidates.retain(|candidate| candidate.get_value().to_string_lossy().starts_with(typed));
}

/// A completer of these candidates.
fn values<F>(all: F) -> ArgValueCompleter
where
    F: Fn() -> Vec<CompletionCandidate> + Send + Sync + 'static,
{
    ArgValueCompleter::new(move |current: &OsStr| {
        let current = current.to_string_lossy();
        let mut found = all();
        keep_prefix(&mut found, &current);
        found
    })
}

/// Candidates with the text that some shells show next to them.
fn named(all: &[(&str, &str)]) -> Vec<CompletionCandidate> {
    let all = all.iter();
    all.map(|(value, help)| CompletionCandidate::new(value).help(Some((*help).to_owned().into())))
        .collect()
}

/// The models of the table, then those that the configuration file describes or names.
fn model_names(typed: &Typed) -> Vec<CompletionCandidate> {
    let own = typed.config().map_or_else(Vec::new, own_models);
    let own = own
        .into_iter()
        .filter(|name| models::built_in(name).is_none());
    let known = models::MODELS.iter().map(|model| model.name.to_owned());
    known.chain(own).map(CompletionCandidate::new).collect()
}

fn own_models(mut config: Config) -> Vec<String> {
    let described = config.models().iter();
    let mut names: Vec<String> = described.map(|(extra, _)| extra.name.clone()).collect();
    let profiles: Vec<String> = config.profiles().map(str::to_owned).collect();
    for profile in profiles.into_iter().map(Some).chain([None]) {
        if config.choose(profile).is_ok()
            && let Some((entry, _)) = config.entry("model")
        {
            names.extend(entry.values.iter().cloned());
        }
    }
    names.sort();
    names.dedup();
    names
}

fn profile_names(typed: &Typed) -> Vec<CompletionCandidate> {
    let config = typed.config();
    let names = config.iter().flat_map(Config::profiles);
    names.map(CompletionCandidate::new).collect()
}

/// The finish reasons that do not count as complete without `--accept`.
fn finish_reasons() -> Vec<CompletionCandidate> {
    named(&[
        ("length", "The answer was cut at the output limit"),
        (
            "model_context_window_exceeded",
            "The answer was cut at the end of the context",
        ),
        ("sensitive", "The content policy blocked the answer"),
        ("content_filter", "The content policy blocked the answer"),
        ("network_error", "The model failed while it answered"),
    ])
}

/// The engines of the providers' web_search tool. api.md §3.
fn search_engines() -> Vec<CompletionCandidate> {
    let known = [
        "search_std",
        "search_pro",
        "search_pro_sogou",
        "search_pro_quark",
    ];
    known.map(CompletionCandidate::new).into()
}

fn tool_names(typed: &Typed) -> Vec<CompletionCandidate> {
    let names = typed.tools().into_iter();
    names.map(CompletionCandidate::new).collect()
}

/// For `--exec NAME=COMMAND`.
fn tool_names_to_assign(typed: &Typed) -> Vec<CompletionCandidate> {
    let names = typed.tools().into_iter();
    names
        .map(|name| CompletionCandidate::new(name + "="))
        .collect()
}

/// The commands and topics; after a command its own commands.
fn help_subjects(typed: &Typed) -> Vec<CompletionCandidate> {
    let mut command_line = program();
    command_line.build();
    let asked = typed
        .words()
        .iter()
        .skip_while(|word| *word != "help")
        .skip(1);
    let mut command = &command_line;
    for word in asked.clone() {
        let next = word.to_str().and_then(|word| command.find_subcommand(word));
        let Some(next) = next else {
            return Vec::new();
        };
        command = next;
    }
    let commands = command.get_subcommands().map(|command| {
        CompletionCandidate::new(command.get_name()).help(command.get_about().cloned())
    });
    let topics = TOPICS.iter().filter(|_| asked.clone().next().is_none());
    let topics =
        topics.map(|topic| CompletionCandidate::new(topic.name()).help(Some(topic.title().into())));
    commands.chain(topics).collect()
}

/// `KIND`, and after `KIND@` the place.
fn faults(arg: &Arg) -> impl Fn(&OsStr) -> Vec<CompletionCandidate> + Send + Sync + 'static {
    let kinds = arg.get_value_parser().possible_values();
    let kinds: Vec<PossibleValue> = kinds.into_iter().flatten().collect();
    move |current| {
        let current = current.to_string_lossy();
        let mut found = match current.split_once('@') {
            Some((kind, _)) => ["files", "batches"]
                .map(|place| CompletionCandidate::new(format!("{kind}@{place}")))
                .into(),
            None => possible_value_candidates(kinds.clone()),
        };
        keep_prefix(&mut found, &current);
        found
    }
}

/// What follows `--` is a program, then its arguments.
fn program_to_run(typed: &Typed, paths: Paths) -> ArgValueCompleter {
    if typed.words().last().is_some_and(|word| word == "--") {
        Place::Program.completer("", paths)
    } else {
        Place::File.completer("", paths)
    }
}
