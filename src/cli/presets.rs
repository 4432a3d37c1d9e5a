//! The command line, read again with defaults below it.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use super::Cli;

/// A default of an option.
#[derive(Debug, Clone, Copy)]
pub struct Preset<'a> {
    /// The option's long name.
    pub name: &'a str,
    /// Its values; a flag has none, and an empty one is the option alone.
    pub values: &'a [String],
    /// Whether it is given at all.
    pub on: bool,
    /// Options that it gives way to.
    pub yields: &'a [&'a str],
    /// The option without which it is not given.
    pub needs: Option<&'a str>,
}

impl Cli {
    /// Reads the process's arguments, each preset standing in for an option that
    /// is not among them; tells which of the presets do.
    ///
    /// # Errors
    /// Clap's.
    pub fn with(presets: &[Preset<'_>]) -> Result<(Self, Vec<String>), clap::Error> {
        Self::read_with(std::env::args_os().collect(), presets)
    }

    /// The same for any arguments, the program's name the first of them.
    ///
    /// # Errors
    /// Clap's.
    pub fn read_with(
        mut words: Vec<OsString>,
        presets: &[Preset<'_>],
    ) -> Result<(Self, Vec<String>), clap::Error> {
        let mut program = Self::command();
        let matches = program.try_get_matches_from_mut(&words)?;
        let mut taken: Vec<&Preset<'_>> = Vec::new();
        if let Some(line) = Line::of(&program, &matches) {
            for preset in presets.iter().filter(|preset| preset.on) {
                if line.takes(preset, &taken) {
                    taken.push(preset);
                }
            }
            line.settle(&mut taken);
            // Behind the command's name, before all that is its own.
            let behind = 1 + line.depth;
            words.splice(
                behind..behind,
                taken.iter().flat_map(|preset| preset.words()),
            );
        }
        let names = taken.iter().map(|preset| preset.name.to_owned()).collect();
        let mut program = Self::command();
        let mut matches = program.try_get_matches_from_mut(words)?;
        let cli = Self::from_arg_matches_mut(&mut matches);
        let cli = cli.map_err(|error| error.format(&mut program))?;
        Ok((cli, names))
    }

    /// The options that are given among the process's arguments, by their long
    /// names, with their values.
    ///
    /// # Errors
    /// Clap's.
    pub fn given() -> Result<Vec<(String, Vec<String>)>, clap::Error> {
        let mut program = Self::command();
        let matches = program.try_get_matches_from_mut(std::env::args_os())?;
        let Some(Line { command, given, .. }) = Line::of(&program, &matches) else {
            return Ok(Vec::new());
        };
        let options = command.get_arguments();
        Ok(options
            .filter(|option| is_given(given, option))
            .filter_map(|option| {
                let values = given.get_raw(option.get_id().as_str());
                let values = values.into_iter().flatten();
                let values = values.map(|value| value.to_string_lossy().into_owned());
                Some((option.get_long()?.to_owned(), values.collect()))
            })
            .collect())
    }
}

impl Preset<'_> {
    fn words(&self) -> Vec<OsString> {
        let option = format!("--{}", self.name);
        if self.values.is_empty() {
            return vec![option.into()];
        }
        let each = self.values.iter().map(|value| match value.as_str() {
            "" if self.values.len() == 1 => option.clone().into(),
            value => format!("{option}={value}").into(),
        });
        each.collect()
    }
}

fn is_given(matches: &ArgMatches, option: &clap::Arg) -> bool {
    matches.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine)
}

/// What was given to a command.
struct Line<'a> {
    command: &'a clap::Command,
    given: &'a ArgMatches,
    name: &'a str,
    /// Words that name it: two for a command of a command.
    depth: usize,
}

impl<'a> Line<'a> {
    /// The command that was given, the innermost.
    fn of(program: &'a clap::Command, matches: &'a ArgMatches) -> Option<Self> {
        let mut line: Option<Self> = None;
        let (mut command, mut given) = (program, matches);
        while let Some((name, inner)) = given.subcommand() {
            (command, given) = (command.find_subcommand(name)?, inner);
            let depth = 1 + line.map_or(0, |line| line.depth);
            line = Some(Self {
                command,
                given,
                name,
                depth,
            });
        }
        line
    }
}

impl Line<'_> {
    fn option(&self, name: &str) -> Option<&clap::Arg> {
        let mut options = self.command.get_arguments();
        options.find(|option| option.get_long() == Some(name))
    }

    fn has(&self, name: &str) -> bool {
        let option = self.option(name);
        option.is_some_and(|option| is_given(self.given, option))
    }

    /// Whether the command has the option, not hidden as one that means nothing to
    /// it, and nothing was given that it would contradict.
    fn takes(&self, preset: &Preset<'_>, taken: &[&Preset<'_>]) -> bool {
        let by_preset = |name: &str| taken.iter().any(|other| other.name == name);
        self.option(preset.name)
            .is_some_and(|option| !option.is_hide_set())
            && !self.has(preset.name)
            && !preset
                .yields
                .iter()
                .any(|name| self.has(name) || by_preset(name))
    }

    /// Leaves out what means nothing beside the others.
    fn settle(&self, taken: &mut Vec<&Preset<'_>>) {
        let names: Vec<&str> = taken.iter().map(|preset| preset.name).collect();
        taken.retain(|preset| {
            let needed = |name: &str| self.has(name) || names.contains(&name);
            preset.needs.is_none_or(needed)
        });
        // The server's body is of one answer that is printed whole.
        let other = |preset: &Preset<'_>| preset.name == "format" && preset.values != ["ndjson"];
        if self.has("each") {
            taken.retain(|preset| !other(preset));
        }
        if self.name == "json" && self.has("stream") {
            taken.retain(|preset| !(other(preset) && preset.values == ["json"]));
        }
        // A text alone has blocks of code to take out and markup to show.
        let raw = self.given.get_raw("format").into_iter().flatten();
        let own = raw
            .map(|format| format.to_string_lossy().into_owned())
            .next_back();
        let preset = taken.iter().find(|preset| preset.name == "format");
        let format = preset
            .and_then(|preset| preset.values.first().cloned())
            .or(own);
        if self.name == "json" || format.is_some_and(|format| format != "text") {
            taken.retain(|preset| !["extract", "render"].contains(&preset.name));
        }
    }
}
