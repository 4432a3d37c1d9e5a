//! The API key: which of the given ones a run uses, and to which server it may go.

use std::io::{self, Read};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use url::Url;

use super::provider::{GENERAL_KEY_VARIABLE, Provider, key_variables};
use crate::config::{Access, Config, KeyFrom, KeySource, access, variable};
use crate::error::Failure;
use crate::exit::Class;
use crate::process::{self, Limits};
use crate::prompt;
use crate::safe_path;
use crate::secret::{Scrubber, Secret};

/// Every key that the user gave; files and commands are not read yet.
#[derive(Debug)]
pub(super) struct Keys<'a> {
    /// `--key-file`: may be sent to any server.
    file: Option<&'a Path>,
    /// Whether `AIRX_API_KEY` contains a key, which may be sent to any server.
    general: bool,
    /// The providers whose own variable contains a key.
    own: Vec<Provider>,
    /// The keys that the configuration names, the profile's first.
    configured: Vec<KeySource<'a>>,
}

/// Where the key of a run comes from.
#[derive(Debug)]
pub enum KeyOrigin<'a> {
    /// `--key-file`.
    File(&'a Path),
    /// A variable.
    Variable(&'static str),
    /// The configuration.
    Config(KeySource<'a>),
}

impl KeyOrigin<'_> {
    /// Reads the key. For `say`, see [`super::With::say`].
    ///
    /// # Errors
    /// It cannot be used: exit 3.
    pub(super) fn read(
        &self,
        scrubber: &mut Scrubber,
        warnings: &mut Vec<String>,
        say: Option<&mut (dyn FnMut(&str) + '_)>,
    ) -> Result<Secret, Failure> {
        match self {
            Self::File(path) => {
                let name = format!("--key-file {}", path.display());
                of_file(&name, path, scrubber, warnings)
            }
            Self::Variable(name) => checked(name, &variable(name)?.unwrap_or_default(), scrubber),
            Self::Config(source) => match (&source.from, say) {
                (KeyFrom::File(path), _) => {
                    let name = format!("{}: {}", source.name, path.display());
                    of_file(&name, path, scrubber, warnings)
                }
                (KeyFrom::Command(words), Some(say)) => {
                    of_command(words, &source.name, scrubber, say)
                }
                // The run sends nothing, so it does not need the key itself.
                (KeyFrom::Command(_), None) => Ok(Secret::new(String::new())),
            },
        }
    }
}

/// Longest key file that is read, in bytes.
const FILE_MAX: u64 = 64 * 1024;

impl<'a> Keys<'a> {
    /// Finds the keys in the options, the environment and the configuration. Hides those of the
    /// environment.
    ///
    /// # Errors
    /// A variable is not UTF-8: exit 2.
    pub(super) fn new(
        file: Option<&'a Path>,
        config: Option<&'a Config>,
        scrubber: &mut Scrubber,
    ) -> Result<Self, Failure> {
        let mut holds_key = |name| -> Result<bool, Failure> {
            let key = variable(name)?;
            if let Some(key) = &key {
                scrubber.hide_key(key);
            }
            Ok(key.is_some())
        };
        let general = holds_key(GENERAL_KEY_VARIABLE)?;
        let mut own = Vec::new();
        for provider in Provider::ALL {
            if holds_key(provider.key_variable())? {
                own.push(provider);
            }
        }
        Ok(Self {
            file,
            general,
            own,
            configured: config.into_iter().flat_map(Config::keys).collect(),
        })
    }

    /// The provider that the key in use belongs to; `None` for a general key. A key of the
    /// configuration without a base URL belongs to the first provider.
    pub(super) fn family(&self) -> Option<Provider> {
        if self.file.is_some() || self.general {
            return None;
        }
        let configured = (!self.configured.is_empty()).then_some(Provider::BigModel);
        self.own.first().copied().or(configured)
    }

    /// Returns the key for a server. A provider's own key goes only to that provider, and a key of
    /// the configuration only to the base URL of its table.
    ///
    /// # Errors
    /// A base variable is not UTF-8: exit 2.
    pub(super) fn choose(
        &self,
        url: &Url,
        provider: Option<Provider>,
    ) -> Result<Option<KeyOrigin<'a>>, Failure> {
        if let Some(file) = self.file {
            return Ok(Some(KeyOrigin::File(file)));
        }
        if self.general {
            return Ok(Some(KeyOrigin::Variable(GENERAL_KEY_VARIABLE)));
        }
        if let Some(provider) = provider.filter(|provider| self.own.contains(provider)) {
            return Ok(Some(KeyOrigin::Variable(provider.key_variable())));
        }
        for source in &self.configured {
            if is_for(source, url)? {
                return Ok(Some(KeyOrigin::Config(source.clone())));
            }
        }
        Ok(None)
    }

    /// The failure of a run that has no key for the provider that it asks.
    pub(super) fn missing(&self, url: &Url, provider: Provider) -> Failure {
        let host = url.host_str().unwrap_or_default();
        Failure::new(Class::Account, format!("no key for {host}")).hint(self.missing_hint(provider))
    }

    /// Why none of the given keys can be used, and how to get one that can.
    fn missing_hint(&self, provider: Provider) -> String {
        let (variable, page) = (provider.key_variable(), provider.key_page());
        if let Some(source) = self.configured.first() {
            let server = source
                .base
                .map_or(Provider::BigModel.host(), |_| "the base-url in its table");
            return format!(
                "the {} is only for {server}; set {variable} or {GENERAL_KEY_VARIABLE}, or put \
                 base-url and key-file into one table; get a key at {page}",
                source.name,
            );
        }
        match self.own.first() {
            Some(other) => format!(
                "{} is set, but that key is only sent to {} or {}; set {variable} or \
                 {GENERAL_KEY_VARIABLE}, or use --base-url {}; get a key at {page}",
                other.key_variable(),
                other.host(),
                other.base_variable(),
                other.base_url(),
            ),
            None => format!(
                "set {variable} or {GENERAL_KEY_VARIABLE}, or use --key-file; get a key at \
                 {page}; to try without one: airx mock -- airx chat hello",
            ),
        }
    }
}

/// Whether the configuration's key may be sent to `url`. Scheme, host and port must equal those of
/// the base URL in its table; without one, `url` must belong to the first provider.
fn is_for(source: &KeySource<'_>, url: &Url) -> Result<bool, Failure> {
    match source.base {
        Some(base) => Ok(Url::parse(base.trim()).is_ok_and(|base| base.origin() == url.origin())),
        None => Provider::BigModel.owns(url),
    }
}

/// The limits of a key-command.
const COMMAND_LIMITS: Limits = Limits {
    timeout: Some(Duration::from_secs(10)),
    bytes: 64 * 1024,
    first_line: true,
};

/// Runs a `key-command`, such as a password manager, and returns the key that it prints. It is
/// started without a shell, and its standard input is empty. Each line of its standard error goes
/// to `say`. `name` is the setting, for messages.
///
/// # Errors
/// Exit 3: it cannot be started, fails, takes longer than 10 s (then its process group is killed),
/// or its first line is not a key.
pub(super) fn of_command(
    words: &[String],
    name: &str,
    scrubber: &mut Scrubber,
    say: &mut dyn FnMut(&str),
) -> Result<Secret, Failure> {
    let program = words.first().map_or("", String::as_str);
    let failed = |why: String| {
        Failure::new(Class::Account, format!("{name}: {program} {why}"))
            .hint("run the command by hand: its first line must be the key")
    };
    let mut command = Command::new(program);
    command.args(words.iter().skip(1));
    let ended = process::run(&mut command, None, COMMAND_LIMITS, say)
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    match ended.status {
        Some(0) => {}
        Some(status) => return Err(failed(format!("ended with exit status {status}"))),
        None => return Err(failed("took longer than 10 s and was killed".into())),
    }
    let printed = String::from_utf8_lossy(&ended.stdout.bytes);
    let key = printed.lines().next().unwrap_or_default().trim();
    if key.is_empty() {
        return Err(failed("printed no key on its first line".into()));
    }
    checked(name, key, scrubber)
}

/// The keys of the environment, to hide them in messages before the settings are resolved: the user
/// may have typed a key in the wrong place.
pub fn of_environment() -> Scrubber {
    let mut scrubber = Scrubber::default();
    for name in key_variables() {
        if let Ok(key) = std::env::var(name) {
            scrubber.hide_key(key.trim());
        }
    }
    scrubber
}

/// Returns why a key file cannot be used, if it cannot.
pub fn unusable(path: &Path) -> Option<Failure> {
    let (scrubber, warnings) = (&mut Scrubber::default(), &mut Vec::new());
    of_file(&path.display().to_string(), path, scrubber, warnings).err()
}

/// Checks that the key has only characters that keys have, and hides it.
fn checked(name: &str, key: &str, scrubber: &mut Scrubber) -> Result<Secret, Failure> {
    let key = key.trim();
    scrubber.hide_key(key);
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::new(
            Class::Account,
            format!("{name} contains a space, a line break or another character that no key has"),
        )
        .hint("write one key on one line, and nothing else"));
    }
    Ok(Secret::new(key.to_owned()))
}

