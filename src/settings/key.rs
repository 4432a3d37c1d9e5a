//! The key: which one is used, and to whom it may go.

use std::io::{self, Read};
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine};
use url::Url;

use super::endpoint::{Endpoint, UserInfo};
use super::key_command;
use super::provider::{GENERAL_KEY_VARIABLE, Provider, key_variables};
use crate::config::{Access, KeyFrom, KeySource, access, variable};
use crate::error::Failure;
use crate::exit::Class;
use crate::prompt;
use crate::safe_path;
use crate::secret::{Scrubber, Secret};

/// Every key that the user gave.
#[derive(Debug)]
pub(super) struct Keys<'a> {
    /// `--key-file`, else `AIRX_API_KEY`: for any host.
    general: Given,
    /// The providers' own, in the order of [`Provider::ALL`].
    own: [Given; 2],
    /// Where the configuration says that keys are.
    pub(super) sources: Vec<KeySource<'a>>,
}

/// The key that is used.
#[derive(Debug)]
pub(super) enum Chosen<'a> {
    /// The general one.
    General(&'a Result<Secret, Failure>),
    /// A provider's own, from its variable.
    Own(Provider, &'a Result<Secret, Failure>),
    /// One that the configuration names: which of the sources.
    Source(usize),
}

/// What a key of the configuration is got with.
pub(super) struct Asked<'a, 's> {
    pub(super) scrubber: &'a mut Scrubber,
    pub(super) warnings: &'a mut Vec<String>,
    /// As [`super::With::say`].
    pub(super) say: Option<&'a mut (dyn FnMut(&str) + 's)>,
}

/// A key, where there is one; one that no header can carry is a failure only
/// for the run that needs it.
type Given = Option<Result<Secret, Failure>>;

/// Longest key file that is read; a longer one is no key.
const FILE_MAX: u64 = 64 * 1024;

