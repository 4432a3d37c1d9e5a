//! Chooses the candidates for each argument. bash, zsh and fish complete paths better than airx
//! could: they know quotes, `~` and the user's settings. airx only reports where a path is
//! expected.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use clap::builder::PossibleValue;
use clap::{Arg, Command};
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
    possible_value_candidates,
};

use super::typed::Typed;
use crate::cli::program;
use crate::config::Config;
use crate::help::TOPICS;
use crate::models;

/// Returns the command line with its candidates. They depend on the `words` typed so far.
pub(super) fn command(words: &[OsString], paths: Paths) -> Command {
    let mut command = program();
    // clap adds the arguments of the commands only when it needs them: add them now.
    command.build();
    let typed = Arc::new(Typed::new(words));
    with_candidates(command, &typed, paths)
}

fn with_candidates(command: Command, typed: &Arc<Typed>, paths: Paths) -> Command {
    let command = command.mut_args(|arg| match candidates(&arg, typed, paths) {
        // An option whose value must be attached (`--each=csv`) does not use the next word.
        Some(_) if arg.is_require_equals_set() && !typed.is_option => {
            arg.add(values(Vec::<String>::new))
        }
        Some(completer) => arg.add(completer),
        None => arg,
    });
    command.mut_subcommands(|command| with_candidates(command, typed, paths))
}

fn candidates(arg: &Arg, typed: &Arc<Typed>, paths: Paths) -> Option<ArgValueCompleter> {
    let typed = Arc::clone(typed);
    Some(match arg.get_id().as_str() {
        "model" | "fallback" => values(move || model_names(&typed)),
        "profile" => values(move || profile_names(&typed)),
        "accept" => values(|| named(FINISH_REASONS)),
        "only" => values(move || typed.tools()),
        "exec" => values(move || {
            typed
                .tools()
                .iter()
                .map(|name| format!("{name}="))
                .collect()
        }),
        "subject" => values(move || help_subjects(&typed)),
        "fail" => ArgValueCompleter::new(faults(arg)),
        "merge" => values(|| named(&[("concat", "The answers in order, or their arrays joined")])),
        "web_search" => values(|| SEARCH_ENGINES.into()),
        "extract" => {
            values(|| named(&[("all", "All code blocks"), ("last", "The last code block")]))
        }
        "command" => program_to_run(&typed, paths),
        _ => return by_value(arg, paths),
    })
}

/// The finish reasons that do not count as complete without `--accept`.
const FINISH_REASONS: &[(&str, &str)] = &[
    ("length", "The answer was cut at the output limit"),
    (
        "model_context_window_exceeded",
        "The answer was cut at the end of the context",
    ),
    ("sensitive", "The content policy blocked the answer"),
    ("content_filter", "The content policy blocked the answer"),
    ("network_error", "The model failed while it answered"),
];

/// The engines of the providers' web_search tool. api.md §3.
const SEARCH_ENGINES: [&str; 4] = [
    "search_std",
    "search_pro",
    "search_pro_sogou",
    "search_pro_quark",
];

/// Completes a file or a folder by the name of the value, else the values of an enum.
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

/// Keeps the candidates that begin with the typed text.
fn keep_prefix(candidates: &mut Vec<CompletionCandidate>, typed: &str) {
    candidates.retain(|candidate| candidate.get_value().to_string_lossy().starts_with(typed));
}

/// A completer of these candidates.
fn values<C: Into<CompletionCandidate>>(
    all: impl Fn() -> Vec<C> + Send + Sync + 'static,
) -> ArgValueCompleter {
    ArgValueCompleter::new(move |current: &OsStr| {
        let mut found = all().into_iter().map(Into::into).collect();
        keep_prefix(&mut found, &current.to_string_lossy());
        found
    })
}

/// Candidates with a description, which some shells show next to them.
fn named(all: &[(&str, &str)]) -> Vec<CompletionCandidate> {
    let all = all.iter();
    all.map(|(value, help)| CompletionCandidate::new(value).help(Some((*help).to_owned().into())))
        .collect()
}

