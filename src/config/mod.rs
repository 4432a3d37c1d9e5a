//! Reads the configuration file, checks all of it, and selects a profile. airx never
//! writes the file.

mod document;
mod file;
mod keys;
mod value;

use std::path::{Path, PathBuf};

use crate::cli::FileArgs;
use crate::error::{Failure, FilePlace};
use crate::models::{self, Extra};

pub use document::{Entry, MODEL_KEYS, Place, Problem};
pub use file::{
    Access, access, chosen_path, config_home, default_path, folder, path_variable, variable,
};
pub use keys::{KEYS, Key, find};
pub use value::Kind;

use document::{Document, Table};
use keys::{KEY_COMMAND, KEY_FILE};

/// A parsed configuration file with its active profile.
#[derive(Debug)]
pub struct Config {
    path: PathBuf,
    profile: Option<String>,
    document: Document,
}

impl Config {
    /// Reads the file that `choice` or the environment names, or the user's file if it
    /// exists. Its models extend the table of models.
    ///
    /// # Errors
    /// Exit 2: the named file is missing, the file cannot be read, is writable by others or
    /// has errors, or the profile does not exist.
    pub fn load(choice: &FileArgs) -> Result<Option<Self>, Failure> {
        let config = Self::inspect(choice)?;
        let profile = match &choice.profile {
            Some(name) => Some(name.clone()),
            None => variable("AIRX_PROFILE")?,
        };
        let Some(mut config) = config else {
            return match profile {
                None => Ok(None),
                Some(name) => Err(Failure::usage(format!(
                    "there is no profile '{name}': there is no configuration file"
                ))
                .hint(match default_path() {
                    Some(path) => format!("it would be {}", path.display()),
                    None => "name it with --config".to_owned(),
                })),
            };
        };
        config.sound()?;
        config.choose(profile)?;
        let extras = config.document.models.iter().map(|(extra, _)| extra);
        models::extend(extras);
        Ok(Some(config))
    }

    /// Reads the same file, but accepts errors in it.
    ///
    /// # Errors
    /// Exit 2: the file cannot be read, or others can write it.
    pub fn inspect(choice: &FileArgs) -> Result<Option<Self>, Failure> {
        let found = file::read(choice)?;
        Ok(found.map(|(path, text)| Self::of_text(path, &text)))
    }

    /// Parses `text`; [`Config::problems`] has the errors.
    pub fn of_text(path: PathBuf, text: &str) -> Self {
        let folder = path.parent().unwrap_or(Path::new(""));
        Self {
            document: document::read(text, folder),
            path,
            profile: None,
        }
    }

    /// Fails with the first error in the file, if there is one.
    fn sound(&self) -> Result<(), Failure> {
        let Some(problem) = self.problems().first() else {
            return Ok(());
        };
        let place = self.origin(problem.place, None);
        let failure = Failure::usage(format!("{place}: {}", problem.message));
        Err(match self.problems().len() {
            1 => failure,
            count => failure.hint(format!(
                "that is the first of {count}: airx config check lists them"
            )),
        })
    }

    /// Selects a profile; `None` selects none.
    ///
    /// # Errors
    /// Exit 2: there is no profile of that name.
    pub fn choose(&mut self, profile: Option<String>) -> Result<(), Failure> {
        if let Some(name) = &profile
            && !self.profiles().any(|known| known == name)
        {
            let known: Vec<&str> = self.profiles().collect();
            let path = self.path.display();
            return Err(
                Failure::usage(format!("there is no profile '{name}' in {path}")).hint(
                    if known.is_empty() {
                        "it has none".to_owned()
                    } else {
                        format!("its profiles: {}", known.join(", "))
                    },
                ),
            );
        }
        self.profile = profile;
        Ok(())
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The errors, in the order of their positions.
    pub fn problems(&self) -> &[Problem] {
        &self.document.problems
    }

    /// The names of its profiles.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        let profiles = self.document.profiles.iter();
        profiles.filter_map(|table| table.profile.as_deref())
    }

    /// Its models, each with its position.
    pub fn models(&self) -> &[(Extra, Place)] {
        &self.document.models
    }

    /// A position as the origin of a setting.
    pub fn origin(&self, place: Place, profile: Option<&str>) -> FilePlace {
        FilePlace {
            path: self.path.clone(),
            line: place.line,
            column: place.column,
            profile: profile.map(str::to_owned),
        }
    }

    /// The active profile.
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The line of --verbose that names the file and the profile.
    pub fn description(&self) -> String {
        let path = self.path.display();
        match &self.profile {
            Some(profile) => format!("* configuration: {path}, profile {profile}"),
            None => format!("* configuration: {path}"),
        }
    }

    /// The active tables: the profile's, then the top level.
    fn tables(&self) -> impl Iterator<Item = &Table> {
        let profiles = self.document.profiles.iter();
        let chosen = profiles.filter(|table| table.profile == self.profile);
        chosen.chain([&self.document.top])
    }

    /// The value of a key, with the profile that sets it.
    pub fn entry(&self, name: &str) -> Option<(&Entry, Option<&str>)> {
        self.tables()
            .find_map(|table| Some((table.find(name)?, table.profile.as_deref())))
    }
}

/// The source of the API key in a table.
#[derive(Debug, Clone)]
pub struct KeySource<'a> {
    /// A file or a command.
    pub from: KeyFrom<'a>,
    /// The `base-url` of the same table: the key is sent to that server only. Without
    /// it the key belongs to the default provider.
    pub base: Option<&'a str>,
    /// The position in the file.
    pub place: FilePlace,
    /// The name for messages: the key and its position.
    pub name: String,
}

/// How airx gets the API key.
#[derive(Debug, Clone, Copy)]
pub enum KeyFrom<'a> {
    /// From a file.
    File(&'a Path),
    /// From the first line that a command prints.
    Command(&'a [String]),
}

impl Config {
    /// The key sources of the active tables, the profile's first.
    pub fn keys(&self) -> impl Iterator<Item = KeySource<'_>> {
        self.tables().filter_map(|table| {
            let entry = table.find(KEY_FILE).or_else(|| table.find(KEY_COMMAND))?;
            let from = match entry.values.as_slice() {
                [path] if entry.key.name == KEY_FILE => KeyFrom::File(Path::new(path)),
                words => KeyFrom::Command(words),
            };
            let base = table.find("base-url");
            let base = base
                .and_then(|entry| entry.values.first())
                .map(String::as_str);
            let place = self.origin(entry.place, table.profile.as_deref());
            Some(KeySource {
                from,
                base,
                name: format!("{} of {place}", entry.key.name),
                place,
            })
        })
    }
}