impl Keys<'_> {
    /// Reads the key file, if any, and the environment; hides whatever is there.
    pub(super) fn from_environment(
        file: Option<&Path>,
        scrubber: &mut Scrubber,
        warnings: &mut Vec<String>,
    ) -> Result<Self, Failure> {
        let mut from = |name: &str| -> Result<Given, Failure> {
            let key = variable(name)?;
            Ok(key.map(|key| checked(name, &key, scrubber)))
        };
        let shared = from(GENERAL_KEY_VARIABLE)?;
        let own = [
            from(Provider::BigModel.key_variable())?,
            from(Provider::Zai.key_variable())?,
        ];
        let general = match file {
            Some(path) => {
                let name = format!("--key-file {}", path.display());
                Some(of_file(&name, path, scrubber, warnings))
            }
            None => shared,
        };
        Ok(Self {
            general,
            own,
            sources: Vec::new(),
        })
    }

    /// The family that the key in use belongs to; none for a general key. A key of
    /// the configuration without a base is the default provider's.
    pub(super) fn family(&self) -> Option<Provider> {
        if self.general.is_some() {
            return None;
        }
        Provider::ALL
            .into_iter()
            .zip(&self.own)
            .find_map(|(provider, key)| key.is_some().then_some(provider))
            .or((!self.sources.is_empty()).then_some(Provider::BigModel))
    }

    /// The key for `endpoint`. A provider's own goes only to that provider, one of
    /// the configuration only to the base that its table names.
    pub(super) fn choose(&self, endpoint: &Endpoint) -> Result<Option<Chosen<'_>>, Failure> {
        if let Some(key) = &self.general {
            return Ok(Some(Chosen::General(key)));
        }
        if let Some(provider) = endpoint.provider
            && let Some(key) = &self.own[provider as usize]
        {
            return Ok(Some(Chosen::Own(provider, key)));
        }
        for (at, source) in self.sources.iter().enumerate() {
            if is_for(source, &endpoint.url)? {
                return Ok(Some(Chosen::Source(at)));
            }
        }
        Ok(None)
    }

    /// The `Authorization` header for `endpoint`. Hosts that are no provider's need
    /// no key.
    ///
    /// # Errors
    /// The endpoint needs a key and there is none, or it cannot be used.
    pub(super) fn authorization(
        &self,
        endpoint: &Endpoint,
        user_info: UserInfo,
        asked: Asked<'_, '_>,
    ) -> Result<Option<Secret>, Failure> {
        let key = match self.choose(endpoint)? {
            Some(Chosen::General(key) | Chosen::Own(_, key)) => Some(key.clone()?),
            Some(Chosen::Source(at)) => Some(read(&self.sources[at], asked)?),
            None => None,
        };
        if let Some(key) = key {
            return Ok(Some(Secret::new(format!("Bearer {}", key.reveal()))));
        }
        if let Some((user, password)) = user_info {
            let credentials = BASE64_STANDARD.encode(format!("{user}:{password}"));
            return Ok(Some(Secret::new(format!("Basic {credentials}"))));
        }
        let Some(provider) = endpoint.provider else {
            return Ok(None);
        };
        let host = endpoint.url.host_str().unwrap_or_default();
        Err(Failure::new(Class::Account, format!("no key for {host}"))
            .hint(self.no_key_hint(provider)))
    }

    /// Why the keys that are there do not count, and how to get one that does.
    fn no_key_hint(&self, provider: Provider) -> String {
        let (variable, page) = (provider.key_variable(), provider.key_page());
        let other = Provider::ALL
            .into_iter()
            .zip(&self.own)
            .find_map(|(other, key)| key.as_ref().map(|_| other));
        if let Some(source) = self.sources.first() {
            let server = source
                .base
                .map_or(Provider::BigModel.host(), |_| "the base-url in its table");
            return format!(
                "the {} is only for {server}; set {variable} or {GENERAL_KEY_VARIABLE}, or put \
                 base-url and key-file into one table; get a key at {page}",
                source.told,
            );
        }
        match other {
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

/// Whether the configuration's key is for `url`: for the base that stands beside
/// it, as far as scheme, host and port go, else for the default provider.
fn is_for(source: &KeySource<'_>, url: &Url) -> Result<bool, Failure> {
    match source.base {
        Some(base) => Ok(Url::parse(base.trim()).is_ok_and(|base| base.origin() == url.origin())),
        None => Provider::BigModel.owns(url),
    }
}

/// The key that the configuration names.
fn read(source: &KeySource<'_>, asked: Asked<'_, '_>) -> Result<Secret, Failure> {
    match (&source.from, asked.say) {
        (KeyFrom::File(path), _) => {
            let name = format!("{}: {}", source.told, path.display());
            of_file(&name, path, asked.scrubber, asked.warnings)
        }
        (KeyFrom::Command(words), Some(say)) => {
            let key = key_command::ask(words, &source.told, say)?;
            checked(&source.told, &key, asked.scrubber)
        }
        // Not asked for: that there is one is all that matters.
        (KeyFrom::Command(_), None) => Ok(Secret::new(String::new())),
    }
}

/// The keys of the environment, for what is told before the settings are resolved:
/// one may have been given in the wrong place.
pub fn of_environment() -> Scrubber {
    let mut scrubber = Scrubber::default();
    for name in key_variables() {
        if let Ok(key) = std::env::var(name) {
            scrubber.hide_key(key.trim());
        }
    }
    scrubber
}

/// What keeps a key file from being used.
pub fn unusable(path: &Path) -> Option<Failure> {
    let (scrubber, warnings) = (&mut Scrubber::default(), &mut Vec::new());
    of_file(&path.display().to_string(), path, scrubber, warnings).err()
}

/// A key that a header can carry.
fn checked(name: &str, key: &str, scrubber: &mut Scrubber) -> Result<Secret, Failure> {
    let key = key.trim();
    scrubber.hide_key(key);
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::new(
            Class::Account,
            format!("{name} holds a space, a line break or another character that no key has"),
        )
        .hint("one key, on one line, nothing else"));
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
