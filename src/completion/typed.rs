//! The command line so far, and the content of the files that it names. A file that cannot be used
//! counts as empty.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use crate::cli::{FileArgs, program};
use crate::config::{Config, chosen_path, default_path, folder};
use crate::tools;

/// Larger files are not read while the user waits.
const SIZE_MAX: u64 = 4 << 20;

/// What was typed before the word that is completed.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    words: Vec<OsString>,
    /// Whether the word to complete starts like an option.
    pub(super) is_option: bool,
}

impl Typed {
    pub(super) fn new(words: &[OsString]) -> Self {
        let (last, before) = words.split_last().unzip();
        Self {
            words: before.unwrap_or_default().to_vec(),
            is_option: last.is_some_and(|word| word.as_encoded_bytes().starts_with(b"-")),
        }
    }

    /// The words between the program's name and the word that is completed.
    pub(super) fn words(&self) -> &[OsString] {
        self.words.get(1..).unwrap_or_default()
    }

    /// The arguments of the command, as far as they can be read.
    fn matches(&self) -> Option<ArgMatches> {
        let command = program().ignore_errors(true);
        let matches = command.try_get_matches_from(&self.words).ok()?;
        let (_, matches) = matches.subcommand()?;
        Some(match matches.subcommand() {
            Some((_, matches)) => matches.clone(),
            None => matches.clone(),
        })
    }

    /// The configuration file. If it has errors, the parts that can be read.
    pub(super) fn config(&self) -> Option<Config> {
        let named = self.matches().and_then(|matches| {
            let named = matches.try_get_one::<PathBuf>("config").ok()?;
            named.map(|path| at_home(path))
        });
        let choice = FileArgs {
            config: named,
            profile: None,
        };
        let path = chosen_path(&choice).or_else(default_path)?;
        is_readable(&path)
            .then(|| Config::inspect(&choice).ok())?
            .flatten()
    }

    /// The names of the tools in the files of `--tools`.
    pub(super) fn tools(&self) -> Vec<String> {
        let Some(matches) = self.matches() else {
            return Vec::new();
        };
        let files = matches.try_get_many::<PathBuf>("tools").ok().flatten();
        let files = files.into_iter().flatten().map(|path| at_home(path));
        let files = files.filter(|path| is_readable(path));
        files
            .filter_map(|path| Some((std::fs::read_to_string(&path).ok()?, path)))
            .flat_map(|(text, path)| tools::names(&path, &text))
            .collect()
    }
}

/// Whether the file can be read without a long wait: a pipe would wait for its writer.
fn is_readable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() <= SIZE_MAX)
}

/// Expands `~/…` as a shell does.
fn at_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), folder("HOME")) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}
