//! The configuration file → the defaults of a run: read only where it is,
//! checked whole, one profile chosen. Nothing is ever written.

mod document;
mod keys;
mod own_models;
mod place;
mod source;
mod value;

use std::path::{Path, PathBuf};

use crate::cli::{self, Cli, Command, FileArgs, Preset};
use crate::error::Failure;
use crate::exit::Class;
use crate::models::{self, Extra};

pub use document::{Entry, Place, Problem};
pub use keys::{KEYS, Key, Kind, REFUSED, find};
pub use own_models::MODEL_KEYS;
pub use place::{Access, access, config_home, folder, path_variable, variable};
pub use source::{KeyFrom, KeySource};
pub use value::Value;

use document::{Document, Table};
use keys::{KEY_COMMAND, KEY_FILE};

/// A file, read and checked, and the profile that is in force.
#[derive(Debug)]
pub struct Config {
    path: PathBuf,
    profile: Option<String>,
    document: Document,
    /// The keys that the run has taken from it.
    taken: Vec<String>,
}

impl Config {
    /// Reads the file that `choice` or the environment names, else the user's own
    /// where there is one. Its models extend the table of them.
    ///
    /// # Errors
    /// Exit 2: a file that is named and missing, one that cannot be read, that
    /// others can write, or that something is wrong with; a profile that is not
    /// in it.
    pub fn load(choice: &FileArgs) -> Result<Option<Self>, Failure> {
        let found = place::read(choice)?;
        let profile = match &choice.profile {
            Some(name) => Some(name.clone()),
            None => variable("AIRX_PROFILE")?,
        };
        let Some(found) = found else {
            return match profile {
                None => Ok(None),
                Some(name) => Err(Failure::usage(format!(
                    "there is no profile '{name}': there is no configuration file"
                ))
                .hint(match place::usual() {
                    Some(path) => format!("it would be {}", path.display()),
                    None => "name it with --config".to_owned(),
                })),
            };
        };
        let mut config = Self::of(found);
        config.sound()?;
        config.choose(profile)?;
        let extras = config.document.models.iter().map(|(extra, _)| extra);
        models::extend(extras);
        Ok(Some(config))
    }

