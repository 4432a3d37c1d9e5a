//! `airx config check`: checks all of the file, and the settings of each profile as a run would.

use std::path::Path;

use crate::api::request::Message;
use crate::cli::{ConfigArgs, DryRun, FileArgs};
use crate::config::{Config, KeyFrom, default_path};
use crate::error::{Failure, FilePlace, Origin};
use crate::models;
use crate::prompt::{self, Prompt};
use crate::request::prepare;
use crate::secret::Scrubber;
use crate::settings::{self, AllOptions, With};
use crate::tools::{ToolSetup, Toolbox};

/// A problem. Problems without a place are listed first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    line_and_column: Option<(usize, usize)>,
    message: String,
}

impl Problem {
    fn at(place: &FilePlace, what: &str) -> Self {
        Self {
            line_and_column: Some((place.line, place.column)),
            message: format!("{place}: {what}"),
        }
    }
}

pub(super) fn check(args: ConfigArgs) -> Result<(String, Result<(), Failure>), Failure> {
    let choice = FileArgs {
        config: args.path.or(args.file.config),
        profile: None,
    };
    let Some(mut config) = Config::inspect(&choice)? else {
        let text = match default_path() {
            Some(path) => format!("{}: not there, and need not be\n", path.display()),
            None => "there is no configuration file, and need not be\n".to_owned(),
        };
        return Ok((text, Ok(())));
    };
    let of_file = config.problems().iter();
    let mut problems: Vec<Problem> = of_file
        .map(|problem| Problem::at(&config.origin(problem.place, None), &problem.message))
        .collect();
    if problems.is_empty() {
        models::extend(config.models().iter().map(|(extra, _)| extra));
        let profiles: Vec<String> = config.profiles().map(str::to_owned).collect();
        for profile in [None].into_iter().chain(profiles.into_iter().map(Some)) {
            config.choose(profile)?;
            try_profile(&config, &mut problems);
        }
        problems.sort();
        problems.dedup();
    }
    let path = config.path().display();
    let result = match problems.len() {
        0 => return Ok((format!("{path}: ok\n"), Ok(()))),
        1 => format!("{path}: one problem"),
        count => format!("{path}: {count} problems"),
    };
    let lines: Vec<&str> = problems.iter().map(|it| it.message.as_str()).collect();
    Ok((lines.join("\n") + "\n", Err(Failure::usage(result))))
}

/// Adds the problems that a run with the chosen profile would have. Sends nothing and starts no
/// program.
fn try_profile(config: &Config, problems: &mut Vec<Problem>) {
    for command in ["chat", "json", "tools"] {
        try_command(command, config, problems);
    }
    for source in config.keys() {
        if let KeyFrom::File(path) = source.from
            && let Some(failure) = settings::unusable(path)
        {
            let what = format!("key-file: {}", failure.message);
            problems.push(Problem::at(&source.place, &what));
        }
    }
}

/// Tries a command until it works, each time without the settings found to be wrong.
fn try_command(command: &'static str, config: &Config, problems: &mut Vec<Problem>) {
    let mut wrong = Vec::new();
    while let Err((failure, setting)) = try_run(command, config, &wrong) {
        if let (Some(Origin::File(place)), Some(name)) = (&failure.origin, setting) {
            wrong.push(name);
            problems.push(Problem {
                line_and_column: Some((place.line, place.column)),
                message: failure.message,
            });
            continue;
        }
        let profile = config.profile().map(|name| format!(" (profile {name})"));
        let (path, of) = (config.path().display(), profile.unwrap_or_default());
        return problems.push(Problem {
            line_and_column: None,
            message: format!("{path}{of}: {}", failure.message),
        });
    }
}

/// Does what a run does before it sends anything. Returns a failure with the setting of the file
/// that caused it, if it is known.
fn try_run(
    command: &'static str,
    config: &Config,
    without: &[&'static str],
) -> Result<(), (Failure, Option<&'static str>)> {
    let mut options = AllOptions::default();
    options.common.input.prompt = vec!["x".into()];
    let merged = settings::merge_file(command, &mut options, config, without)
        .map_err(|failure| (failure, None))?;
    options.common.input.no_stdin = true;
    options.common.output.dry_run = Some(DryRun::Body);
    try_plan(command, options, &merged).map_err(|failure| {
        let setting = match failure.origin {
            Some(Origin::Option(name)) => Some(name),
            _ => None,
        };
        (merged.place(failure), setting)
    })
}

fn try_plan(
    command: &'static str,
    options: AllOptions,
    merged: &settings::Merged,
) -> Result<(), Failure> {
    let AllOptions {
        mut common,
        offer,
        tools,
        ..
    } = options;
    let toolbox = if command == "tools" {
        let read = |path: &Path| prompt::read_text(path, false, &mut |_| {});
        ToolSetup::load_files(offer, tools, read, true)?.toolbox
    } else {
        Toolbox::default()
    };
    let with = With {
        merged,
        scrubber: &mut Scrubber::default(),
        say: None,
    };
    let mut settings = settings::resolve(&mut common, None, &[], with)?;
    let messages: Vec<Message> = Prompt::read(&settings.sources, &mut |_| {})?.messages;
    prepare(
        command,
        false,
        &mut common,
        &mut settings,
        messages,
        toolbox,
    )
    .map(drop)
}