/// The models of the table, then those that the configuration file describes or names.
fn model_names(typed: &Typed) -> Vec<String> {
    let mut own = typed.config().map_or_else(Vec::new, own_models);
    own.retain(|name| models::built_in(name).is_none());
    let known = models::MODELS.iter().map(|model| model.name.to_owned());
    known.chain(own).collect()
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

fn profile_names(typed: &Typed) -> Vec<String> {
    let config = typed.config();
    let names = config.iter().flat_map(Config::profiles);
    names.map(str::to_owned).collect()
}

/// The commands and topics, or after a command its subcommands.
fn help_subjects(typed: &Typed) -> Vec<CompletionCandidate> {
    let mut command_line = program();
    command_line.build();
    let words = typed.words().iter();
    let mut asked = words.skip_while(|word| *word != "help").skip(1).peekable();
    let topics = if asked.peek().is_none() { TOPICS } else { &[] };
    let command = asked.try_fold(&command_line, |command, word| command.find_subcommand(word));
    let Some(command) = command else {
        return Vec::new();
    };
    let commands = command.get_subcommands().map(|command| {
        CompletionCandidate::new(command.get_name()).help(command.get_about().cloned())
    });
    let topics = topics.iter();
    let topics =
        topics.map(|topic| CompletionCandidate::new(topic.name).help(Some(topic.title.into())));
    commands.chain(topics).collect()
}

/// Completes `KIND`, and after `KIND@` the place.
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

/// Completes a program right after `--`, then its arguments as files.
fn program_to_run(typed: &Typed, paths: Paths) -> ArgValueCompleter {
    if typed.words().last().is_some_and(|word| word == "--") {
        Place::Program.completer("", paths)
    } else {
        Place::File.completer("", paths)
    }
}

/// Which program lists paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paths {
    /// The shell: the candidate only marks the place.
    Marked,
    /// airx, for shells whose script only takes candidates.
    Listed,
}

/// The kind of name that is completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// The name of a program.
    Program,
}

impl Place {
    /// The name in the answers to the scripts.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::File => "files",
            Self::Folder => "folders",
            Self::Program => "commands",
        }
    }

    /// Returns the place that a candidate marks. The candidate's value is the text before the path.
    pub(super) fn of(candidate: &CompletionCandidate) -> Option<Self> {
        let tag = candidate.get_tag()?.to_string();
        let all = [Self::File, Self::Folder, Self::Program];
        all.into_iter().find(|place| tag == place.tag())
    }

    fn tag(self) -> String {
        format!("place: {}", self.name())
    }

    fn mark(self, before: &str) -> CompletionCandidate {
        CompletionCandidate::new(before).tag(Some(self.tag().into()))
    }

    /// A completer for a value after the prefix `before`, such as the `@` of `@FILE`. `before` may
    /// be empty.
    pub(super) fn completer(self, before: &'static str, paths: Paths) -> ArgValueCompleter {
        ArgValueCompleter::new(move |current: &OsStr| {
            let Some(path) = after(current, before) else {
                return Vec::new();
            };
            match (paths, self) {
                (Paths::Marked, _) => vec![self.mark(before)],
                (Paths::Listed, Self::File) => listed(&PathCompleter::any(), &path, before),
                (Paths::Listed, Self::Folder) => listed(&PathCompleter::dir(), &path, before),
                (Paths::Listed, Self::Program) => Vec::new(),
            }
        })
    }
}

fn after(current: &OsStr, before: &str) -> Option<OsString> {
    if before.is_empty() {
        return Some(current.to_owned());
    }
    current.to_str()?.strip_prefix(before).map(OsString::from)
}

fn listed(completer: &PathCompleter, path: &OsStr, before: &str) -> Vec<CompletionCandidate> {
    let found = completer.complete(path).into_iter();
    found
        .map(|candidate| candidate.add_prefix(before))
        .collect()
}