fn of_file(
    name: &str,
    path: &Path,
    scrubber: &mut Scrubber,
    warnings: &mut Vec<String>,
) -> Result<Secret, Failure> {
    let unusable = |why: String| Failure::new(Class::Account, format!("{name}: {why}"));
    let is_stdin = prompt::is_stdin(path);
    let opened = if is_stdin {
        prompt::open(path)
    } else {
        safe_path::open_to_read(path)
    };
    let file = opened.map_err(|error| unusable(error.to_string()))?;
    let metadata = file
        .metadata()
        .map_err(|error| unusable(error.to_string()))?;
    match access(&metadata) {
        Access::Written => {
            return Err(unusable("others can write it".into()).hint("chmod 600 it"));
        }
        Access::Read => warnings.push(format!("{name}: others can read it: chmod 600 it")),
        Access::None => {}
    }
    let bytes = if is_stdin {
        let mut bytes = Vec::new();
        let read = file.take(FILE_MAX + 1).read_to_end(&mut bytes);
        read.map(|_| bytes)
    } else {
        safe_path::read_all(&file, FILE_MAX + 1)
    };
    let key = bytes
        .and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other))
        .map_err(|error| unusable(error.to_string()))?;
    if key.len() as u64 > FILE_MAX {
        return Err(unusable("it is too long to be a key".into()));
    }
    checked(name, &key, scrubber)
}