    /// Reads the file of a command that asks a model, where there is one, and then
    /// the command line again, the file's defaults below it.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn below(command: &mut Command) -> Result<Option<Self>, Failure> {
        let Some(file) = command.file() else {
            return Ok(None);
        };
        let Some(mut config) = Self::load(file)? else {
            return Ok(None);
        };
        let read = Cli::with(&config.presets(true)?);
        let (cli, taken) =
            read.map_err(|error| config.refused(cli::parse_error(&error, &cli::arguments())))?;
        *command = cli.command;
        config.taken = taken;
        Ok(Some(config))
    }

    /// Reads the same file, whatever is wrong in it.
    ///
    /// # Errors
    /// It cannot be read, or others can write it: exit 2.
    pub fn inspect(choice: &FileArgs) -> Result<Option<Self>, Failure> {
        place::read(choice).map(|found| found.map(Self::of))
    }

    /// Where the file would be that nobody has to name.
    pub fn usual() -> Option<PathBuf> {
        place::usual()
    }

    /// A file of this text, whatever is wrong in it.
    pub fn of_text(path: PathBuf, text: String) -> Self {
        Self::of(place::Found { path, text })
    }

    fn of(found: place::Found) -> Self {
        let folder = found.path.parent().unwrap_or(Path::new(""));
        Self {
            document: document::read(&found.text, folder),
            path: found.path,
            profile: None,
            taken: Vec::new(),
        }
    }

    fn sound(&self) -> Result<(), Failure> {
        let Some(problem) = self.problems().first() else {
            return Ok(());
        };
        let told = format!("{}: {}", self.place(problem.place), problem.message);
        let failure = Failure::usage(told);
        Err(match self.problems().len() {
            1 => failure,
            count => failure.hint(format!(
                "that is the first of {count}: airx config check tells them all"
            )),
        })
    }

    /// Puts a profile in force; without a name none is.
    ///
    /// # Errors
    /// There is none of that name: exit 2.
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

    /// A refusal of a command line that holds nothing new but the file's defaults.
    fn refused(&self, mut failure: Failure) -> Failure {
        failure.message = format!("{}: {}", self.path.display(), failure.message);
        failure
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with it, in the order of the places.
    pub fn problems(&self) -> &[Problem] {
        &self.document.problems
    }

    /// The names of its profiles.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        let profiles = self.document.profiles.iter();
        profiles.filter_map(|table| table.profile.as_deref())
    }

    /// Its models, each with its place.
    pub fn models(&self) -> &[(Extra, Place)] {
        &self.document.models
    }

    /// A place as messages name it.
    pub fn place(&self, place: Place) -> String {
        let Place { line, column } = place;
        format!("{}:{line}:{column}", self.path.display())
    }

    /// A line, for who has no need of the column.
    pub fn line(&self, place: Place) -> String {
        format!("{}:{}", self.path.display(), place.line)
    }

    /// The profile in force.
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// What is read, in one line.
    pub fn told(&self) -> String {
        let path = self.path.display();
        match &self.profile {
            Some(profile) => format!("* configuration: {path}, profile {profile}"),
            None => format!("* configuration: {path}"),
        }
    }

    /// The tables in force: the profile's before the top level.
    fn tables(&self) -> impl Iterator<Item = &Table> {
        let profiles = self.document.profiles.iter();
        let chosen = profiles.filter(|table| table.profile == self.profile);
        chosen.chain([&self.document.top])
    }

    /// What the file says of a key, and the profile that says so.
    pub fn entry(&self, name: &str) -> Option<(&Entry, Option<&str>)> {
        self.tables()
            .find_map(|table| Some((table.find(name)?, table.profile.as_deref())))
    }

    /// The defaults that a command line is read with, but for those that a
    /// variable comes before where `variables` count.
    ///
    /// # Errors
    /// A variable that is not UTF-8.
    pub fn presets(&self, variables: bool) -> Result<Vec<Preset<'_>>, Failure> {
        let mut presets: Vec<Preset<'_>> = Vec::new();
        for table in self.tables() {
            for entry in &table.entries {
                let key = entry.key;
                let known = presets.iter().any(|preset| preset.name == key.name);
                if known || [KEY_FILE, KEY_COMMAND].contains(&key.name) {
                    continue;
                }
                if variables && key.variable()?.is_some() {
                    continue;
                }
                presets.push(Preset {
                    name: key.name,
                    values: match &entry.value {
                        Value::Text(text) => std::slice::from_ref(text),
                        Value::Texts(texts) => texts,
                        Value::Switch(_) => &[],
                    },
                    on: entry.value != Value::Switch(false),
                    yields: key.yields,
                    needs: key.needs,
                });
            }
        }
        Ok(presets)
    }

    /// Whether the run has taken this key from the file.
    pub fn gave(&self, name: &str) -> bool {
        self.taken.iter().any(|taken| taken == name)
    }

    /// A failure that is about a value of this file, told with the value's place.
    pub fn placed(&self, mut failure: Failure) -> Failure {
        if let Some(entry) = self.cause(&failure, &self.taken) {
            failure.message = format!("{}: {}", self.place(entry.place), failure.message);
        }
        failure
    }

    /// The value that a failure is about, where it is one of those `taken`.
    pub fn cause(&self, failure: &Failure, taken: &[String]) -> Option<&Entry> {
        if failure.class != Class::Usage {
            return None;
        }
        let option = failure.message.strip_prefix("--")?;
        let end = option.find(|c: char| !c.is_ascii_lowercase() && c != '-');
        let name = &option[..end.unwrap_or(option.len())];
        let (entry, _) = self.entry(name)?;
        taken.iter().any(|taken| taken == name).then_some(entry)
    }
}

impl Key {
    /// The variable that comes before the file, where one of them is set.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn variable(&self) -> Result<Option<&'static str>, Failure> {
        for name in self.variables {
            if variable(name)?.is_some() {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}
