//! `airx config`: the settings and where they come from, and the configuration
//! file held against what a run would take of it.

use std::ffi::OsString;

use crate::api::request::Message;
use crate::cli::{Cli, Command, ConfigAction, ConfigArgs, DryRun, FileArgs, Preset};
use crate::config::{Config, KeyFrom, Place};
use crate::error::Failure;
use crate::models;
use crate::prompt;
use crate::secret::Scrubber;
use crate::settings::{self, With};
use crate::table::Medium;
use crate::tools::Toolbox;

use super::config_show;
use crate::request::{Purpose, plan, sources};

/// What is to be printed, and the failure that comes after it.
pub fn run(args: ConfigArgs, medium: Medium) -> (String, Result<(), Failure>) {
    let done = match args.action {
        ConfigAction::Show if args.path.is_some() => {
            Err(Failure::usage("config show takes no FILE").hint("name it with --config"))
        }
        ConfigAction::Show => config_show::show(&args, medium).map(|text| (text, Ok(()))),
        ConfigAction::Check => check(args),
    };
    done.unwrap_or_else(|failure| (String::new(), Err(failure)))
}

fn check(args: ConfigArgs) -> Result<(String, Result<(), Failure>), Failure> {
    let choice = FileArgs {
        config: args.path.or(args.file.config),
        profile: None,
    };
    let Some(mut config) = Config::inspect(&choice)? else {
        let text = match Config::usual() {
            Some(path) => format!("{}: not there, and need not be\n", path.display()),
            None => "there is no configuration file, and need not be\n".to_owned(),
        };
        return Ok((text, Ok(())));
    };
    let mut problems: Vec<Found> = config
        .problems()
        .iter()
        .map(|problem| Found::at(&config, problem.place, &problem.message))
        .collect();
    if problems.is_empty() {
        models::extend(config.models().iter().map(|(extra, _)| extra));
        let profiles: Vec<String> = config.profiles().map(str::to_owned).collect();
        for profile in [None].into_iter().chain(profiles.into_iter().map(Some)) {
            config.choose(profile)?;
            tried(&config, &mut problems);
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
    let lines: Vec<&str> = problems.iter().map(|found| found.told.as_str()).collect();
    Ok((lines.join("\n") + "\n", Err(Failure::usage(result))))
}

/// A problem; those without a place come first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    place: Option<Place>,
    told: String,
}

impl Found {
    fn at(config: &Config, place: Place, what: &str) -> Self {
        Self {
            place: Some(place),
            told: format!("{}: {what}", config.place(place)),
        }
    }
}

/// What keeps a run from using the settings in force; nothing is sent and no
/// program is started.
fn tried(config: &Config, problems: &mut Vec<Found>) {
    for command in ["chat", "json", "tools"] {
        tried_by(command, config, problems);
    }
    for source in config.keys() {
        if let KeyFrom::File(path) = source.from
            && let Some(failure) = settings::unusable(path)
        {
            let what = format!("key-file: {}", failure.message);
            problems.push(Found::at(config, source.place, &what));
        }
    }
}

/// Tries a command, each time without the values that were found wrong before.
fn tried_by(name: &'static str, config: &Config, problems: &mut Vec<Found>) {
    let unplaced = |what: &str| {
        let of = config.profile().map(|name| format!(" (profile {name})"));
        let (path, of) = (config.path().display(), of.unwrap_or_default());
        Found {
            place: None,
            told: format!("{path}{of}: {what}"),
        }
    };
    let mut presets = match config.presets(false) {
        Ok(presets) => presets,
        Err(failure) => return problems.push(unplaced(&failure.message)),
    };
    loop {
        let mut taken = Vec::new();
        let Err(failure) = attempt(name, &presets, &mut taken) else {
            return;
        };
        let Some(entry) = config.cause(&failure, &taken) else {
            return problems.push(unplaced(&failure.message));
        };
        problems.push(Found::at(config, entry.place, &failure.message));
        presets.retain(|preset| preset.name != entry.key.name);
    }
}

/// Goes the way of a run until there is something to send.
fn attempt(
    name: &'static str,
    presets: &[Preset<'_>],
    taken: &mut Vec<String>,
) -> Result<(), Failure> {
    let words = ["airx", name, "--no-stdin", "x"].map(OsString::from);
    let read = Cli::read_with(words.to_vec(), presets);
    let (cli, names) =
        read.map_err(|error| crate::cli::parse_error(&error, &crate::cli::arguments()))?;
    *taken = names;
    let (mut common, tools) = match cli.command {
        Command::Chat(args) => (args.common, None),
        Command::Json(args) => (args.common, None),
        Command::Tools(args) => (args.common, Some((args.offer, args.run))),
        _ => return Ok(()),
    };
    common.output.dry_run = Some(DryRun::Body);
    let mut toolbox = Toolbox::default();
    if let Some((offer, run)) = tools {
        toolbox.load(&sources(offer, run), |path| {
            prompt::read_text(path, false, &mut |_| {})
        })?;
    }
    let with = With {
        config: None,
        scrubber: &mut Scrubber::default(),
        say: None,
    };
    let mut settings = settings::resolve(&mut common, None, &[], with)?;
    let messages: Vec<Message> = prompt::read(&settings.sources, &mut |_| {})?.messages;
    let purpose = Purpose::Answer;
    plan(
        name,
        &mut common,
        purpose,
        &mut settings,
        messages,
        toolbox,
        None,
    )
    .map(drop)
}
